import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  any,
  CancelScope,
  currentScope,
  formatTaskTree,
  isCancelled,
  moveOnAfter,
  race,
  sleep,
  taskGroup,
  timeout,
} from '@ambit/core';
import { fetch, fromReadable, pipe } from '../../src/index.ts';
import type { FetchInit } from '../../src/index.ts';
import { serving, signal } from '../support/http-parts.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Answers by path: at once, never, half of a body and then nothing. Says when a client has gone. */
function site(gone: () => void = () => undefined) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    response.on('close', () => {
      if (!response.writableFinished) gone();
    });
    const { pathname } = new URL(request.url ?? '', 'http://here');
    if (pathname === '/never') return;
    if (pathname === '/moved') response.writeHead(302, { location: '/whole' }).end();
    else if (pathname === '/nothing') response.writeHead(204).end();
    else if (pathname === '/half') response.write('{"half": ');
    else response.end('{"whole": true}');
  };
}

/** What scopes and tests of the tree can see of transfers that are under way. */
function underWay(scope: CancelScope): number {
  let count = 0;
  for (let below = scope._first; below !== undefined; below = below._next) {
    if (below instanceof CancelScope && below.name.startsWith('fetch')) count += 1;
  }
  return count;
}

/** Each way to read a body to its end. */
const ways: [string, (response: Response) => Promise<unknown>][] = [
  ['text()', (response) => response.text()],
  ['json()', (response) => response.json()],
  ['arrayBuffer()', (response) => response.arrayBuffer()],
  ['blob()', (response) => response.blob()],
  ['clone().text()', (response) => Promise.all([response.clone().text(), response.text()])],
  [
    'for await',
    async (response) => {
      for await (const chunk of response.body!) expect(chunk).toBeDefined();
    },
  ],
  [
    'a reader',
    async (response) => {
      const reader = response.body!.getReader();
      while (!(await reader.read()).done);
    },
  ],
];

describe('a response', () => {
  test('is that of the platform', async () => {
    await serving(site(), async ({ url }) => {
      const response = await fetch(`${url}/moved`);
      expect(response).toBeInstanceOf(Response);
      expect([response.url, response.redirected, response.status]).toEqual([
        `${url}/whole`,
        true,
        200,
      ]);
      expect(await response.json()).toEqual({ whole: true });
    });
  });

  test('of a Request, a URL, with all that may be said of a request', async () => {
    const echo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      response.end(`${request.method} ${request.url} ${String(request.headers['x-a'])} ${body}`);
    };
    await serving(echo, async ({ url }) => {
      const request = new Request(`${url}/a`, {
        method: 'POST',
        body: 'b',
        headers: { 'x-a': '1' },
      });
      expect(await (await fetch(request)).text()).toBe('POST /a 1 b');
      const init = { method: 'PUT', headers: { 'x-a': '2' }, body: 'c' };
      expect(await (await fetch(new URL('/b?q', url), init)).text()).toBe('PUT /b?q 2 c');
    });
  });

  test('is waited for by name', async () => {
    await serving(site(), async ({ url }) => {
      const scope = new CancelScope();
      const waits = scope.run(() => fetch(`${url}/never?key=secret`, { method: 'POST' }));
      expect(formatTaskTree()).toContain(`waits for fetch POST ${url}/never\n`);
      scope.cancel();
      await waits;
    });
  });

  test('that cannot be had rejects as the platform does, and leaves nothing', async () => {
    await taskGroup(async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      server.close();
      const failing = fetch(`http://127.0.0.1:${port}`);
      await expect(failing).rejects.toMatchObject({
        name: 'TypeError',
        cause: { code: 'ECONNREFUSED' },
      });
      await expect(fetch('no address')).rejects.toMatchObject({ name: 'TypeError' });
      expect(underWay(currentScope())).toBe(0);
    });
  });
});

