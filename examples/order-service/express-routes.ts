// The HTTP side on express: the same routes.
import { currentScope } from '@ambit/core';
import { sse } from '@ambit/io';
import { withTimeout } from '@ambit/io/express';
import express from 'express';
import type { Express } from 'express';
import { find } from './orders.ts';
import { invoices, LIMIT, place } from './placing.ts';
import type { Parts } from './placing.ts';

// #region routes
export function makeExpressApp(parts: Parts): Express {
  const app = express();
  app.use(express.json());

  app.post('/orders', withTimeout(LIMIT), async (request, response) => {
    const { status, headers = {}, body } = await place(parts, request.body);
    response.status(status).set(headers).json(body);
  });

  app.get('/orders/:id', async ({ params }, response) => {
    const order = await find(parts.pool, params.id);
    response.status(order === undefined ? 404 : 200).json(order ?? { error: 'no such order' });
  });

  app.get('/events', (_request, response) =>
    sse(response, invoices(parts.redis), { heartbeat: 15_000 }),
  );

  app.get('/health', (_request, response) => {
    const { isDraining } = currentScope();
    response.status(isDraining ? 503 : 200).json({ ok: !isDraining });
  });
  return app;
}
// #endregion routes
