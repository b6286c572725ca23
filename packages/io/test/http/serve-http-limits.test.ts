// serveHttp within bounds: how many requests, how long each, and how the service ends in two stages.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { createServer as createSecureServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import {
  CancelScope,
  currentScope,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
} from '@ambit/core';
import { fetch, serveHttp } from '../../src/index.ts';
import type { HttpAddress } from '../../src/index.ts';
import { makeCertificate } from '../support/certificate.ts';
import { RawClient, serving, signal } from '../support/http-parts.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Answers with the milliseconds that its scope leaves. */
const tellTime: Handler = (_request, response) => {
  const left = currentScope().effectiveDeadline - performance.now();
  response.end(left === Infinity ? 'no limit' : String(left > -Infinity));
};

describe('limit', () => {
  test('answers what is above it with 503 and Retry-After, and takes more when one has ended', async () => {
    const go = signal();
    const handler: Handler = async (_request, response) => {
      await go.given;
      response.end('done');
    };
    const body = async ({ url, errors }: { url: string; errors: unknown[] }): Promise<void> => {
      const first = [fetch(url), fetch(url)];
      await sleep(50);
      const refused = await fetch(url);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      await refused.text();
      go.give();
      expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
      expect((await fetch(url)).status).toBe(200);
      expect(errors).toEqual([]);
    };
    await serving(handler, body, { limit: 2 });
  });

  test('counts a request until its handler has ended, also when the client has left', async () => {
    const [began, go] = [signal(), signal()];
    const handler: Handler = async (request, response) => {
      if (request.url === '/') {
        began.give();
        await shield(() => go.given);
      }
      response.end();
    };
    await serving(
      handler,
      async ({ url, port }) => {
        const client = new RawClient(port).get('/');
        await began.given;
        client.socket.destroy();
        await sleep(20);
        expect((await fetch(`${url}/b`)).status).toBe(503);
        go.give();
        await sleep(20);
        expect((await fetch(`${url}/b`)).status).toBe(200);
      },
      { limit: 1 },
    );
  });
});

describe('requestTimeout', () => {
  test('cancels the request, and answers 504 if nothing was sent', async () => {
    const events: string[] = [];
    const handler: Handler = async () => {
      try {
        await sleepForever();
      } finally {
        events.push('cleaned up');
      }
    };
    const body = async ({ url, errors }: { url: string; errors: unknown[] }): Promise<void> => {
      const answer = await fetch(url);
      expect([answer.status, await answer.text()]).toEqual([504, 'Gateway Timeout\n']);
      expect([events, errors]).toEqual([['cleaned up'], []]);
    };
    await serving(handler, body, { requestTimeout: 30 });
  });

  test('answers for a handler that waits for something else, and drops what it says later', async () => {
    const go = signal();
    const handler: Handler = async (_request, response) => {
      await go.given;
      response.setHeader('X-Late', '1').end('late');
    };
    const body = async ({ url, errors, stop }: Parameters<Parameters<typeof serving>[1]>[0]) => {
      expect((await fetch(url)).status).toBe(504);
      go.give();
      await stop();
      expect(errors).toEqual([]);
    };
    await serving(handler, body, { requestTimeout: 30 });
  });

  test('a response that has begun is broken off', async () => {
    const handler: Handler = async (_request, response) => {
      response.write('some');
      await sleepForever();
    };
    await serving(
      handler,
      async ({ url }) => {
        await expect((await fetch(url)).text()).rejects.toThrow();
      },
      { requestTimeout: 30 },
    );
  });

  test('counts from the first byte of the request', async () => {
    await serving(
      async (_request, response) => {
        await sleep(150);
        response.end('in time');
      },
      async ({ port }) => {
        using client = new RawClient(port);
        client.send('GET / HTTP/1.1\r\n');
        await sleep(100);
        client.send('Host: here\r\n\r\n');
        await client.receives('504');
      },
      { requestTimeout: 200 },
    );
  });

  test('does so over TLS too', async () => {
    const target = createSecureServer(makeCertificate(), (_request, response) => {
      response.end(String(currentScope().effectiveDeadline - performance.now()));
    });
    await serving(
      target,
      async ({ port }) => {
        const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
        await once(client, 'secureConnect');
        client.write('GET / HTTP/1.1\r\n');
        await sleep(100);
        client.end('Host: here\r\nConnection: close\r\n\r\n');
        const left = Number((await text(client)).split('\r\n').at(-1));
        expect(left).toBeGreaterThan(0);
        expect(left).toBeLessThan(10_000 - 50);
      },
      { requestTimeout: 10_000 },
    );
  });

  test('of two requests on one connection each has its own', async () => {
    const handler: Handler = async (_request, response) => {
      await sleep(60);
      response.end('fine');
    };
    await serving(
      handler,
      async ({ port }) => {
        using client = new RawClient(port).get('/1');
        await client.receives('fine');
        client.text = '';
        await sleep(60);
        client.get('/2');
        await client.receives('fine');
      },
      { requestTimeout: 110 },
    );
  });
});

