// The queue between the requests and the invoices: BullMQ on Redis.
import { currentScope, isCancelled, schedule, shield, TimeoutError, waitFor } from '@ambit/core';
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
  readonly #onError: (error: unknown) => void;

  constructor(
    connection: { readonly host: string; readonly port: number },
    onError: (error: unknown) => void,
  ) {
    this.#onError = onError;
    // Where Redis goes away, calls fail at once instead of waiting for it.
    this.#queue = new Queue<string>(QUEUE, {
      connection: { ...connection, enableOfflineQueue: false },
    });
    this.#queue.on('error', () => undefined);
  }

  // #region add
  /** Adds a job, if the queue takes it. The sweep adds those that are missing. */
  async add(id: string): Promise<void> {
    // BullMQ takes no id that is a number.
    const options = { jobId: `order-${id}`, attempts: 10, backoff: 200, removeOnFail: true };
    const added = this.#queue.add('invoice', id, { ...options, removeOnComplete: true });
    try {
      // It takes no signal, and waits without end for a Redis that was never there.
      await waitFor(added, 500);
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.#onError(error);
    }
  }
  // #endregion add

  /** Makes jobs for orders that have none, each second, until it is cancelled. */
  async sweep(pool: Pool): Promise<void> {
    const addOpen = async (): Promise<void> => {
      for (const id of await openOrders(pool)) await this.add(id);
    };
    await schedule({ every: 1000 }, addOpen, { onError: this.#onError, name: 'sweep' });
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
      await shield(() => close(worker));
    }
  });
}
// #endregion work

/** If Redis has restarted meanwhile, a worker that is asked to end may wait for a reply that never comes. */
async function close(worker: Worker<string>): Promise<void> {
  try {
    await waitFor(worker.pause(), 3000);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
  await worker.close(true);
}
