// A worker of main.ts: the service, which the primary tells to stop.
import cluster from 'node:cluster';
import { run } from '@ambit/core';
import { serveInspector } from '@ambit/io/inspect';
import { pino } from 'pino';
import { serveOrders } from '../order-service/service.ts';

const log = pino(pino.destination(2));
const { PGPORT = '5432', REDIS_PORT = '6379', PORT = '8080', PRICES = '' } = process.env;

// #region worker
// Ctrl-C reaches each process of the terminal. The primary passes it on, as SIGTERM; two signals would end this one at once.
process.on('SIGINT', () => undefined);
await run(
  async (group) => {
    group.spawn(() => serveInspector({ name: 'orders' }), { name: 'inspector', daemon: true });
    await serveOrders({
      port: Number(PORT),
      reusePort: process.env['REUSE_PORT'] === '1',
      postgres: { host: '127.0.0.1', port: Number(PGPORT) },
      redis: { host: '127.0.0.1', port: Number(REDIS_PORT) },
      prices: PRICES,
      framework: 'fastify',
      log,
      onListening: ({ port }) => {
        log.info('listens');
        process.send?.({ port });
      },
    });
    log.info('ended');
  },
  { signals: ['SIGTERM'], drain: 10_000, grace: 5000 },
);
// The channel to the primary would keep this process.
cluster.worker?.disconnect();
// #endregion worker
