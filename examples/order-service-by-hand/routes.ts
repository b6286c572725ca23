import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { z } from 'zod';
import { CircuitError } from './adapter-circuit.ts';
import { EventStreams } from './adapter-events.ts';
import { isTimeout, orAborted, signalOf } from './adapter-request.ts';
import type { Jobs } from './jobs.ts';
import { find, store } from './orders.ts';
import type { Prices } from './prices.ts';

export interface Parts {
  readonly pool: Pool;
  readonly redis: Redis;
  readonly jobs: Jobs;
  readonly prices: Prices;
  readonly isDraining: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Milliseconds for a request. */
const LIMIT = 1500;

const Placed = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  item: z.string().regex(/^[\p{L}\p{N} ._-]{1,64}$/u),
});

export function makeApp(parts: Parts): { app: FastifyInstance; streams: EventStreams } {
  const { pool, redis, jobs, prices, isDraining, onError } = parts;
  const app = fastify({ requestTimeout: 30_000 });
  const streams = new EventStreams();
  const subscriber = redis.duplicate();
  subscriber.on('error', onError);
  subscriber.on('message', (_channel, id) => {
    streams.send('invoice', id);
  });
  subscriber.subscribe('invoices').catch(onError);
  app.addHook('onClose', () => {
    subscriber.disconnect();
  });

  app.post('/orders', async (request, reply) => {
    const { success, data } = Placed.safeParse(request.body);
    if (!success)
      return reply.code(400).send({ error: 'give { id, item }, of letters and digits' });
    const signal = signalOf(reply, LIMIT);
    try {
      await store(pool, { ...data, price: await prices(data.item, signal) }, signal);
    } catch (error) {
      if (!(error instanceof CircuitError || isTimeout(error))) throw error;
      return reply.code(503).header('retry-after', '1').send({ error: 'no price at the moment' });
    }
    await orAborted(jobs.add(data.id), AbortSignal.timeout(500)).catch(onError);
    return reply.code(202).send({ id: data.id });
  });

  app.get<{ Params: { id: string } }>('/orders/:id', async ({ params }, reply) => {
    return (await find(pool, params.id)) ?? reply.code(404).send({ error: 'no such order' });
  });

  app.get('/events', (_request, reply) => {
    streams.add(reply);
  });

  app.get('/health', async (_request, reply) => {
    if (isDraining()) reply.code(503);
    return { ok: !isDraining() };
  });
  return { app, streams };
}
