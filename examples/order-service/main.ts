// A service that takes orders, as one starts it:
//
//   node examples/dist/order-service/start.js         starts PostgreSQL and Redis too
//   node examples/dist/order-service/main.js          with PGPORT, REDIS_PORT, PRICES and PORT in its environment
//
// SIGTERM ends it in stages: requests, then the jobs that have begun, then the pools. `ambit tree` shows its tasks.
import { run } from '@ambit/core';
import { requestContext } from '@ambit/io';
import { serveInspector } from '@ambit/io/inspect';
import { pino } from 'pino';
import { serveOrders } from './service.ts';
import { startTelemetry } from './telemetry.ts';

// Each line that is written for a request has its id.
const log = pino({ mixin: () => ({ ...requestContext.get() }) }, pino.destination(2));
const { PGPORT = '5432', REDIS_PORT = '6379', PORT = '8080', PRICES = '' } = process.env;

// #region main
using telemetry = startTelemetry();
await run(
  async (group) => {
    group.spawn(() => serveInspector({ name: 'orders' }), { name: 'inspector', daemon: true });
    await serveOrders({
      port: Number(PORT),
      postgres: { host: '127.0.0.1', port: Number(PGPORT) },
      redis: { host: '127.0.0.1', port: Number(REDIS_PORT) },
      prices: PRICES,
      log,
      onListening: ({ host, port }) => {
        console.log(`http://${host}:${port}`);
      },
    });
    log.info({ requests: telemetry.counts }, 'ended');
  },
  { drain: 10_000, grace: 5000 },
);
// #endregion main
