import { once } from 'node:events';
import http, { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as connectSecure } from 'node:tls';
import { currentScope, currentTask, shield, sleep, sleepForever } from '@ambit/core';
import type { CancelledError, Task } from '@ambit/core';
import { fetch, fromReadable, fromWritable, pipe } from '../../src/index.ts';
import type { HttpHandler } from '../../src/index.ts';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { codeOf } from '../../src/errors.ts';
import { makeCertificate } from '../support/certificate.ts';
import { RawClient, serving, signal } from '../support/http-parts.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A handler that waits, and the tasks it ran in. */
function waiting(): {
  readonly tasks: Task<unknown>[];
  readonly reasons: unknown[];
  readonly began: Promise<void>;
  readonly ended: Promise<void>;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
} {
  const [began, ended] = [signal(), signal()];
  const tasks: Task<unknown>[] = [];
  const reasons: unknown[] = [];
  const handler = async (): Promise<void> => {
    tasks.push(currentTask()!);
    began.give();
    try {
      await sleepForever();
    } finally {
      reasons.push(currentScope().reason?.reason);
      ended.give();
    }
  };
  return { tasks, reasons, handler, began: began.given, ended: ended.given };
}

const LEFT = 'the client has gone away';

describe('a client that goes away', () => {
  test('while the handler works cancels it, which is no error', async () => {
    const { handler, tasks, reasons, began, ended } = waiting();
    await serving(handler, async ({ port, errors }) => {
      using client = new RawClient(port).get('/');
      await began;
      client.socket.destroy();
      await ended;
      expect(reasons).toEqual([LEFT]);
      await tasks[0]?.catch(() => undefined);
      expect(tasks[0]?.state).toBe('cancelled');
      expect(errors).toEqual([]);
    });
  });

  test.each(['destroy', 'end', 'resetAndDestroy'] as const)(
    'by %s cancels each of its pipelined requests',
    async (how) => {
      const reasons: unknown[] = [];
      const [both, gone] = [signal(), signal()];
      let running = 0;
      const handler = async (): Promise<void> => {
        running += 1;
        if (running === 2) both.give();
        try {
          await sleepForever();
        } finally {
          reasons.push(currentScope().reason?.reason);
          if (reasons.length === 2) gone.give();
        }
      };
      await serving(handler, async ({ port, errors }) => {
        using client = new RawClient(port).get('/1').get('/2');
        await both.given;
        client.socket[how]();
        await gone.given;
        expect(reasons).toEqual([LEFT, LEFT]);
        expect(errors).toEqual([]);
      });
    },
  );

  test('before the whole of its body has come cancels the handler; what the request says is no error', async () => {
    const [began, ended] = [signal(), signal()];
    let caught: unknown;
    const handler = async (request: IncomingMessage): Promise<void> => {
      try {
        for await (const chunk of request) if (String(chunk) === 'half') began.give();
      } catch (error) {
        caught = error;
        throw error;
      } finally {
        ended.give();
      }
    };
    await serving(handler, async ({ port, errors, stop }) => {
      using client = new RawClient(port);
      client.send('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 8\r\n\r\nhalf');
      await began.given;
      client.socket.destroy();
      await ended.given;
      await stop();
      expect(caught).toMatchObject({ code: 'ECONNRESET' });
      expect(errors).toEqual([]);
    });
  });

  // platform.md 1.5: 'close' of the request says nothing.
  test('not: one whose body has been read is still there', async () => {
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      await sleep(30);
      response.end(`${body}, ${String(currentScope().reason)}`);
    };
    await serving(handler, async ({ url }) => {
      const response = await fetch(url, { method: 'POST', body: 'all of it' });
      expect(await response.text()).toBe('all of it, undefined');
    });
  });

  test('while the response is sent cancels the handler; what the response says is no error', async () => {
    const ended = signal();
    let caught: unknown;
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const endless = Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(65_536);
        })(),
      );
      await pipeline(endless, response)
        .catch((error: unknown) => {
          caught = error;
          throw error;
        })
        .finally(ended.give);
    };
    await serving(handler, async ({ port, errors, stop }) => {
      using client = new RawClient(port).get('/');
      await client.until(() => client.text.length > 1_000_000);
      client.socket.destroy();
      await ended.given;
      await stop();
      expect(caught).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
      expect(errors).toEqual([]);
    });
  });

  test('while the answer of another server is handed on cancels both; what pipeline says is no error', async () => {
    const gone = signal();
    const behind = (request: IncomingMessage, response: ServerResponse): void => {
      response.on('close', gone.give).write('half');
    };
    await serving(behind, async ({ url }) => {
      const handOn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        const answer = await fetch(url);
        await pipeline(answer.body!, response);
      };
      await serving(handOn, async ({ port, errors, stop }) => {
        using client = new RawClient(port).get('/');
        await client.receives('half');
        client.socket.destroy();
        await gone.given;
        await stop();
        expect(errors).toEqual([]);
      });
    });
  });

  test('between two events of a stream of events ends that stream', async () => {
    let task: Task<unknown> | undefined;
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      task = currentTask();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let at = 0; ; at += 1) {
        response.write(`data: ${at}\n\n`);
        await sleep(5);
      }
    };
    await serving(handler, async ({ port, errors }) => {
      using client = new RawClient(port).get('/');
      await client.receives('data: 2');
      client.socket.destroy();
      await task?.catch(() => undefined);
      expect(task?.scope.reason?.reason).toBe(LEFT);
      expect(errors).toEqual([]);
    });
  });

  test('does not hide what fails in the cleanup of its handler', async () => {
    const began = signal();
    const told = signal();
    const errors: unknown[] = [];
    const handler = async (): Promise<void> => {
      began.give();
      await sleepForever().finally(() => {
        throw new Error('cannot roll back');
      });
    };
    const onError = (error: unknown): void => {
      errors.push(error);
      told.give();
    };
    await serving(
      handler,
      async ({ port }) => {
        using client = new RawClient(port).get('/');
        await began.given;
        client.socket.destroy();
        await told.given;
        expect(errors.map(String)).toEqual(['Error: cannot roll back']);
      },
      { onError },
    );
  });

  test('a connection that the handler itself breaks off is closed, and that is no error', async () => {
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      response.destroy();
    };
    await serving(handler, async ({ port, errors }) => {
      using client = new RawClient(port).get('/');
      await client.closed();
      expect(errors).toEqual([]);
    });
  });
});

