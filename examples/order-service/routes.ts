// The HTTP side: each request is a task with a time limit.
import { CircuitOpenError, currentScope, TimeoutError } from '@ambit/core';
import { sse } from '@ambit/io';
import { subscribe } from '@ambit/io/redis';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Jobs } from './jobs.ts';
import { find, store } from './orders.ts';
import type { Prices } from './prices.ts';

export interface Parts {
  readonly pool: Pool;
  readonly redis: Redis;
  readonly jobs: Jobs;
  readonly prices: Prices;
}

/** Milliseconds for a request. */
const LIMIT = 1500;

const Placed = z.object({ id: z.string().min(1).max(64), item: z.string().min(1).max(64) });

// #region routes
export function makeApp({ pool, redis, jobs, prices }: Parts): FastifyInstance {
  const app = fastify();

  app.post('/orders', { config: { timeout: LIMIT } }, async (request, reply) => {
    const { success, data } = Placed.safeParse(request.body);
    if (!success) return reply.code(400).send({ error: 'give { id, item }' });
    try {
      await store(pool, { ...data, price: await prices(data.item) });
    } catch (error) {
      return unavailable(reply, error);
    }
    // From here on the order is safe. Without Redis, the sweep makes its job later.
    await jobs.add(data.id).catch(() => undefined);
    return reply.code(202).send({ id: data.id });
  });

  app.get<{ Params: { id: string } }>('/orders/:id', async ({ params }, reply) => {
    return (await find(pool, params.id)) ?? reply.code(404).send({ error: 'no such order' });
  });

  // Ends when the client leaves, and when the service drains.
  app.get('/events', (_request, reply) => sse(reply, invoices(redis), { heartbeat: 15_000 }));

  app.get('/health', async (_request, reply) => {
    if (currentScope().isDraining) reply.code(503);
    return { ok: !currentScope().isDraining };
  });
  return app;
}
// #endregion routes

/** The price service fails: the client may come again. Other errors, and a cancellation, are not for us. */
function unavailable(reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof CircuitOpenError || error instanceof TimeoutError)) throw error;
  return reply.code(503).header('retry-after', '1').send({ error: 'no price at the moment' });
}

async function* invoices(redis: Redis): AsyncGenerator<{ event: string; data: string }> {
  for await (const { message } of subscribe(redis, 'invoices')) {
    yield { event: 'invoice', data: message };
  }
}
