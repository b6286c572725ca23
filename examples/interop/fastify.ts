// Fastify with serveFastify: each request is a task. The plugins of the app are closed after the last request.
import { fetch } from '@ambit/io';
import { serveFastify } from '@ambit/io/fastify';
import type { ServeHttpOptions } from '@ambit/io/fastify';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';

// #region fastify
export function makeApp(prices: URL): FastifyInstance {
  const app = fastify();

  // No code for cancellation is needed here: the ambient scope is that of the request.
  app.get<{ Params: { item: string } }>(
    '/prices/:item',
    { config: { timeout: 5000 } },
    async (request) => {
      const answer = await fetch(new URL(request.params.item, prices));
      return answer.json();
    },
  );
  return app;
}

/** Call this instead of `app.listen()`. */
export function serve(app: FastifyInstance, options: ServeHttpOptions): Promise<void> {
  return serveFastify(app, options);
}
// #endregion fastify
