// What a request does: routes.ts serves it by fastify, and express-routes.ts by express.
import { CircuitOpenError, TimeoutError } from '@ambit/core';
import { subscribe } from '@ambit/io/redis';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Jobs } from './jobs.ts';
import { store } from './orders.ts';
import type { Prices } from './prices.ts';

export interface Parts {
  readonly pool: Pool;
  readonly redis: Redis;
  readonly jobs: Jobs;
  readonly prices: Prices;
}

/** Milliseconds for a request. */
export const LIMIT = 1500;

const Placed = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  item: z.string().regex(/^[\p{L}\p{N} ._-]{1,64}$/u),
});

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

// #region place
/** Takes an order, and says what to answer. */
export async function place({ pool, jobs, prices }: Parts, given: unknown): Promise<Answer> {
  const { success, data } = Placed.safeParse(given);
  if (!success) return { status: 400, body: { error: 'give { id, item }, of letters and digits' } };
  try {
    await store(pool, { ...data, price: await prices(data.item) });
  } catch (error) {
    // The price service fails: the client may come again. Other errors, and a cancellation, are not for us.
    if (!(error instanceof CircuitOpenError || error instanceof TimeoutError)) throw error;
    const headers = { 'retry-after': '1' };
    return { status: 503, headers, body: { error: 'no price at the moment' } };
  }
  // From here on the order is safe. Without Redis, the sweep makes its job later.
  await jobs.add(data.id);
  return { status: 202, body: { id: data.id } };
}
// #endregion place

/** The events of invoices, for a client that listens. */
export async function* invoices(redis: Redis): AsyncGenerator<{ event: string; data: string }> {
  for await (const { message } of subscribe(redis, 'invoices')) {
    yield { event: 'invoice', data: message };
  }
}