async function isRefused(port: number): Promise<boolean> {
  const client = new RawClient(port);
  await client.until(() => client.isClosed || !client.socket.connecting);
  client.socket.destroy();
  return codeOf(client.error) === 'ECONNREFUSED';
}

describe('told to stop, the service', () => {
  test('accepts no more connections, and lets requests finish whose scopes are not cancelled', async () => {
    const [began, go] = [signal(), signal()];
    let reason: CancelledError | undefined;
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      began.give();
      await go.given;
      await sleep(1);
      reason = currentScope().reason;
      response.end('to the end');
    };
    await serving(handler, async ({ port, url, stop }) => {
      using client = new RawClient(port).get('/');
      await began.given;
      const stopped = stop();
      while (!(await isRefused(port))) await sleep(5);
      await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
      go.give();
      await client.closed();
      expect(client.text).toMatch(/Connection: close\r\n[^]*to the end$/);
      expect(reason).toBeUndefined();
      expect(await stopped).toBeLessThan(1500);
    });
  });

  test('closes connections that are idle at once', async () => {
    await serving(
      (request, response) => response.end('.'),
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        using silent = await new RawClient(port).connected();
        await client.receives('.');
        await sleep(120);
        const time = await stop();
        await client.closed();
        await silent.closed();
        expect(time).toBeLessThan(1000);
        expect(client.text).toMatch(/Connection: keep-alive/);
      },
    );
  });

  test('gives a connection that was used a moment ago time for one more request, and tells it', async () => {
    await serving(
      (request, response) => response.end('.'),
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        using fresh = await new RawClient(port).connected();
        await client.receives('.');
        const stopped = stop();
        await sleep(20);
        client.text = '';
        client.get('/');
        fresh.get('/');
        await client.closed();
        await fresh.closed();
        expect(client.text).toMatch(/Connection: close[^]*\.$/);
        expect(fresh.text).toMatch(/Connection: close[^]*\.$/);
        expect(await stopped).toBeLessThan(1500);
      },
    );
  });

  test('answers what has reached the machine before', async () => {
    await serving(
      (request, response) => response.end('.'),
      async ({ port, stop }) => {
        using old = new RawClient(port).get('/');
        await old.receives('.');
        await sleep(120);
        // No turn of the loop in between: nobody has read the request, nor accepted the other connections.
        old.text = '';
        const clients = [old, ...Array.from({ length: 4 }, () => new RawClient(port))];
        for (const client of clients) client.get('/');
        // After a turn as long as this one, other tasks have theirs before the shutdown goes on.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
        const stopped = stop();
        await Promise.all(clients.map((client) => client.closed()));
        for (const { text } of clients) expect(text).toMatch(/Connection: close[^]*\.$/);
        await stopped;
      },
    );
  });

  test('answers all requests that are pipelined, also one that comes later, and tells with the last', async () => {
    const [three, four, go] = [signal(), signal(), signal()];
    let running = 0;
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      running += 1;
      if (running === 3) three.give();
      if (running === 4) four.give();
      await go.given;
      response.end(`(${request.url})`);
    };
    await serving(handler, async ({ port, stop }) => {
      using client = new RawClient(port).get('/1').get('/2').get('/3');
      await three.given;
      const stopped = stop();
      await sleep(5);
      client.get('/4');
      await four.given;
      go.give();
      await client.closed();
      expect(client.text.match(/\(\/\d\)|Connection: \S+/g)).toEqual([
        ...['Connection: keep-alive', '(/1)', 'Connection: keep-alive', '(/2)'],
        ...['Connection: keep-alive', '(/3)', 'Connection: close', '(/4)'],
      ]);
      expect(await stopped).toBeLessThan(1500);
    });
  });

  const asking =
    'PUT /asks HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n';

  test.each([
    ['itself', false],
    ['by handing it on to those of its requests', true],
  ])(
    'lets a request go on whose client asked first, of a server that answers that %s',
    async (_, handsOn) => {
      const answer: HttpHandler = async (request, response) => {
        for await (const chunk of request) response.write(chunk);
        await sleep(150);
        response.end(`, ${currentTask()?.name}`);
      };
      const server = createServer(answer);
      const first: HttpHandler = (request, response) => {
        response.writeContinue();
        return handsOn ? server.emit('request', request, response) : answer(request, response);
      };
      server.on('checkContinue', first);
      const before = server.listeners('checkContinue');
      await serving(server, async ({ port, stop, errors }) => {
        using client = new RawClient(port).send(asking);
        await client.receives('100 Continue');
        const stopped = stop();
        await sleep(5);
        client.send('body');
        await client.closed();
        expect(client.text).toMatch(/HTTP\/1.1 200 [^]*body[^]*, PUT \/asks/);
        expect(await stopped).toBeLessThan(1500);
        expect(errors).toEqual([]);
      });
      expect(server.listeners('checkContinue')).toEqual(before);
    },
  );

  test('answers a pipelined request before one that has its answer already', async () => {
    const [both, go] = [signal(), signal()];
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      if (request.url === '/quick') both.give();
      else await go.given;
      response.end(`(${request.url})`);
    };
    await serving(handler, async ({ port, stop }) => {
      using client = new RawClient(port).get('/slow').get('/quick');
      await both.given;
      const stopped = stop();
      await sleep(5);
      go.give();
      await client.closed();
      expect(client.text).toMatch(/\(\/slow\)[^]*\(\/quick\)$/);
      expect(await stopped).toBeLessThan(1500);
    });
  });

  // platform.md 1.5: a connection that was busy stays open for the time of keep-alive otherwise.
  test('closes a connection after the response that could not say so any more', async () => {
    const [began, go] = [signal(), signal()];
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.write('one ');
      began.give();
      await go.given;
      response.end('two');
    };
    await serving(handler, async ({ port, stop }) => {
      using client = new RawClient(port).get('/');
      await client.receives('one');
      await began.given;
      const stopped = stop();
      await sleep(5);
      go.give();
      await client.closed();
      expect(client.text).toMatch(/keep-alive[^]*two[^]*\r\n0\r\n\r\n$/);
      expect(await stopped).toBeLessThan(1500);
    });
  });

  test('lets a response be read to the end that is larger than what the system holds for a slow client', async () => {
    const size = 20_000_000;
    const handler = (request: IncomingMessage, response: ServerResponse): unknown =>
      response.end(Buffer.alloc(size, 'x'));
    await serving(handler, async ({ port, stop }) => {
      using client = new RawClient(port).get('/');
      await client.until(() => client.text.length > 0);
      client.socket.pause();
      const stopped = stop();
      await sleep(150);
      client.socket.resume();
      await client.closed();
      expect(client.text.length).toBeGreaterThan(size);
      expect(await stopped).toBeLessThan(1000);
    });
  });

  test('waits for the part of a request that is still on its way, and answers it', async () => {
    await serving(
      (request, response) => response.end('.'),
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        await client.receives('.');
        client.text = '';
        client.send('GET / HTTP/1.1\r\n');
        const stopped = stop();
        await sleep(50);
        client.send('Host: here\r\n');
        await sleep(80);
        client.send('\r\n');
        await client.closed();
        expect(client.text).toMatch(/Connection: close[^]*\.$/);
        await stopped;
      },
    );
  });

  test('does not wait for the rest of a request that does not come', async () => {
    await serving(
      (request, response) => response.end('.'),
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        await client.receives('.');
        client.send('GET / HTTP/1.1\r\n');
        await sleep(5);
        expect(await stop()).toBeLessThan(5000);
        await client.closed();
      },
      { grace: 10_000 },
    );
  });

  test('destroys what is left of a server that listened before, connections of that time too', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    using client = new RawClient(port).send('GET / HTTP/1.1\r\n');
    await once(server, 'connection');
    await serving(
      server,
      async ({ stop }) => {
        await stop();
      },
      { grace: 30 },
    );
    await client.closed();
  });

  test('waits for what handlers do after their responses', async () => {
    const log: string[] = [];
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.end('.');
      await sleep(50);
      log.push('worked');
    };
    await serving(handler, async ({ port, stop }) => {
      using client = new RawClient(port).get('/');
      await client.receives('.');
      client.socket.destroy();
      await stop();
      expect(log).toEqual(['worked']);
    });
  });

  test('cancels what is left when the grace is over: 503 for who has not begun, the end for event streams', async () => {
    const log: unknown[] = [];
    const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      if (request.url === '/events') response.write('data: 0\n\n');
      try {
        await sleepForever();
      } finally {
        log.push(currentScope().reason?.reason);
        await shield(() => sleep(20));
        log.push('cleaned up');
      }
    };
    await serving(
      handler,
      async ({ port, stop, errors }) => {
        using quiet = new RawClient(port).get('/quiet');
        using events = new RawClient(port).get('/events');
        await events.receives('data: 0');
        const time = await stop();
        expect(time).toBeGreaterThan(99);
        expect(time).toBeLessThan(1500);
        await quiet.closed();
        await events.closed();
        const over = 'the 100 ms for requests to finish are over';
        expect(log).toEqual([over, over, 'cleaned up', 'cleaned up']);
        expect(errors).toEqual([]);
      },
      { grace: 100 },
    );
  });

  test('gives a cancelled handler the time for a last word', async () => {
    const { handler, began } = waiting();
    await serving(
      handler,
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        await began;
        await stop();
        await client.closed();
        expect(client.text).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n[^]*Connection: close/);
      },
      { grace: 30 },
    );
  });

  test('with no grace ends at once', async () => {
    const { handler, began } = waiting();
    await serving(
      handler,
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        using silent = await new RawClient(port).connected();
        await began;
        expect(await stop()).toBeLessThan(1000);
        await client.closed();
        await silent.closed();
      },
      { grace: 0 },
    );
  });

  test('lets a handler know by the scope around the service, so that it may end early', async () => {
    await serving(
      (request, response) => response.end('.'),
      async ({ port, stop, service }) => {
        using client = new RawClient(port);
        expect(service.reason).toBeUndefined();
        client.socket.destroy();
        await stop();
        expect(service.reason?.source).toBe('explicit');
      },
    );
  });
});

