// The HTTP side on fastify: each request is a task with a time limit.
import { currentScope } from '@ambit/core';
import { sse } from '@ambit/io';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { find } from './orders.ts';
import { invoices, LIMIT, place } from './placing.ts';
import type { Parts } from './placing.ts';

// #region routes
export function makeApp(parts: Parts): FastifyInstance {
  const app = fastify();

  app.post('/orders', { config: { timeout: LIMIT } }, async (request, reply) => {
    const { status, headers = {}, body } = await place(parts, request.body);
    return reply.code(status).headers(headers).send(body);
  });

  app.get<{ Params: { id: string } }>('/orders/:id', async ({ params }, reply) => {
    return (await find(parts.pool, params.id)) ?? reply.code(404).send({ error: 'no such order' });
  });

  // Ends when the client leaves, and when the service drains.
  app.get('/events', (_request, reply) => sse(reply, invoices(parts.redis), { heartbeat: 15_000 }));

  app.get('/health', async (_request, reply) => {
    if (currentScope().isDraining) reply.code(503);
    return { ok: !currentScope().isDraining };
  });
  return app;
}
// #endregion routes
