// Fastify under serveHttp: its own server is taken over, and its plugins are closed after the last request.
import { isCancelled, shield } from '@ambit/core';
import { fetch, serveHttp } from '@ambit/io';
import type { ServeHttpOptions } from '@ambit/io';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';

// #region fastify
export function makeApp(prices: URL): FastifyInstance {
  const app = fastify();

  app.get<{ Params: { item: string } }>('/prices/:item', async (request) => {
    const answer = await fetch(new URL(request.params.item, prices));
    return answer.json();
  });

  // The client has gone, or the grace is over: nobody is there to be told, and nothing has failed.
  app.setErrorHandler((error, request, reply) => {
    if (isCancelled(error)) reply.hijack().raw.destroy();
    else void reply.send(error);
  });
  return app;
}

/** In place of `app.listen()`. */
export async function serve(app: FastifyInstance, options: ServeHttpOptions): Promise<never> {
  await app.ready();
  try {
    return await serveHttp(app.server, options);
  } finally {
    // The hooks for the end: onClose, of database plugins say.
    await shield(() => app.close());
  }
}
// #endregion fastify
