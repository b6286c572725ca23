// A service from nothing: routes with time limits, events, a health check, a log that names the request, a staged end.
import { currentScope, sleep } from '@ambit/core';
import { sse } from '@ambit/io';
import { requestContext, serveFastify } from '@ambit/io/fastify';
import type { ServeHttpOptions } from '@ambit/io/fastify';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

// #region log
export function makeLog(stream?: DestinationStream): Logger {
  // Each line that is written for a request has its id, also in modules that know nothing of HTTP.
  const options = { mixin: () => ({ ...requestContext.get() }) };
  return stream === undefined ? pino(options) : pino(options, stream);
}
// #endregion log

// #region routes
export function makeApp(log: Logger): FastifyInstance {
  const app = fastify();

  app.get('/report', { config: { timeout: 2000 } }, async () => {
    await sleep(20);
    log.info('the report is ready');
    return { total: 3 };
  });

  // Ends when the client leaves, and when the service drains.
  app.get('/ticks', (_request, reply) => sse(reply, ticks(), { heartbeat: 15_000 }));

  // Fails as soon as the service is told to stop, while it still accepts.
  app.get('/health', async (_request, reply) => {
    if (currentScope().isDraining) reply.code(503);
    return { ok: !currentScope().isDraining };
  });
  return app;
}

async function* ticks(): AsyncGenerator<{ id: string; data: number }> {
  for (let at = 1; ; at += 1) {
    yield { id: String(at), data: at };
    await sleep(1000);
  }
}
// #endregion routes

// #region serve
export function serve(log: Logger, options: ServeHttpOptions): Promise<void> {
  return serveFastify(makeApp(log), {
    limit: 500,
    requestTimeout: 30_000,
    deadlineFrom: 'grpc-timeout',
    lameDuck: 200,
    grace: 10_000,
    onError: (error) => log.error(error),
    ...options,
  });
}
// #endregion serve