describe('a connection that was upgraded', () => {
  function echoing(): ReturnType<typeof createServer> {
    const server = createServer((request, response) => response.end('plain'));
    server.on('upgrade', (request, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
      );
      socket.on('data', (data) => socket.write(data)).on('error', () => undefined);
    });
    return server;
  }

  const upgrade = 'GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';

  test('has the grace, also after requests of the plain kind, and is destroyed then', async () => {
    await serving(
      echoing(),
      async ({ port, stop }) => {
        using client = new RawClient(port).get('/');
        await client.receives('plain');
        client.send(upgrade);
        await client.receives('101');
        const stopped = stop();
        await sleep(130);
        client.send('still there');
        await client.receives('still there');
        const time = await stopped;
        await client.closed();
        expect(time).toBeGreaterThan(249);
        expect(time).toBeLessThan(1500);
      },
      { grace: 250 },
    );
  });

  test('also by a listener that came later', async () => {
    const server = createServer();
    await serving(server, async ({ port, stop }) => {
      server.on('upgrade', (request, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
        socket.on('data', (data) => socket.end(data)).on('error', () => undefined);
      });
      using client = new RawClient(port).send(upgrade);
      await client.receives('101');
      const stopped = stop();
      await sleep(130);
      client.send('over');
      await client.receives('over');
      client.socket.end();
      expect(await stopped).toBeLessThan(1900);
    });
  });

  test('before the service began to watch does not hold up its end', async () => {
    const server = echoing().listen(0, '127.0.0.1');
    await once(server, 'listening');
    using client = new RawClient((server.address() as AddressInfo).port).send(upgrade);
    await client.receives('101');
    await serving(server, async ({ stop }) => expect(await stop()).toBeLessThan(1500), {
      grace: 50,
    });
    client.send('of somebody else');
    await client.receives('of somebody else');
  });

  test('is a plain request where nobody listens for upgrades', async () => {
    await serving(
      (request, response) => response.end(`asked for ${String(request.headers.upgrade)}`),
      async ({ port }) => {
        using client = new RawClient(port).send(upgrade);
        await client.receives('asked for echo');
      },
    );
  });
});