describe('deadlineFrom', () => {
  const asked = async (name: string, value: string, from: string): Promise<[number, string]> => {
    let result: [number, string] = [0, ''];
    await serving(
      tellTime,
      async ({ url }) => {
        const answer = await fetch(url, { headers: { [name]: value } });
        result = [answer.status, await answer.text()];
      },
      { deadlineFrom: from },
    );
    return result;
  };

  test.each([
    ['grpc-timeout', '5S'],
    ['grpc-timeout', '2000m'],
    ['Grpc-Timeout', '1H'],
    ['X-Time-Left', '2500'],
  ])('%s: %s limits the request', async (name, value) => {
    expect(await asked(name, value, name)).toEqual([200, 'true']);
  });

  test.each([
    ['grpc-timeout', '5'],
    ['grpc-timeout', '123456789m'],
    ['x-time-left', 'soon'],
    ['x-time-left', '-5'],
    ['another', '1'],
  ])('%s: %s sets no limit', async (name, value) => {
    const from = name === 'another' ? 'x-time-left' : name;
    expect(await asked(name, value, from)).toEqual([200, 'no limit']);
  });

  test('one that is over: 504, and the handler is not called', async () => {
    let calls = 0;
    await serving(
      () => (calls += 1),
      async ({ url }) => {
        expect((await fetch(url, { headers: { 'x-left': '0' } })).status).toBe(504);
        expect(calls).toBe(0);
      },
      { deadlineFrom: 'x-left' },
    );
  });

  test('a function; what it throws is an error of the request', async () => {
    const deadlineFrom = (request: IncomingMessage): number | undefined => {
      if (request.url === '/bad') throw new Error('no time');
      return request.url === '/short' ? 20 : undefined;
    };
    const handler: Handler = async (request, response) => {
      if (request.url === '/short') await sleepForever();
      response.end();
    };
    await serving(
      handler,
      async ({ url, errors }) => {
        expect((await fetch(`${url}/short`)).status).toBe(504);
        expect((await fetch(`${url}/long`)).status).toBe(200);
        expect((await fetch(`${url}/bad`)).status).toBe(500);
        expect(errors.map(String)).toEqual(['Error: no time']);
      },
      { deadlineFrom },
    );
  });
});

