// A service that takes orders, as one starts it:
//
//   npm run example -- order-service/start       starts PostgreSQL and Redis too
//   npm run example -- order-service             with PGPORT, REDIS_PORT, PRICES and PORT in its environment
//
// FRAMEWORK=express serves the same routes by express instead of fastify.
// SIGTERM ends it in stages: requests, then the jobs that have begun, then the pools. `ambit tree` shows its tasks.
import { run } from '@ambit/core';
import { requestContext } from '@ambit/io';
import { serveInspector } from '@ambit/io/inspect';
import { pino } from 'pino';
import { serveOrders } from './service.ts';
import { startTelemetry } from './telemetry.ts';

// Each line that is written for a request has its id.
const log = pino({ mixin: () => ({ ...requestContext.get() }) }, pino.destination(2));
const { PGPORT = '5432', REDIS_PORT = '6379', PORT = '8080' } = process.env;
const { PRICES = '', FRAMEWORK = 'fastify' } = process.env;
if (!URL.canParse(PRICES)) throw new Error('set PRICES to the URL of the price service');
if (FRAMEWORK !== 'fastify' && FRAMEWORK !== 'express')
  throw new Error(`FRAMEWORK is "${FRAMEWORK}"; make it "fastify" or "express"`);

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
      framework: FRAMEWORK,
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
