import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  any,
  CancelScope,
  currentScope,
  formatTaskTree,
  isCancelled,
  race,
  sleep,
  taskGroup,
  timeout,
} from '@ambit/core';
import { fetch } from '../src/index.ts';
import { serving, signal } from './http-parts.ts';

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