/** Posts on the one connection of an agent. */
function post(port: number, agent: http.Agent): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const to = { port, agent, host: '127.0.0.1', method: 'POST' };
    const request = http.request(to, (response) => response.resume().on('end', resolve));
    request.on('error', reject).end('x'.repeat(1000));
  });
}

describe('a request whose body was not read to its end', () => {
  const leaving: Record<string, HttpHandler> = {
    'for await and break': async (request, response) => {
      for await (const _ of request) break;
      response.writeHead(413).end('too large');
    },
    'a pipeline whose sink fails': async (request, response) => {
      const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
      await pipeline(request, sink).catch(() => undefined);
      response.writeHead(507).end('no room');
    },
    'an answer at once': (request, response) => response.writeHead(401).end('who is there?'),
    'pipe() into what fails': async (request, response) => {
      const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
      await pipe(request, sink).catch(() => undefined);
      response.writeHead(507).end('no room');
    },
  };

  test.each(Object.entries(leaving))(
    '(%s) keeps nothing busy: the idle service ends at once, and has let go of it',
    async (_how, handler) => {
      const gone: WeakRef<ServerResponse>[] = [];
      const noting: HttpHandler = (request, response) => {
        gone.push(new WeakRef(response));
        return handler(request, response);
      };
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      await serving(noting, async ({ port, stop }) => {
        for (let count = 0; count < 20; count += 1) await post(port, agent);
        const kept = (): number => gone.filter((one) => one.deref() !== undefined).length;
        for (let turn = 0; turn < 20 && kept() > 5; turn += 1) {
          await sleep(20);
          collect();
        }
        expect(kept()).toBeLessThanOrEqual(5);
        await sleep(120);
        expect(await stop()).toBeLessThan(1500);
      });
      agent.destroy();
    },
  );
});

