import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CancelScope,
  ContextVar,
  currentScope,
  currentTask,
  formatTaskTree,
  run,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
} from '@ambit/core';
import { own } from '../../src/ownership.ts';
import { bufferedReader, fromReadable, serveHttp } from '../../src/index.ts';
import type { HttpAddress, HttpHandler, ServeHttpOptions } from '../../src/index.ts';
import { RawClient, serving, signal } from '../support/http-parts.ts';

const local = { port: 0, host: '127.0.0.1' };

describe('a request', () => {
  test('is a task, named by method and path without the query', async () => {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      response.end(`${currentTask()?.name} in ${currentTask()?.group.scope.name}`);
    };
    await serving(answer, async ({ url }) => {
      const response = await fetch(`${url}/a/b?secret=1`, { method: 'POST', body: 'x' });
      expect(await response.text()).toBe('POST /a/b in HTTP requests');
    });
  });

  test('shows in the task tree, with what it waits for', async () => {
    const trees: string[] = [];
    const leave = (request: IncomingMessage, response: ServerResponse): void => {
      setTimeout(() => {
        trees.push(formatTaskTree());
        response.end();
      }, 10);
    };
    await serving(leave, async ({ url, port }) => {
      await fetch(`${url}/slow`);
      expect(trees[0]).toMatch(new RegExp(`waits for serve HTTP at 127.0.0.1:${port}`));
      expect(trees[0]).toMatch(/task GET \/slow: running.*waits for the end of the response/);
    });
  });

  test('whose handler returns first goes on until the response is ended', async () => {
    let task: ReturnType<typeof currentTask>;
    const ended: string[] = [];
    const leave = (request: IncomingMessage, response: ServerResponse): void => {
      task = currentTask();
      own({ [Symbol.asyncDispose]: async () => void ended.push('closed') });
      setTimeout(() => {
        ended.push(`${task?.state}`);
        response.end('late');
      }, 20);
    };
    await serving(leave, async ({ url }) => {
      expect(await (await fetch(url)).text()).toBe('late');
      await task;
      expect(ended).toEqual(['running', 'closed']);
    });
  });

  test('goes on after the response was ended, for as long as the handler does', async () => {
    const log: string[] = [];
    let task: ReturnType<typeof currentTask>;
    const work = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      task = currentTask();
      response.end('answered');
      await sleep(30);
      log.push('and worked');
    };
    await serving(work, async ({ port }) => {
      using client = new RawClient(port).get('/');
      await client.receives('answered');
      // The client may leave: it has its answer.
      client.socket.destroy();
      await task;
      expect(log).toEqual(['and worked']);
    });
  });

  test('closes what its handler has opened when it ends, not before and not with the service', async () => {
    const log: string[] = [];
    const work = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const name = request.url ?? '';
      const handle = (what: string): AsyncDisposable => ({
        [Symbol.asyncDispose]: async () => {
          await sleep(1);
          log.push(`${name} closes ${what}`);
        },
      });
      await timeout(1000, async () => void own(handle('one')));
      own(handle('two'));
      await taskGroup(() => void own(handle('of a group inside')));
      log.push(`${name} answers`);
      response.end(name);
    };
    await serving(work, async ({ url, stop }) => {
      await (await fetch(`${url}/a`)).text();
      await stop();
      expect(log).toEqual([
        '/a closes of a group inside',
        '/a answers',
        '/a closes two',
        '/a closes one',
      ]);
    });
  });

  test('that fails to close what it opened tells onError', async () => {
    const work = (request: IncomingMessage, response: ServerResponse): void => {
      own({
        [Symbol.asyncDispose]: () => {
          throw new Error('does not close');
        },
      });
      response.end('fine');
    };
    await serving(work, async ({ url, errors, stop }) => {
      expect(await (await fetch(url)).text()).toBe('fine');
      await stop();
      expect(errors.map(String)).toEqual(['Error: does not close']);
    });
  });

  test('that fails tells onError of the very options that were given, as `this`', async () => {
    const seen: unknown[] = [];
    const note = function (this: unknown): void {
      seen.push(this);
    };
    await taskGroup(async (group) => {
      const fail = (): never => {
        throw new Error('fails');
      };
      const service = new CancelScope();
      let options: ServeHttpOptions | undefined;
      const { port } = await group.start<HttpAddress>((task, started) => {
        const onListening = function (this: unknown, address: HttpAddress): void {
          seen.push(this);
          started(address);
        };
        options = { ...local, onError: note, onListening };
        return service.run(() => serveHttp(fail, options as ServeHttpOptions));
      });
      expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(500);
      service.cancel();
      await group.join();
      expect(seen.map((self) => self === options)).toEqual([true, true]);
    });
  });

  // rule 249
  test('runs in the context of the call of serveHttp, each one on a connection', async () => {
    const storage = new AsyncLocalStorage<string>();
    const variable = new ContextVar<string>({ name: 'test' });
    const tell = (request: IncomingMessage, response: ServerResponse): void => {
      response.end(`${storage.getStore()} ${variable.get()};`);
    };
    await storage.run('theirs', () =>
      variable.run('ours', () =>
        serving(tell, async ({ port }) => {
          await storage.run('of the client', async () => {
            using client = new RawClient(port).get('/').get('/');
            await client.receives(';');
            client.get('/');
            await client.until(() => client.text.split(';').length === 4);
            expect(client.text.match(/theirs ours/g)).toHaveLength(3);
          });
        }),
      ),
    );
  });

  test('gets a body as it comes', async () => {
    const echo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      for await (const chunk of request) response.write(`<${String(chunk)}>`);
      response.end();
    };
    await serving(echo, async ({ port }) => {
      using client = new RawClient(port);
      client.send('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhello');
      await client.receives('<hello>');
      client.send('world');
      await client.receives('<world>');
      await client.receives('0\r\n\r\n');
    });
  });

  test.each(['its handler ends', 'the handler closes it'])(
    'whose body is not read to the end when %s is answered in full, and so is the next',
    async (when) => {
      const size = 8_000_000;
      const answer: HttpHandler = async (request, response) => {
        const body = fromReadable(request);
        expect(await bufferedReader(body).readLine()).toBe('one');
        if (when === 'the handler closes it') await body.close();
        response.end(Buffer.alloc(size, 'x'));
      };
      await serving(answer, async ({ port, errors }) => {
        using client = new RawClient(port);
        const body = `one\n${'y'.repeat(99_996)}`;
        const head = 'POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\n';
        client.send(head + body.slice(0, 10_000));
        await client.until(() => client.isClosed || client.text.length > size);
        client.send(body.slice(10_000) + head + body);
        await client.until(() => client.isClosed || client.text.length > 2 * size);
        expect(client.text.length).toBeGreaterThan(2 * size);
        expect(errors).toEqual([]);
      });
    },
  );

  test('whose body is read as a ByteStream gives all of it; one broken off says so', async () => {
    const failure = signal();
    let error: unknown;
    const answer: HttpHandler = async (request, response) => {
      let size = 0;
      try {
        for await (const piece of fromReadable(request)) size += piece.length;
      } catch (caught) {
        error = caught;
        failure.give();
      }
      response.end(`${size} bytes`);
    };
    await serving(answer, async ({ port, url, errors }) => {
      const response = await fetch(url, { method: 'POST', body: 'z'.repeat(1_000_000) });
      expect(await response.text()).toBe('1000000 bytes');
      expect(await (await fetch(url)).text()).toBe('0 bytes');
      using client = new RawClient(port);
      client.send('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf');
      await client.connected();
      await sleep(20);
      client.socket.destroy();
      await failure.given;
      expect(error).toBeDefined();
      expect(errors).toEqual([]);
    });
  });

  test('1,000 at a time', async () => {
    const all = signal();
    let count = 0;
    const wait = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      count += 1;
      if (count === 1000) all.give();
      await all.given;
      response.end(request.url);
    };
    await serving(wait, async ({ url, stop }) => {
      const answers = Array.from({ length: 1000 }, async (_, i) => {
        const response = await fetch(`${url}/${i}`);
        return response.text();
      });
      expect(await Promise.all(answers)).toEqual(Array.from({ length: 1000 }, (_, i) => `/${i}`));
      await stop();
      expect(count).toBe(1000);
    });
  });

  test('pipelined: each is a task at once, the answers come in order', async () => {
    const first = signal();
    const seen: string[] = [];
    const work = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      seen.push(request.url ?? '');
      if (request.url === '/1') await first.given;
      response.end(`(${request.url})`);
      if (request.url === '/3') first.give();
    };
    await serving(work, async ({ port }) => {
      using client = new RawClient(port).get('/1').get('/2').get('/3');
      await client.receives('(/3)');
      expect(seen).toEqual(['/1', '/2', '/3']);
      expect(client.text.match(/\(\/\d\)/g)).toEqual(['(/1)', '(/2)', '(/3)']);
    });
  });
});