describe('cancelled', () => {
  test('while the head is waited for rejects with the cancellation itself; the server is told', async () => {
    const [gone, asked] = [signal(), signal()];
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      site(gone.give)(request, response);
      asked.give();
    };
    await serving(handler, async ({ url }) => {
      const scope = new CancelScope();
      let error: unknown;
      await scope.run(async () => {
        const asking = fetch(`${url}/never`).catch((caught: unknown) => {
          error = caught;
        });
        await asked.given;
        scope.cancel('enough');
        await asking;
      });
      expect(error).toBe(scope.reason);
      expect(isCancelled(error)).toBe(true);
      await gone.given;
    });
  });

  test.each(ways)(
    'while the body is read by %s rejects with the cancellation itself',
    async (_, read) => {
      const gone = signal();
      await serving(site(gone.give), async ({ url }) => {
        const scope = new CancelScope();
        let error: unknown;
        await scope.run(async () => {
          const response = await fetch(`${url}/half`);
          setTimeout(() => scope.cancel('enough'), 10);
          await read(response).catch((caught: unknown) => {
            error = caught;
          });
        });
        expect(error).toBe(scope.reason);
        await gone.given;
      });
    },
  );

  test.each(ways.filter(([name]) => name !== 'clone().text()'))(
    'before the body is read by %s: that rejects with the cancellation itself',
    async (_, read) => {
      await serving(site(), async ({ url }) => {
        const scope = new CancelScope();
        for (const path of ['half', 'whole']) {
          const inner = new CancelScope();
          let error: unknown;
          await inner.run(async () => {
            const response = await fetch(`${url}/${path}`);
            inner.cancel();
            await read(response).catch((caught: unknown) => {
              error = caught;
            });
          });
          expect(error).toBe(inner.reason);
        }
        scope.cancel();
      });
    },
  );

  test('the reading is with the scope of the call, wherever the body is read', async () => {
    await serving(site(), async ({ url }) => {
      const scope = new CancelScope();
      let response: Response | undefined;
      const inside = scope.run(async () => {
        response = await fetch(`${url}/half`);
        await sleep(10_000);
      });
      while (response === undefined) await sleep(1);
      const reading = response.text();
      scope.cancel();
      await expect(reading).rejects.toBe(scope.reason);
      await inside;
    });
  });

  test('the reading is with the scopes further out once that of the call has ended', async () => {
    await serving(site(), async ({ url }) => {
      const scope = new CancelScope();
      let error: unknown;
      await scope.run(async () => {
        const response = await timeout(5000, () => fetch(`${url}/half`));
        setTimeout(() => scope.cancel(), 10);
        await response.text().catch((caught: unknown) => {
          error = caught;
        });
      });
      expect(error).toBe(scope.reason);
    });
  });

  test.each(['any', 'race'] as const)(
    'not by an %s that it has won: its body is there to be read, until a scope around is cancelled',
    async (which) => {
      const compete = which === 'any' ? any : race;
      const lost = signal();
      await serving(site(lost.give), async ({ url }) => {
        const ask = (path: string) => (): Promise<Response> => fetch(`${url}/${path}`);
        const whole = await compete([ask('whole'), ask('never')]);
        expect(await whole.json()).toEqual({ whole: true });
        await lost.given;
        const scope = new CancelScope();
        let error: unknown;
        await scope.run(async () => {
          const half = await timeout(5000, () => compete([ask('never'), ask('half')]));
          await sleep(5);
          setTimeout(() => scope.cancel(), 10);
          await half.text().catch((caught: unknown) => {
            error = caught;
          });
        });
        expect(error).toBe(scope.reason);
        const { signal: given } = new AbortController();
        const third = await compete([() => fetch(url, { signal: given }), ask('never')]);
        await third.text();
        await sleep(0);
        expect(underWay(currentScope())).toBe(0);
        expect(getEventListeners(given, 'abort')).toHaveLength(0);
      });
    },
  );

  test('before, it asks nobody', async () => {
    const platform = jest.spyOn(globalThis, 'fetch');
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await fetch('http://127.0.0.1:1');
    });
    expect(scope.cancelCaught).toBe(true);
    const aborted = { signal: AbortSignal.abort('no') };
    await expect(fetch('http://127.0.0.1:1', aborted)).rejects.toBe('no');
    expect(platform).not.toHaveBeenCalled();
    platform.mockRestore();
  });

  test('timed out, from the call to the end of the body', async () => {
    await serving(site(), async ({ url }) => {
      const ask = (path: string): Promise<unknown> =>
        timeout(50, async () => (await fetch(`${url}/${path}`)).text());
      await expect(ask('half')).rejects.toMatchObject({ name: 'TimeoutError' });
      await expect(ask('never')).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(await ask('whole')).toBe('{"whole": true}');
    });
  });
});

