import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { ThreadPool } from './adapter-threads.ts';
import { complete, find } from './orders.ts';

const QUEUE = 'invoices';

/** Makes jobs. One order has one job, however often it is added. */
export class Jobs {
  readonly #queue: Queue<string>;

  constructor(connection: { readonly host: string; readonly port: number }) {
    // Requests fail at once while Redis is away, instead of waiting for it.
    this.#queue = new Queue<string>(QUEUE, {
      connection: { ...connection, enableOfflineQueue: false },
    });
    this.#queue.on('error', () => undefined);
  }

  async add(id: string): Promise<void> {
    // BullMQ takes no id that is a number.
    const options = { jobId: `order-${id}`, attempts: 10, backoff: 200, removeOnFail: true };
    await this.#queue.add('invoice', id, { ...options, removeOnComplete: true });
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

export interface Workshop {
  readonly pool: Pool;
  readonly redis: Redis;
  readonly threads: ThreadPool;
  readonly connection: { readonly host: string; readonly port: number };
}

/** Makes invoices until it is closed; it finishes those that it has begun. */
export function startWorker({ pool, redis, threads, connection }: Workshop): Worker<string> {
  const invoice = async (id: string): Promise<void> => {
    const order = await find(pool, id);
    if (order === undefined) return;
    const text = await threads.run<string>(id, order.item, order.price);
    await complete(pool, id, text);
    await redis.publish('invoices', id);
  };
  // A job that has lost its lock goes on, next to the one that has taken it over.
  const worker = new Worker<string>(QUEUE, (job) => invoice(job.data), {
    connection: { ...connection, maxRetriesPerRequest: null },
    concurrency: 4,
  });
  worker.on('error', () => undefined);
  return worker;
}