describe('pipelined requests whose client leaves', () => {
  const endless = (): Readable =>
    Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
  const answers: Record<string, (response: ServerResponse) => Promise<unknown>> = {
    pipeline: (response) => pipeline(endless(), response),
    'pipe and fromWritable': (response) => pipe(fromReadable(endless()), fromWritable(response)),
    'a wait for room': async (response) => {
      while (!response.destroyed)
        if (!response.write(Buffer.alloc(65_536))) await once(response, 'drain');
    },
    'a wait for its end': (response) => {
      response.write('x');
      return once(response, 'close');
    },
  };

  test.each(Object.entries(answers))(
    'all end, also those that wait for their turn: %s',
    async (_how, answer) => {
      let [active, all] = [0, 0];
      const handler: HttpHandler = async (request, response) => {
        active += 1;
        all += 1;
        try {
          await Promise.race([answer(response), once(response, 'close')]);
        } finally {
          active -= 1;
        }
      };
      await serving(handler, async ({ port, errors, stop }) => {
        using client = new RawClient(port);
        client.socket.pause();
        for (let count = 0; count < 10; count += 1) client.get('/');
        for (let turn = 0; turn < 100 && all < 10; turn += 1) await sleep(5);
        client.socket.resetAndDestroy();
        for (let turn = 0; turn < 100 && active > 0; turn += 1) await sleep(5);
        expect([active, all]).toEqual([0, 10]);
        expect(await stop()).toBeLessThan(1500);
        expect(errors).toEqual([]);
      });
    },
  );
});

