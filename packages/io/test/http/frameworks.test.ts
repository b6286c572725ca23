// serveFastify and serveExpress: each request is one task, to the end of its async handler and hooks.
import { setTimeout as pause } from 'node:timers/promises';
import { CancelledError, CancelScope, currentTask, shield, sleep, sleepForever } from '@ambit/core';
import { fastify } from 'fastify';
import { requestContext } from '../../src/express.ts';
import { serveFastify } from '../../src/fastify.ts';
import { currentRequest } from '../../src/index.ts';
import { during, frameworks } from './frameworks.ts';
import { RawClient, signal } from '../support/http-parts.ts';

/** A cancellation of something that is none of the request's. */
async function foreign(): Promise<never> {
  const scope = new CancelScope();
  scope.cancel();
  throw scope.reason ?? new Error('not cancelled');
}

describe.each(frameworks)('%s', (_name, make) => {
  test('a client that leaves: the handler is cancelled, and waited for, also where it waits for other promises', async () => {
    const events: string[] = [];
    const [began, go] = [signal(), signal()];
    const failures: unknown[] = [];
    const work = async (): Promise<string> => {
      const task = currentTask();
      began.give();
      try {
        await sleepForever();
        return '';
      } finally {
        await go.given;
        await pause(30);
        events.push(`cleaned up, ${task?.done}`);
      }
    };
    await during(make({ work, failures }), async ({ port, stop }) => {
      const client = new RawClient(port).get('/');
      await began.given;
      client.socket.destroy();
      await pause(20);
      const stopped = stop().then(() => events.push('ended'));
      await pause(20);
      go.give();
      await stopped;
    });
    expect(events).toEqual(['cleaned up, false', 'ended']);
    expect(failures).toEqual([]);
  });

  test('a client that leaves during middleware: that is cancelled, and the handler is not called', async () => {
    const events: string[] = [];
    const began = signal();
    const failures: unknown[] = [];
    const before = async (): Promise<void> => {
      began.give();
      try {
        await sleepForever();
      } finally {
        await shield(() => sleep(10));
        events.push('cleaned up');
      }
    };
    const work = async (): Promise<string> => {
      events.push('called');
      return '';
    };
    await during(make({ work, before, failures }), async ({ port, stop }) => {
      const client = new RawClient(port).get('/');
      await began.given;
      client.socket.destroy();
      await pause(20);
      await stop();
    });
    expect(events).toEqual(['cleaned up']);
    expect(failures).toEqual([]);
  });

  test('a handler that catches the cancellation and answers, answers', async () => {
    const work = async (): Promise<string> => {
      try {
        await sleepForever();
      } catch {
        return 'half of it';
      }
      return '';
    };
    await during(make({ work, failures: [] }), async ({ url }) => {
      expect(await (await fetch(`${url}/limited/x`)).text()).toBe('half of it');
    });
  });

  test('a limit of a route: 504, and no error; other routes have their time', async () => {
    const failures: unknown[] = [];
    const work = async (url: string): Promise<string> => {
      await sleep(90);
      return `done ${url}`;
    };
    await during(make({ work, failures }), async ({ url }) => {
      const [limited, free] = await Promise.all([fetch(`${url}/limited/x`), fetch(`${url}/x`)]);
      expect([limited.status, await limited.text()]).toEqual([504, 'Gateway Timeout\n']);
      expect([free.status, await free.text()]).toEqual([200, 'done /x']);
    });
    expect(failures).toEqual([]);
  });

  test('a handler that answers after its time, and knows of no cancellation: no error', async () => {
    const failures: unknown[] = [];
    const errors: unknown[] = [];
    const go = signal();
    const work = async (): Promise<string> => {
      await go.given;
      return 'late';
    };
    const onError = (error: unknown): number => errors.push(error);
    await during(
      make({ work, failures }),
      async ({ url, stop }) => {
        expect((await fetch(`${url}/limited/`)).status).toBe(504);
        go.give();
        await stop();
      },
      { onError },
    );
    expect([failures, errors]).toEqual([[], []]);
  });

  test('requestTimeout: 504, also of a handler that waits for something else', async () => {
    const go = signal();
    const work = async (): Promise<string> => {
      await go.given;
      return 'late';
    };
    await during(
      make({ work, failures: [] }),
      async ({ url, stop }) => {
        expect((await fetch(url)).status).toBe(504);
        go.give();
        await stop();
      },
      { requestTimeout: 40 },
    );
  });

  test('a failure goes to the handler of errors of the framework, 500; so does the cancellation of something else', async () => {
    const failures: unknown[] = [];
    const work = async (url: string): Promise<string> => {
      await sleep(1);
      if (url === '/foreign') return foreign();
      throw new Error('broken');
    };
    await during(make({ work, failures }), async ({ url }) => {
      expect((await fetch(`${url}/foreign`)).status).toBe(500);
      expect((await fetch(`${url}/broken`)).status).toBe(500);
    });
    expect(failures).toEqual([expect.any(CancelledError), new Error('broken')]);
  });

  test('a failure of middleware too', async () => {
    const failures: unknown[] = [];
    const before = async (): Promise<void> => {
      await sleep(1);
      throw new Error('not allowed');
    };
    await during(make({ work: async () => '', before, failures }), async ({ url }) => {
      expect((await fetch(url)).status).toBe(500);
    });
    expect(failures).toEqual([new Error('not allowed')]);
  });

  test('a request that the grace is too short for: 503', async () => {
    const began = signal();
    const failures: unknown[] = [];
    const work = async (): Promise<string> => {
      began.give();
      await sleepForever();
      return '';
    };
    await during(
      make({ work, failures }),
      async ({ url, stop }) => {
        const answer = fetch(url);
        await began.given;
        await stop();
        expect((await answer).status).toBe(503);
      },
      { grace: 30 },
    );
    expect(failures).toEqual([]);
  });

  test('stopped under load: every request that was accepted is answered', async () => {
    let accepted = 0;
    const work = async (): Promise<string> => {
      accepted += 1;
      await sleep(5 + (accepted % 20));
      return 'done';
    };
    await during(make({ work, failures: [] }), async ({ url, stop }) => {
      let answered = 0;
      const client = async (): Promise<void> => {
        for (;;) {
          const answer = await fetch(url).catch(() => undefined);
          if (answer === undefined) return;
          expect([answer.status, await answer.text()]).toEqual([200, 'done']);
          answered += 1;
        }
      };
      const clients = Array.from({ length: 20 }, client);
      while (accepted < 60) await pause(5);
      await stop();
      await Promise.all(clients);
      expect(answered).toBe(accepted);
    });
  });

  test('a connection that is reset while the response is sent harms no other', async () => {
    const work = async (url: string): Promise<string> => {
      await sleep(url === '/a' ? 20 : 0);
      return 'x'.repeat(url === '/a' ? 1_000_000 : 4);
    };
    await during(make({ work, failures: [] }), async ({ url, port }) => {
      const client = new RawClient(port).get('/a');
      await client.until(() => client.text.length > 0);
      client.socket.resetAndDestroy();
      expect(await (await fetch(`${url}/b`)).text()).toBe('xxxx');
    });
  });

  test('currentRequest and requestContext are those of the request', async () => {
    const work = async (url: string): Promise<string> => {
      await sleep(1);
      return JSON.stringify([currentRequest()?.request.method, requestContext.get()?.path === url]);
    };
    await during(make({ work, failures: [] }), async ({ url }) => {
      expect(await (await fetch(`${url}/a`)).json()).toEqual(['GET', true]);
    });
  });
});

test.each([
  ['at once', () => 'done'],
  ['later', () => sleep(5).then(() => 'done')],
])(
  'fastify: onResponse hooks belong to the request, also of a handler that answers %s',
  async (_, work) => {
    const log: string[] = [];
    const app = fastify();
    app.addHook('onResponse', async () => {
      const task = currentTask();
      await sleep(20);
      log.push(`told, ${task?.done}`);
    });
    app.get('/', work);
    app.get('/limited', { config: { timeout: 20 } }, () => sleepForever());
    await during(
      (options) => serveFastify(app, options),
      async ({ url, stop }) => {
        expect(await (await fetch(url)).text()).toBe('done');
        expect((await fetch(`${url}/limited`)).status).toBe(504);
        await stop();
        // The scope of the second was cancelled, so that its hook could not wait.
        expect(log).toEqual(['told, false']);
      },
    );
  },
);
