// The whole: what lives as long as the service, and in which order it ends.
import { taskGroup } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { WorkerPool } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';
import { serveExpress } from '@ambit/io/express';
import { serveFastify } from '@ambit/io/fastify';
import { elect } from '@ambit/sync/lease';
import { redisStore } from '@ambit/sync/redis';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import type { Logger } from 'pino';
import { makeExpressApp } from './express-routes.ts';
import { Jobs, makeInvoices } from './jobs.ts';
import { createTables } from './orders.ts';
import { pricesFrom } from './prices.ts';
import { makeApp } from './routes.ts';

export interface Config {
  readonly port: number;
  /** Whether several processes listen at the port. */
  readonly reusePort?: boolean;
  readonly postgres: { readonly host: string; readonly port: number };
  readonly redis: { readonly host: string; readonly port: number };
  readonly prices: string;
  readonly framework: 'fastify' | 'express';
  readonly log: Logger;
  readonly onListening: (address: HttpAddress) => void;
}

// #region service
/** Serves until it is told to stop. Then HTTP ends first, and the pools last, in the order below from the bottom up. */
export async function serveOrders(config: Config): Promise<void> {
  const { log } = config;
  const onError = (error: unknown): void => log.error(error);
  const serve = async (group: TaskGroup): Promise<void> => {
    const pool = new Pool({ ...config.postgres, user: 'postgres', max: 10 });
    pool.on('error', onError);
    group.defer(() => pool.end());
    await createTables(pool);

    const redis = new Redis(config.redis);
    redis.on('error', onError);
    group.defer(() => redis.disconnect());
    const jobs = group.use(new Jobs(config.redis, onError));

    const threads = new WorkerPool({ size: 2 });
    const workshop = { pool, redis, threads, connection: config.redis };
    group.spawn(() => makeInvoices(workshop), { name: 'invoices' });
    group.spawn(() => sweepOnOneNode(redis, () => jobs.sweep(pool), log), {
      name: 'sweep',
      daemon: true,
    });

    const parts = { pool, redis, jobs, prices: pricesFrom(config.prices) };
    const options = {
      port: config.port,
      reusePort: config.reusePort,
      host: '127.0.0.1',
      limit: 200,
      requestTimeout: 30_000,
      deadlineFrom: 'grpc-timeout',
      lameDuck: 200,
      grace: 5000,
      onError,
      onListening: config.onListening,
    };
    if (config.framework === 'express') await serveExpress(makeExpressApp(parts), options);
    else await serveFastify(makeApp(parts), options);
  };
  await taskGroup(serve, { name: 'service' });
}
// #endregion service

// #region sweep
/** Where the service runs several times, the one that has the lease sweeps. If it is gone, another goes on. */
async function sweepOnOneNode(
  redis: Redis,
  sweep: () => Promise<void>,
  log: Logger,
): Promise<void> {
  const lead = async (): Promise<void> => {
    log.info('sweeps');
    await sweep();
  };
  await elect(redisStore(redis), 'sweep', lead, { ttl: 3000, poll: 500 });
}
// #endregion sweep
