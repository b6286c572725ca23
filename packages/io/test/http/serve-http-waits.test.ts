// What serveHttp waits for: what a handler started, also where its listener returns nothing.
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentTask, isCancelled, shield, sleep, sleepForever } from '@ambit/core';
import express from 'express';
import { fastify } from 'fastify';
import { currentRequest } from '../../src/index.ts';
import type { CurrentRequest } from '../../src/index.ts';
import { RawClient, serving, signal } from '../support/http-parts.ts';

/** The events of a handler that waits forever, and cleans up. */
function cleaning(events: string[], began: () => void): () => Promise<void> {
  return async () => {
    const task = currentTask()!;
    began();
    try {
      await sleepForever();
    } finally {
      await shield(() => sleep(60));
      await shield(() => sleep(40));
      events.push(task.done ? 'cleaned up, after the task' : 'cleaned up');
    }
  };
}

type Target = Parameters<typeof serving>[0];

const frameworks: [string, (handler: () => Promise<void>) => Target | Promise<Target>][] = [
  [
    'an app of express',
    (handler) => {
      const app = express();
      app.get('/', handler);
      app.use(
        (
          error: unknown,
          _request: unknown,
          response: ServerResponse,
          next: (e: unknown) => void,
        ) => (isCancelled(error) ? response.destroy() : next(error)),
      );
      return app;
    },
  ],
  [
    'a server with an app of express',
    (handler) => http.createServer(express().get('/', handler) as http.RequestListener),
  ],
  [
    'the server of fastify',
    async (handler) => {
      const app = fastify();
      app.get('/', handler);
      app.setErrorHandler((error, _request, reply) => {
        if (isCancelled(error)) reply.hijack().raw.destroy();
        else void reply.send(error);
      });
      await app.ready();
      return app.server;
    },
  ],
  [
    'a listener that returns nothing',
    (handler) =>
      http.createServer((request, response) => void handler().catch(() => response.end())),
  ],
  [
    'an async handler that leaves it to others',
    (handler) => async () => {
      handler().catch(() => undefined);
    },
  ],
];

describe.each(frameworks)('%s', (_name, make) => {
  test('whose client leaves: its task ends after its cleanup, and the service after that', async () => {
    const events: string[] = [];
    const began = signal();
    const target = await make(cleaning(events, began.give));
    await serving(target, async ({ port, stop }) => {
      using client = new RawClient(port).get('/');
      await began.given;
      client.socket.destroy();
      await sleep(20);
      await stop();
      events.push('ended');
    });
    expect(events).toEqual(['cleaned up', 'ended']);
  });

  test('that is cancelled when the grace is over is waited for as well', async () => {
    const events: string[] = [];
    const began = signal();
    const target = await make(cleaning(events, began.give));
    const onError = (): void => undefined;
    await serving(
      target,
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        await began.given;
        await stop();
        events.push('ended');
        await client.closed();
      },
      { grace: 20, onError },
    );
    expect(events).toEqual(['cleaned up', 'ended']);
  });
});

describe('currentRequest', () => {
  test('is the request where its handler runs, and in all that it starts; undefined outside', async () => {
    let inside: CurrentRequest | undefined;
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      await sleep(1);
      inside = currentRequest();
      response.end(String(inside?.request === request && inside.response === response));
    };
    expect(currentRequest()).toBeUndefined();
    await serving(handler, async ({ url }) => {
      expect(await (await fetch(url)).text()).toBe('true');
      expect(currentRequest()).toBeUndefined();
    });
  });

  test('waitUntil keeps the task until the promise has settled, also after the response', async () => {
    const log: string[] = [];
    const [go, told] = [signal(), signal()];
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      const task = currentTask();
      const work = go.given.then(() => {
        currentRequest()?.waitUntil(sleep(10).then(() => log.push(`second, ${task?.done}`)));
        log.push(`first, ${task?.done}`);
      });
      currentRequest()?.waitUntil(work);
      response.end('answered');
      told.give();
    };
    await serving(handler, async ({ url, stop }) => {
      expect(await (await fetch(url)).text()).toBe('answered');
      await told.given;
      const stopped = stop();
      await sleep(10);
      expect(log).toEqual([]);
      go.give();
      await stopped;
      expect(log).toEqual(['first, false', 'second, false']);
    });
  });

  test('waitUntil is waited for when the request is cancelled; its cancellation is no error', async () => {
    const log: string[] = [];
    const began = signal();
    const handler = (): void => {
      const work = sleepForever().finally(async () => {
        await shield(() => sleep(30));
        log.push('cleaned up');
      });
      currentRequest()?.waitUntil(work);
      began.give();
    };
    await serving(handler, async ({ port, errors, stop }) => {
      using client = new RawClient(port).get('/');
      await began.given;
      client.socket.destroy();
      await sleep(5);
      await stop();
      expect(log).toEqual(['cleaned up']);
      expect(errors).toEqual([]);
    });
  });

  test('a waitUntil that fails tells onError, and leaves the response alone', async () => {
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      currentRequest()?.waitUntil(Promise.reject(new Error('not logged')));
      response.end('fine');
    };
    await serving(handler, async ({ url, errors, stop }) => {
      expect(await (await fetch(url)).text()).toBe('fine');
      await stop();
      expect(errors.map(String)).toEqual(['Error: not logged']);
    });
  });

  test('waitUntil refuses what is no promise, and what comes too late', async () => {
    let kept: CurrentRequest | undefined;
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      kept = currentRequest();
      expect(() => kept?.waitUntil(1 as never)).toThrow('waitUntil: promise is 1, not a promise');
      response.end('fine');
    };
    await serving(handler, async ({ url, errors }) => {
      await (await fetch(url)).text();
      expect(errors).toEqual([]);
      await sleep(1);
      expect(() => kept?.waitUntil(Promise.resolve())).toThrow('the task of GET / has ended');
    });
  });
});
