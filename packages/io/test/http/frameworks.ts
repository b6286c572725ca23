// The same app, made with each framework.
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { fastify } from 'fastify';
import { CancelScope, taskGroup } from '@ambit/core';
import { serveExpress, withTimeout } from '../../src/express.ts';
import { serveFastify } from '../../src/fastify.ts';
import type { HttpAddress, ServeHttpOptions } from '../../src/index.ts';

/** Answers with what it returns. */
type Work = (url: string) => Promise<string>;

/** What an app is made of. */
export interface Parts {
  /** The handler of every path; of those below /limited after 40 ms its time is over. */
  readonly work: Work;
  /** Async middleware, or a hook, before it. */
  readonly before?: (url: string) => Promise<void>;
  /** What the framework's own handler of errors was given. */
  readonly failures: unknown[];
}

export type Serve = (options: ServeHttpOptions) => Promise<void>;
type Next = (error?: unknown) => void;

function makeFastify({ work, before, failures }: Parts): Serve {
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => {
    failures.push(error);
    void reply.send(error);
  });
  app.get('/limited/*', { config: { timeout: 40 } }, (request) => work(request.url));
  void app.register(async (plugin) => {
    plugin.addHook('preHandler', async (request) => before?.(request.url));
    plugin.get('/*', (request) => work(request.url));
  });
  return (options) => serveFastify(app, options);
}

interface App {
  use(...handlers: unknown[]): unknown;
}

function fillExpress(app: App, { work, before, failures }: Parts): void {
  app.use('/limited', withTimeout(40));
  app.use(async (request: { originalUrl: string }, _response: unknown, next: Next) => {
    await before?.(request.originalUrl);
    next();
  });
  app.use(async (request: { originalUrl: string }, response: ServerResponse) => {
    const text = await work(request.originalUrl);
    // As `json` and `send` of express do; it throws if the head is sent.
    response.setHeader('content-type', 'text/plain');
    response.end(text);
  });
  app.use((error: unknown, _request: unknown, _response: unknown, next: Next) => {
    failures.push(error);
    next(error);
  });
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

// They have no declarations.
const express4 = jest.requireActual<() => App & Listener>('express-4');
const connect = jest.requireActual<() => App & Listener>('connect');

export const frameworks: [string, (parts: Parts) => Serve][] = [
  ['fastify', makeFastify],
  ...(
    [
      ['express 5', () => express()],
      ['express 4', () => express4()],
      ['connect', () => connect()],
    ] as [string, () => App & Listener][]
  ).map(([name, make]): [string, (parts: Parts) => Serve] => [
    name,
    (parts) => {
      const app = make();
      if ('set' in app) (app as unknown as { set(...args: string[]): void }).set('env', 'test');
      fillExpress(app, parts);
      return (options) => serveExpress(app, options);
    },
  ]),
];

/** Serves while the body runs. */
export async function during(
  serve: Serve,
  body: (service: { url: string; port: number; stop(): Promise<void> }) => Promise<void>,
  options: Partial<ServeHttpOptions> = {},
): Promise<void> {
  await taskGroup(async (group) => {
    const scope = new CancelScope();
    const { port } = await group.start<HttpAddress>((_task, onListening) =>
      scope.run(() => serve({ port: 0, host: '127.0.0.1', grace: 2000, onListening, ...options })),
    );
    const stop = async (): Promise<void> => {
      scope.cancel();
      await group.join();
    };
    try {
      await body({ port, url: `http://127.0.0.1:${port}`, stop });
    } finally {
      await stop();
    }
  });
}