describe('fetch sendDeadline', () => {
  const echo: Handler = (request, response) => {
    response.end(JSON.stringify(request.headers));
  };
  type Init = Parameters<typeof fetch>[1];
  const sent = (url: string, init: Init, ms = 5000): Promise<Record<string, string>> =>
    timeout(ms, async () => {
      const answer = await fetch(url, init);
      return (await answer.json()) as Record<string, string>;
    });

  test('says how much time is left, in the way that was asked for', async () => {
    await serving(echo, async ({ url }) => {
      const grpc = (await sent(url, { sendDeadline: 'grpc-timeout' }))['grpc-timeout'];
      expect(grpc).toMatch(/^(4\d\d\d|5000)m$/);
      const plain = (await sent(url, { sendDeadline: 'X-Left', headers: { a: 'b' } }))['x-left'];
      expect(plain).toMatch(/^(4\d\d\d|5000)$/);
      const own = await sent(url, { sendDeadline: (left) => ({ 'x-own': String(left > 4000) }) });
      expect(own['x-own']).toBe('true');
      const days = await sent(url, { sendDeadline: 'grpc-timeout' }, 200_000_000);
      expect(days['grpc-timeout']).toMatch(/^(199999|200000)S$/);
    });
  });

  test('keeps the headers of the request, those of a Request too; without a deadline says nothing', async () => {
    await serving(echo, async ({ url }) => {
      const request = new Request(url, { headers: { a: '1' } });
      expect(await sent(request as never, { sendDeadline: 'x-left' })).toMatchObject({ a: '1' });
      const given = await sent(url, { sendDeadline: 'x-left', headers: { 'X-Left': '7' } });
      expect(given['x-left']).toBe('7');
      const none = await (await fetch(url, { sendDeadline: 'x-left' })).json();
      expect(none).not.toHaveProperty('x-left');
    });
  });

  test('a name that is none is refused', async () => {
    await expect(fetch('http://127.0.0.1:9', { sendDeadline: 5 as never })).rejects.toThrow(
      'fetch: sendDeadline is 5',
    );
  });
});

describe('the end in two stages', () => {
  test('draining is aborted in a request when the service is cancelled, and its scope is not', async () => {
    const began = signal();
    const handler: Handler = async (_request, response) => {
      const { draining } = currentScope();
      began.give();
      await new Promise((resolve) => draining.addEventListener('abort', resolve));
      response.end(String(currentScope().reason));
    };
    await serving(handler, async ({ url, stop }) => {
      const answer = fetch(url);
      await began.given;
      await stop();
      expect(await (await answer).text()).toBe('undefined');
    });
  });

  test('draining: serves what has arrived, and resolves', async () => {
    const began = signal();
    const handler: Handler = async (_request, response) => {
      began.give();
      await sleep(30);
      response.end(String(currentScope().isDraining));
    };
    await taskGroup(async (group) => {
      const scope = new CancelScope();
      let served: Promise<unknown> | undefined;
      const { port } = await group.start<HttpAddress>((_task, started) => {
        served = scope.run(async () => {
          await serveHttp(handler, { port: 0, host: '127.0.0.1', onListening: started });
          return 'drained';
        });
        return served;
      });
      const answer = fetch(`http://127.0.0.1:${port}`);
      await began.given;
      scope.drain();
      expect(await (await answer).text()).toBe('true');
      expect(await served).toBe('drained');
    });
  });

  test('the signal of the call drains its requests too', async () => {
    const began = signal();
    const handler: Handler = async (_request, response) => {
      const { draining } = currentScope();
      began.give();
      await new Promise((resolve) => draining.addEventListener('abort', resolve));
      response.end('told');
    };
    const controller = new AbortController();
    const reason = new Error('enough');
    await expect(
      serving(
        handler,
        async ({ url }) => {
          const answer = fetch(url);
          await began.given;
          controller.abort(reason);
          expect(await (await answer).text()).toBe('told');
        },
        { signal: controller.signal },
      ),
    ).rejects.toBe(reason);
  });

  test('lameDuck: goes on accepting for so long, and a health check says that it ends', async () => {
    const handler: Handler = (_request, response) => {
      response.statusCode = currentScope().isDraining ? 503 : 200;
      response.end();
    };
    await serving(
      handler,
      async ({ url, stop }) => {
        expect((await fetch(url)).status).toBe(200);
        const stopped = stop();
        await sleep(30);
        expect((await fetch(url, { headers: { connection: 'close' } })).status).toBe(503);
        expect(await stopped).toBeGreaterThan(150);
        await expect(fetch(url)).rejects.toThrow();
      },
      { lameDuck: 200 },
    );
  });
});

test.each([
  [{ limit: 0 }, 'serveHttp: limit is 0'],
  [{ requestTimeout: -1 }, 'serveHttp: requestTimeout is -1'],
  [{ lameDuck: NaN }, 'serveHttp: lameDuck is NaN'],
  [{ deadlineFrom: '' }, 'serveHttp: deadlineFrom is ""'],
])('%p is refused', async (options, message) => {
  await expect(serveHttp(() => undefined, { port: 0, ...options })).rejects.toThrow(message);
});