describe('a signal', () => {
  test.each(['of init', 'of the Request'])(
    '%s ends request and reading with its reason',
    async (how) => {
      const gone = signal();
      await serving(site(gone.give), async ({ url }) => {
        for (const path of ['never', 'half']) {
          const controller = new AbortController();
          const init = { signal: controller.signal };
          const request = `${url}/${path}`;
          const reason = { no: path };
          setTimeout(() => controller.abort(reason), 20);
          const asking =
            how === 'of init' ? fetch(request, init) : fetch(new Request(request, init));
          await expect(asking.then((response) => response.text())).rejects.toBe(reason);
        }
        await gone.given;
      });
    },
  );

  test('that is aborted before the body is read: that rejects with its reason', async () => {
    await serving(site(), async ({ url }) => {
      const controller = new AbortController();
      const response = await fetch(`${url}/half`, { signal: controller.signal });
      controller.abort('too late');
      await expect(response.text()).rejects.toBe('too late');
    });
  });

  test('null takes that of the Request away', async () => {
    await serving(site(), async ({ url }) => {
      const controller = new AbortController();
      const request = new Request(url, { signal: controller.signal });
      const response = await fetch(request, { signal: null });
      controller.abort();
      expect(await response.json()).toEqual({ whole: true });
    });
  });

  test('that is none is refused by name', async () => {
    const init = { signal: 1 } as unknown as RequestInit;
    await expect(fetch('http://127.0.0.1:1', init)).rejects.toThrow(/^fetch: signal is 1/);
  });
});

describe('an init', () => {
  const echo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.end(`${request.method} ${String(request.headers['x-order'])} ${body}`);
  };
  class Order {
    get method(): string {
      return 'PUT';
    }
    get headers(): Record<string, string> {
      return { 'x-order': '18' };
    }
    get body(): string {
      return 'three of them';
    }
  }

  test.each<[string, (url: string) => FetchInit | null | undefined, string]>([
    ['with getters of its class', () => new Order(), 'PUT 18 three of them'],
    ['that inherits', () => Object.create({ method: 'DELETE' }) as FetchInit, 'DELETE undefined '],
    ['that is a function', () => Object.assign(() => 0, { method: 'PUT' }), 'PUT undefined '],
    [
      'that is a Request',
      (url) => new Request(url, { method: 'POST', headers: { 'x-order': '17' }, body: 'two' }),
      'POST 17 two',
    ],
    ['null', () => null, 'GET undefined '],
  ])('%s counts as for the platform', async (_name, make, expected) => {
    await serving(echo, async ({ url }) => {
      const ours = await fetch(url, make('http://public.example/') as FetchInit);
      expect(await ours.text()).toBe(expected);
      const platform = await globalThis.fetch(url, make('http://public.example/') as RequestInit);
      expect(await platform.text()).toBe(expected);
    });
  });

  test('has each of its properties read once', async () => {
    await serving(echo, async ({ url }) => {
      let reads = 0;
      const init = {
        get method() {
          reads += 1;
          return 'GET';
        },
      };
      await (await fetch(url, init)).text();
      expect(reads).toBe(1);
    });
  });

  test('the signal of a Request that is given as one ends the request', async () => {
    await serving(site(), async ({ url }) => {
      const controller = new AbortController();
      const asking = fetch(`${url}/never`, new Request(url, { signal: controller.signal }));
      controller.abort('enough');
      await expect(asking).rejects.toBe('enough');
    });
  });

  test('that is none is refused', async () => {
    await expect(fetch('http://127.0.0.1:1', 5 as never)).rejects.toThrow('fetch: init is 5');
    const negative = fetch('http://127.0.0.1:1', { bodyTimeout: -1 });
    await expect(negative).rejects.toThrow('fetch: bodyTimeout is -1');
  });
});