describe('a handler that does not end by its cancellation', () => {
  const stubborn: Record<
    string,
    (request: IncomingMessage, go: Promise<void>) => Promise<unknown>
  > = {
    'but waits for a foreign promise': (request, go) => go,
    'but reads the rest of the body': async (request) => {
      for await (const _ of request);
    },
  };

  test.each(Object.entries(stubborn))(
    'is answered for with 503 when the grace is over: one that %s',
    async (_which, wait) => {
      const [began, go] = [signal(), signal()];
      const handler: HttpHandler = async (request, response) => {
        began.give();
        await wait(request, go.given);
        response.setHeader('X-Late', 'yes').end('late');
      };
      await serving(
        handler,
        async ({ port, stop, errors }) => {
          using client = new RawClient(port);
          client.send('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n012');
          await began.given;
          const stopped = stop();
          await client.closed();
          expect(client.text).toMatch(
            /^HTTP\/1.1 503 Service Unavailable\r\n[^]*Connection: close/,
          );
          go.give();
          await stopped;
          expect(errors).toEqual([]);
        },
        { grace: 60 },
      );
    },
  );
});

describe('over TLS', () => {
  const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === '/slow') await sleep(150);
    response.end(`(${request.url})`);
  };

  test('a request goes on, idle connections and half-made ones are closed', async () => {
    const server = createSecureServer(makeCertificate(), (...args) => void handler(...args));
    await serving(server, async ({ port, stop }) => {
      const secure = (path: string): RawClient =>
        new RawClient(
          port,
          connectSecure({ port, host: '127.0.0.1', rejectUnauthorized: false }),
        ).get(path);
      using slow = secure('/slow');
      using quick = secure('/quick');
      using handshaking = await new RawClient(port).connected();
      await quick.receives('(/quick)');
      const stopped = stop();
      await Promise.all([slow.closed(), quick.closed()]);
      expect(slow.text).toMatch(/Connection: close[^]*\(\/slow\)$/);
      expect(quick.text).toMatch(/keep-alive[^]*\(\/quick\)$/);
      await handshaking.closed();
      expect(await stopped).toBeLessThan(1900);
    });
  });

  test('what is left at the end of the grace is destroyed', async () => {
    const server = createSecureServer(makeCertificate(), () => undefined);
    await serving(
      server,
      async ({ port, stop }) => {
        using client = new RawClient(
          port,
          connectSecure({ port, host: '127.0.0.1', rejectUnauthorized: false }),
        ).get('/');
        using handshaking = await new RawClient(port).connected();
        await once(server, 'request');
        expect(await stop()).toBeLessThan(1500);
        await client.closed();
        await handshaking.closed();
      },
      { grace: 50 },
    );
  });
});