/** Whatever is done with it throws. */
function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('a handler that fails', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    [
      'rejects',
      async () => {
        await sleep(1);
        throw new Error('no');
      },
    ],
  ])(
    'and %s answers 500 and nothing of what it had prepared; the service goes on',
    async (_, fail) => {
      const handler = (request: IncomingMessage, response: ServerResponse): unknown => {
        if (request.url === '/ok') return response.end('ok');
        response.setHeader('X-Half', 'done').statusMessage = 'Fine';
        return fail();
      };
      await serving(handler, async ({ url, errors }) => {
        const response = await fetch(`${url}/fails`);
        expect([response.status, response.statusText]).toEqual([500, 'Internal Server Error']);
        expect(response.headers.get('x-half')).toBeNull();
        expect(await response.text()).toBe('Internal Server Error\n');
        expect(await (await fetch(`${url}/ok`)).text()).toBe('ok');
        expect(errors.map(String)).toEqual(['Error: no']);
      });
    },
  );

  test.each([
    [
      'the status',
      (response: ServerResponse): void => {
        response.statusCode = 9999;
        response.end();
      },
    ],
    ['the length', (response: ServerResponse) => void response.writeHead(9999).end('longer')],
    [
      'the text of the status',
      (response: ServerResponse): void => {
        response.statusMessage = 'a\nb';
        response.end('.');
      },
    ],
    [
      'a header',
      (response: ServerResponse): never => {
        response.setHeader('Content-Length', 3);
        throw new Error('no');
      },
    ],
  ])('after it has prepared %s answers 500 with a body of the right length', async (_, fail) => {
    const handler = (request: IncomingMessage, response: ServerResponse): unknown =>
      request.url === '/ok' ? response.end('ok') : fail(response);
    await serving(handler, async ({ port, errors }) => {
      using client = new RawClient(port).get('/').get('/ok');
      await client.receives('ok');
      const [head, body] = client.text.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1.1 500 [^]*\r\nContent-Length: 22/);
      expect(body).toMatch(/^Internal Server Error\nHTTP\/1.1 200/);
      expect(errors).toHaveLength(1);
    });
  });

  test('after the response has begun breaks it off', async () => {
    const handler = (request: IncomingMessage, response: ServerResponse): never => {
      response.write('half of ');
      throw new Error('no more');
    };
    await serving(handler, async ({ port, errors }) => {
      using client = new RawClient(port).get('/');
      await client.closed();
      expect(client.text).toMatch(/half of/);
      expect(client.text).not.toMatch(/\r\n0\r\n/);
      expect(errors.map(String)).toEqual(['Error: no more']);
    });
  });

  test('after the response was ended leaves it as it is', async () => {
    const handler = (request: IncomingMessage, response: ServerResponse): never => {
      response.end('all of it');
      throw new Error('afterwards');
    };
    await serving(handler, async ({ url, errors }) => {
      expect(await (await fetch(url)).text()).toBe('all of it');
      expect(errors.map(String)).toEqual(['Error: afterwards']);
    });
  });

  test('with no onError leaves one line on stderr', async () => {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const handler = (): never => {
      throw new TypeError('cannot\n  do this');
    };
    try {
      await serving(
        handler,
        async ({ url }) => {
          await fetch(`${url}/x?key=secret`);
        },
        {
          onError: undefined,
        },
      );
      expect(write.mock.calls).toEqual([['serveHttp: GET /x: TypeError: cannot do this\n']]);
    } finally {
      write.mockRestore();
    }
  });

  test('and an onError that fails as well: both are said on stderr, the service goes on', async () => {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const onError = async (): Promise<never> => {
      await sleep(1);
      throw new Error('cannot log');
    };
    const handler = (): never => {
      throw new Error('cannot answer');
    };
    try {
      await serving(
        handler,
        async ({ url }) => {
          expect((await fetch(url)).status).toBe(500);
          expect((await fetch(url)).status).toBe(500);
        },
        { onError },
      );
      expect(write.mock.calls.slice(0, 2)).toEqual([
        ['serveHttp: GET /: Error: cannot answer\n'],
        ['serveHttp: GET /: Error: cannot log\n'],
      ]);
    } finally {
      write.mockRestore();
    }
  });

  test.each([
    ['has no text', (): unknown => Object.create(null)],
    ['breaks when it is looked at', revoked],
  ])('with what %s is told of on stderr, and harms no other request', async (_, make) => {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const error = make();
    const [began, go] = [signal(), signal()];
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      if (request.url === '/bad') throw error;
      began.give();
      await go.given;
      response.end('fine');
    };
    const onError = (failure: unknown): never => {
      throw failure;
    };
    try {
      await serving(
        handler,
        async ({ url }) => {
          const other = fetch(`${url}/other`);
          await began.given;
          expect((await fetch(`${url}/bad`)).status).toBe(500);
          go.give();
          expect(await (await other).text()).toBe('fine');
          expect(await (await fetch(`${url}/again`)).text()).toBe('fine');
        },
        { onError },
      );
      const line = ['serveHttp: GET /bad: something that has no text\n'];
      expect(write.mock.calls).toEqual([line, line]);
    } finally {
      write.mockRestore();
    }
  });

  test('with what breaks when it is looked at, after its client has left, fails alone', async () => {
    const [began, told] = [signal(), signal()];
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      if (request.url === '/') return void response.end('fine');
      began.give();
      await sleepForever().catch(() => {
        throw revoked();
      });
    };
    await serving(
      handler,
      async ({ port, url }) => {
        using client = new RawClient(port).get('/left');
        await began.given;
        client.socket.destroy();
        await told.given;
        expect(await (await fetch(url)).text()).toBe('fine');
      },
      { onError: () => told.give() },
    );
  });

  test('a write after the end is told to onError, and does not end the process', async () => {
    const told = signal();
    const errors: unknown[] = [];
    const onError = (error: unknown, { url }: IncomingMessage): void => {
      errors.push([(error as NodeJS.ErrnoException).code, url]);
      told.give();
    };
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      response.end('done');
      response.write('more');
    };
    await serving(
      handler,
      async ({ url }) => {
        await (await fetch(`${url}/x`)).text();
        await told.given;
        expect(errors).toEqual([['ERR_STREAM_WRITE_AFTER_END', '/x']]);
      },
      { onError },
    );
  });

  test('by its own timeout has failed: 500', async () => {
    const handler = (): Promise<void> => timeout(10, () => sleepForever());
    await serving(handler, async ({ url, errors }) => {
      expect((await fetch(url)).status).toBe(500);
      expect(errors.map((error) => (error as Error).name)).toEqual(['TimeoutError']);
    });
  });

  test('with the cancellation of a scope that is not its own has failed: 500', async () => {
    const other = new CancelScope();
    other.cancel();
    const handler = (): never => {
      throw other.reason!;
    };
    await serving(handler, async ({ url, errors }) => {
      expect((await fetch(url)).status).toBe(500);
      expect(errors).toEqual([other.reason]);
    });
  });

  test('and cancels itself answers 503, which is no error', async () => {
    const handler = async (): Promise<void> => {
      currentTask()?.cancel('had enough');
      await sleep(1);
    };
    await serving(handler, async ({ url, errors }) => {
      expect((await fetch(url)).status).toBe(503);
      expect(errors).toEqual([]);
    });
  });
});