describe('reading obeys the scope in which it happens', () => {
  const each: typeof ways = [
    ...ways.filter(([name]) => name !== 'a reader'),
    ['pipeTo()', (response) => response.body!.pipeTo(new WritableStream())],
    [
      'tee()',
      async (response) => {
        const [one, other] = response.body!.tee();
        await Promise.all([all(one), all(other)]);
      },
    ],
    ['pipeThrough()', (response) => all(response.body!.pipeThrough(new TransformStream()))],
    [
      'values()',
      async (response) => {
        const body = response.body as unknown as { values(): AsyncIterable<unknown> };
        for await (const chunk of body.values()) expect(chunk).toBeDefined();
      },
    ],
    ['pipe()', (response) => pipe(response.body as never, new PassThrough())],
  ];

  async function all(stream: ReadableStream): Promise<void> {
    for await (const chunk of stream) expect(chunk).toBeDefined();
  }

  test.each(each)('%s: a timeout around it cuts it, and the server is told', async (_, read) => {
    const gone = signal();
    await serving(site(gone.give), async ({ url }) => {
      const response = await timeout(5000, () => fetch(`${url}/half`));
      await expect(timeout(30, () => read(response))).rejects.toMatchObject({
        name: 'TimeoutError',
      });
      await gone.given;
      for (let turn = 0; turn < 50 && underWay(currentScope()) > 0; turn += 1) await sleep(5);
      expect(underWay(currentScope())).toBe(0);
    });
  });

  test('a reader: a read that is cancelled takes nothing, and the next goes on', async () => {
    const more = signal();
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.write('one');
      await more.given;
      response.end('two');
    };
    await serving(handler, async ({ url }) => {
      const response = await fetch(url);
      const reader = response.body!.getReader();
      const text = async (): Promise<string> => String(Buffer.from((await reader.read()).value));
      expect(await text()).toBe('one');
      await expect(timeout(20, () => reader.read())).rejects.toMatchObject({
        name: 'TimeoutError',
      });
      more.give();
      expect(await text()).toBe('two');
      expect((await reader.read()).done).toBe(true);
    });
  });

  test('also through a ByteStream: a receive that is cancelled loses nothing', async () => {
    const more = signal();
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.write('one');
      await more.given;
      response.end('two');
    };
    await serving(handler, async ({ url }) => {
      const stream = fromReadable((await fetch(url)).body as never);
      expect(String(await stream.receive())).toBe('one');
      expect(await moveOnAfter(20, () => stream.receive())).toBeUndefined();
      more.give();
      expect(String(await stream.receive())).toBe('two');
    });
  });

  test('a clone that is cut leaves the transfer to the other', async () => {
    const more = signal();
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.write('one ');
      await more.given;
      response.end('two');
    };
    await serving(handler, async ({ url }) => {
      const response = await fetch(url);
      const copy = response.clone();
      const whole = response.text();
      await expect(timeout(20, () => copy.text())).rejects.toMatchObject({ name: 'TimeoutError' });
      more.give();
      expect(await whole).toBe('one two');
    });
  });

  test('return() of an iterator ends its next() that waits, and the transfer', async () => {
    const gone = signal();
    await serving(site(gone.give), async ({ url }) => {
      const body = (await fetch(`${url}/half`)).body!;
      const iterator = body[Symbol.asyncIterator]();
      expect((await iterator.next()).done).toBe(false);
      const next = iterator.next();
      expect(await iterator.return!()).toEqual({ done: true, value: undefined });
      expect(await next).toEqual({ done: true, value: undefined });
      await gone.given;
    });
  });

  test('with preventCancel it takes nothing, and leaves the body to the next', async () => {
    const more = signal();
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.write('one');
      await more.given;
      response.end('two');
    };
    await serving(handler, async ({ url }) => {
      const response = await fetch(url);
      const values = response.body!.values({ preventCancel: true });
      await values.next();
      const next = values.next();
      await values.return!();
      expect((await next).done).toBe(true);
      more.give();
      expect(await response.body!.getReader().read()).toMatchObject({ done: false });
    });
  });
});

