// The queue between the requests and the invoices: BullMQ on Redis.
import { currentScope, schedule } from '@ambit/core';
import { once } from '@ambit/io';
import type { WorkerPool } from '@ambit/io';
import { command } from '@ambit/io/redis';
import { jobGroup } from '@ambit/sync/lease';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { complete, find, openOrders } from './orders.ts';

const QUEUE = 'invoices';

/** Makes jobs. One order has one job, however often it is added. */
export class Jobs implements AsyncDisposable {
  readonly #queue: Queue<string>;

  constructor(connection: { readonly host: string; readonly port: number }) {
    // Requests fail at once while Redis is away, instead of waiting for it.
    this.#queue = new Queue<string>(QUEUE, {
      connection: { ...connection, enableOfflineQueue: false },
    });
    this.#queue.on('error', () => undefined);
  }

  async add(id: string): Promise<void> {
    const options = { jobId: id, attempts: 10, backoff: 200, removeOnFail: true };
    await this.#queue.add('invoice', id, { ...options, removeOnComplete: true });
  }

  /** Makes jobs for orders that have none, each second, until it is cancelled. */
  async sweep(pool: Pool, onError: (error: unknown) => void): Promise<void> {
    const addOpen = async (): Promise<void> => {
      for (const id of await openOrders(pool)) await this.add(id);
    };
    await schedule({ every: 1000 }, addOpen, { onError, name: 'sweep' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}

export interface Workshop {
  readonly pool: Pool;
  readonly redis: Redis;
  readonly threads: WorkerPool;
  readonly connection: { readonly host: string; readonly port: number };
}

// #region work
/** Makes invoices. Told to stop, it finishes those that it has begun. */
export async function makeInvoices({ pool, redis, threads, connection }: Workshop): Promise<void> {
  const module = new URL('./invoice.js', import.meta.url);
  const invoice = async (id: string): Promise<void> => {
    const order = await find(pool, id);
    if (order === undefined) return;
    const text = await threads.run<string>(module, 'makeInvoice', [id, order.item, order.price]);
    await complete(pool, id, text);
    await command(redis, 'PUBLISH', 'invoices', id);
  };
  await jobGroup(async (jobs) => {
    const worker = new Worker<string>(
      QUEUE,
      (job) => jobs.run(job.id ?? job.data, () => invoice(job.data)),
      { connection: { ...connection, maxRetriesPerRequest: null }, concurrency: 4 },
    );
    worker.on('error', () => undefined);
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) jobs.cancel(id);
    });
    try {
      if (!currentScope().isDraining) await once(currentScope().draining, 'abort');
    } finally {
      await worker.close();
    }
  });
}
// #endregion work
