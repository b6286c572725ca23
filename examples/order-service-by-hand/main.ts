// The service of ../order-service once more, with promises and signals alone: code as it passes reviews. The files whose names
// begin with `adapter-` are what such services copy from each other. Each number marks something that counts.ts counts.
//
// Its environment is that of ../order-service/main.ts.
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { pino } from 'pino';
import { every } from './adapter-interval.ts';
import { orAborted } from './adapter-request.ts';
import { Shutdown } from './adapter-shutdown.ts';
import { ThreadPool } from './adapter-threads.ts';
import { Jobs, startWorker } from './jobs.ts';
import { createTables, openOrders } from './orders.ts';
import { pricesFrom } from './prices.ts';
import { makeApp } from './routes.ts';

const log = pino(pino.destination(2));
const { PGPORT = '5432', REDIS_PORT = '6379', PORT = '8080', PRICES = '' } = process.env;
if (!URL.canParse(PRICES)) throw new Error('set PRICES to the URL of the price service');
const onError = (error: unknown): void => log.error(error);
const connection = { host: '127.0.0.1', port: Number(REDIS_PORT) };

const shutdown = new Shutdown(onError);
process.on('uncaughtException', (error) => {
  onError(error);
  // eslint-disable-next-line @ambit/no-unowned-task -- without groups
  void shutdown.begin(1);
});

// 1. The pool has no way to cancel a query: this limit is for those whose client has left, and for the slowest of the others.
const pool = new Pool({
  host: '127.0.0.1',
  port: Number(PGPORT),
  user: 'postgres',
  max: 10,
  statement_timeout: 60_000,
});
pool.on('error', onError);
shutdown.add(() => pool.end());
await createTables(pool);

const redis = new Redis(connection);
redis.on('error', onError);
shutdown.add(() => {
  redis.disconnect();
});
const jobs = new Jobs(connection);
shutdown.add(() => jobs.close());

const threads = new ThreadPool(new URL('./invoice-thread.js', import.meta.url), 2);
shutdown.add(() => threads.close());
const worker = startWorker({ pool, redis, threads, connection });
shutdown.add(() => worker.close());
const sweep = every(
  1000,
  async () => {
    for (const id of await openOrders(pool)) {
      await orAborted(jobs.add(id), AbortSignal.timeout(500)).catch(onError);
    }
  },
  onError,
);
shutdown.add(() => sweep.stop());

const { app, streams } = makeApp({
  pool,
  redis,
  jobs,
  prices: pricesFrom(PRICES),
  isDraining: () => shutdown.hasBegun,
  onError,
});
shutdown.add(() => app.close());
shutdown.add(() => {
  streams.close();
});
console.log(await app.listen({ port: Number(PORT), host: '127.0.0.1' }));