/** Node does not say that a listener may be an async function: with us it may. */
function serverOf(handler: HttpHandler): Server {
  return createServer(handler);
}

describe('an existing server', () => {
  async function hello(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await sleep(1);
    response.end(`${currentTask()?.name} ${currentScope() === currentTask()?.scope}`);
  }

  test('that does not listen yet: its listeners run in the tasks of the requests, and are given back', async () => {
    const server = serverOf(hello);
    let calls = 0;
    server.on('request', () => (calls += 1));
    const before = server.listeners('request');
    await serving(server, async ({ url }) => {
      expect(await (await fetch(url)).text()).toBe('GET / true');
    });
    expect(calls).toBe(1);
    expect(server.listening).toBe(false);
    expect(server.listeners('request')).toEqual(before);
    for (const event of [
      'connection',
      'secureConnection',
      'error',
      'upgrade',
      'newListener',
      'close',
    ])
      expect([event, server.listenerCount(event)]).toEqual([event, event === 'connection' ? 1 : 0]);
  });

  test('that listens already: its address, its connections, the context of our caller', async () => {
    const variable = new ContextVar<string>({ name: 'test' });
    const server = createServer((request, response) => response.end(`${variable.get()};`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    using client = new RawClient(port).get('/');
    await client.receives('undefined;');
    await variable.run('ours', () =>
      serving(
        server,
        async (served) => {
          expect(served.port).toBe(port);
          client.get('/');
          await client.receives('ours;');
          await served.stop();
          await client.closed();
        },
        { port: undefined, host: undefined },
      ),
    );
  });

  test('that somebody else closes ends the service with an error', async () => {
    const server = serverOf(hello);
    await expect(
      taskGroup(async (group) => {
        await group.start<HttpAddress>((task, started) =>
          serveHttp(server, { ...local, onListening: started }),
        );
        server.close();
      }),
    ).rejects.toThrow(/^serveHttp: HTTP at 127.0.0.1:\d+ was closed by other code$/);
  });

  test('whose listening socket fails ends the service with the error, after what is under way', async () => {
    const server = serverOf(async (request, response) => {
      server.emit('error', Object.assign(new Error('short of files'), { code: 'EMFILE' }));
      server.emit('error', Object.assign(new Error('broken'), { code: 'EBADF' }));
      await sleep(20);
      response.end('answered all the same');
    });
    let answer: Promise<string> | undefined;
    await expect(
      taskGroup(async (group) => {
        const { port } = await group.start<HttpAddress>((task, started) =>
          serveHttp(server, { ...local, onListening: started }),
        );
        answer = fetch(`http://127.0.0.1:${port}`).then((response) => response.text());
        answer.catch(() => undefined);
      }),
    ).rejects.toMatchObject({ code: 'EBADF' });
    expect(await answer).toBe('answered all the same');
  });

  test('at a path tells it as its host', async () => {
    const path = join(tmpdir(), `ambit-http-${process.pid}.sock`);
    const server = serverOf(hello).listen(path);
    await once(server, 'listening');
    await taskGroup(async (group) => {
      const service = new CancelScope();
      const address = await group.start<HttpAddress>((task, started) =>
        service.run(() => serveHttp(server, { port: 0, onListening: started })),
      );
      expect(address).toEqual({ host: path, port: 0 });
      const request = httpRequest({ socketPath: path, path: '/unix' }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(String((await once(response, 'data'))[0])).toBe('GET /unix true');
      service.cancel();
    });
  });
});

describe('the call', () => {
  test('runs as the contract writes it', async () => {
    const handler = (request: IncomingMessage, response: ServerResponse): unknown => response.end();
    await run(async (group) => {
      const address: HttpAddress = await group.start((task, started) =>
        serveHttp(handler, { port: 0, onListening: started }),
      );
      expect(address.port).toBeGreaterThan(0);
      expect((await fetch(`http://localhost:${address.port}`)).status).toBe(200);
      group.cancel();
    }).catch((error: unknown) => {
      expect((error as Error).name).toBe('AbortError');
    });
  });

  test('rejects with the error of Node if it cannot listen, and leaves nothing', async () => {
    await serving(
      () => undefined,
      async ({ port }) => {
        const server = createServer();
        await expect(serveHttp(server, { port, host: '127.0.0.1' })).rejects.toMatchObject({
          code: 'EADDRINUSE',
          port,
          address: '127.0.0.1',
        });
        expect(server.eventNames().sort()).toEqual(createServer().eventNames().sort());
      },
    );
  });

  test('cancelled before, it does not listen', async () => {
    const scope = new CancelScope();
    const server = createServer();
    await scope.run(async () => {
      scope.cancel();
      await serveHttp(server, local);
    });
    expect(scope.cancelCaught).toBe(true);
    await expect(serveHttp(server, { ...local, signal: AbortSignal.abort('no') })).rejects.toBe(
      'no',
    );
    expect(server.listening).toBe(false);
  });

  test('cancelled while it begins to listen, it does not stay', async () => {
    const scope = new CancelScope();
    const server = createServer();
    const serves = scope.run(() => serveHttp(server, { port: 0, host: 'localhost' }));
    scope.cancel();
    await serves;
    expect(scope.cancelCaught).toBe(true);
    await sleep(30);
    expect(server.listening).toBe(false);
  });

  test('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const onListening = (): void => controller.abort('that is it');
    const { signal: given } = controller;
    const server = createServer();
    await expect(serveHttp(server, { ...local, signal: given, onListening })).rejects.toBe(
      'that is it',
    );
    expect(server.listening).toBe(false);
  });

  test('with an onListening that throws ends with that, closed', async () => {
    const server = createServer();
    const onListening = (): never => {
      throw new Error('not here');
    };
    await expect(serveHttp(server, { ...local, onListening })).rejects.toThrow('not here');
    expect(server.listening).toBe(false);
  });

  test.each([
    [[undefined, local], /first argument is undefined; give a handler/],
    [[{ server: {} }, local], /give its `server`/],
    [[() => 1], /port is undefined, not a number/],
    [[() => 1, {}], /port is undefined, not a number/],
    [[() => 1, { port: 70_000 }], /port is 70000; give a whole number from 0 to 65535/],
    [[() => 1, { port: 0, host: '' }], /host is ""/],
    [[() => 1, { port: 0, grace: -1 }], /grace is -1; give milliseconds/],
    [[() => 1, { port: 0, onError: 'x' }], /onError is "x", not a function/],
    [[() => 1, { port: 0, onListening: 1 }], /onListening is 1, not a function/],
    [[() => 1, { port: 0, signal: 1 }], /signal is 1, not an AbortSignal/],
  ])('refuses bad arguments, case %#', async (args, message) => {
    const call = serveHttp as (...args: unknown[]) => Promise<never>;
    await expect(call(...args)).rejects.toThrow(message);
  });
});