describe('time limits', () => {
  test('headersTimeout: until the head', async () => {
    const gone = signal();
    await serving(site(gone.give), async ({ url }) => {
      await expect(fetch(`${url}/never`, { headersTimeout: 20 })).rejects.toMatchObject({
        name: 'TimeoutError',
        message: `fetch GET ${url}/never: the head of the response did not come within 20 ms`,
      });
      await gone.given;
      const response = await fetch(`${url}/whole`, { headersTimeout: 5000 });
      expect(await response.json()).toEqual({ whole: true });
    });
  });

  test.each(ways)('bodyTimeout: between two pieces, read by %s', async (_, read) => {
    const gone = signal();
    await serving(site(gone.give), async ({ url }) => {
      const response = await fetch(`${url}/half`, { bodyTimeout: 30 });
      await expect(read(response)).rejects.toMatchObject({
        name: 'TimeoutError',
        message: `fetch GET ${url}/half: the next piece of the body did not come within 30 ms`,
      });
      await gone.given;
    });
  });

  test('bodyTimeout: not a body that goes on, nor one that nobody reads', async () => {
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      for (const word of ['a', 'b', 'c', 'd']) {
        response.write(word);
        await sleep(40);
      }
      response.end();
    };
    await serving(handler, async ({ url }) => {
      const response = await fetch(url, { bodyTimeout: 100 });
      await sleep(120);
      expect(await response.text()).toBe('abcd');
    });
  });
});

describe('nothing is left', () => {
  test.each([
    ...ways,
    ['body.cancel()', (response: Response) => response.body!.cancel()],
  ] as typeof ways)('on scope and signal once the body was read by %s', async (_, read) => {
    await serving(site(), async ({ url }) => {
      const { signal: given } = new AbortController();
      for (let at = 0; at < 3; at += 1) await read(await fetch(url, { signal: given }));
      await sleep(0);
      expect(underWay(currentScope())).toBe(0);
      expect(getEventListeners(given, 'abort')).toHaveLength(0);
    });
  });

  test('of a response that has no body', async () => {
    await serving(site(), async ({ url }) => {
      await fetch(`${url}/nothing`);
      await fetch(url, { method: 'HEAD' });
      expect(underWay(currentScope())).toBe(0);
    });
  });

  test('once a request has failed or was cancelled', async () => {
    await serving(site(), async ({ url }) => {
      const controller = new AbortController();
      const { signal: given } = controller;
      await expect(timeout(5, () => fetch(`${url}/never`, { signal: given }))).rejects.toThrow();
      expect(underWay(currentScope())).toBe(0);
      expect(getEventListeners(given, 'abort')).toHaveLength(0);
    });
  });

  test('once a response has been forgotten', async () => {
    await serving(site(), async ({ url }) => {
      const { signal: given } = new AbortController();
      await (async () => {
        await fetch(`${url}/half`, { signal: given });
      })();
      expect(underWay(currentScope())).toBe(1);
      for (let at = 0; at < 20 && underWay(currentScope()) > 0; at += 1) {
        await sleep(20);
        collect();
      }
      expect(underWay(currentScope())).toBe(0);
      expect(getEventListeners(given, 'abort')).toHaveLength(0);
    });
  });
});

describe('a body that nobody reads', () => {
  test('is cancelled when the innermost explicit group around the call ends', async () => {
    const gone = signal();
    await serving(site(gone.give), async ({ url }) => {
      let response: Response | undefined;
      await taskGroup(async () => {
        response = await timeout(1000, () => fetch(`${url}/half`));
        await sleep(1);
        expect(response.bodyUsed).toBe(false);
      });
      await gone.given;
      await expect(response?.text()).rejects.toThrow(
        `fetch GET ${url}/half: the task group that it was called in has ended; read the body inside of it`,
      );
    });
  });

  test('outside of any group is left to the caller', async () => {
    const server = createServer(site()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const response = await fetch(url);
    await sleep(5);
    expect(await response.json()).toEqual({ whole: true });
    server.close();
    server.closeAllConnections();
  });
});
