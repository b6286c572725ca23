// rules 249, 263, 264
import {
  CancelScope,
  ContextVar,
  currentTask,
  formatTaskTree,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
} from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import {
  BrokenResourceError,
  bufferedReader,
  connectTcp,
  listenTcp,
  pipe,
  toReadable,
  toWritable,
} from '@ambit/io';
import type { ConnectionHandler, Listener, SocketStream, TcpAddress } from '@ambit/io';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeCertificate } from '../support/certificate.ts';

const host = '127.0.0.1';

const listen = (): Promise<Listener<TcpAddress>> => listenTcp({ port: 0, host });
const dial = (listener: Listener<TcpAddress>): Promise<SocketStream> =>
  connectTcp({ host, port: listener.address.port });

/** How many connections the process has open. */
const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

async function echo(stream: SocketStream): Promise<void> {
  for await (const piece of stream) await stream.send(piece);
}

async function ask(stream: SocketStream, question: string): Promise<string> {
  await stream.send(question);
  return String(await stream.receive());
}

const refused = expect.objectContaining({ code: 'ECONNREFUSED' }) as unknown;

/** A listener in a group. */
function withListener(
  body: (listener: Listener<TcpAddress>, group: TaskGroup) => Promise<void>,
): () => Promise<void> {
  return () => taskGroup(async (group) => body(await listen(), group));
}

describe('listenTcp', () => {
  test(
    'gives a port, and says which',
    withListener(async (listener) => {
      expect(listener.address).toEqual({ host, port: expect.any(Number) as number });
      expect(listener.address.port).toBeGreaterThan(0);
    }),
  );

  test(
    'a port that is taken: Node’s own error, and nothing is left open',
    withListener(async (listener) => {
      const { port } = listener.address;
      await expect(listenTcp({ port, host })).rejects.toMatchObject({
        code: 'EADDRINUSE',
        syscall: 'listen',
        port,
      });
      await listener.close();
      await (await listenTcp({ port, host })).close();
    }),
  );

  test.each([
    [undefined, 'TypeError', 'give { port }'],
    [{}, 'TypeError', 'port is undefined'],
    [{ port: 65_536 }, 'RangeError', 'port is 65536'],
    [{ port: 0.5 }, 'RangeError', 'port is 0.5'],
    [{ port: 0, host: 7 }, 'TypeError', 'host is 7'],
    [{ port: 0, backlog: 0 }, 'RangeError', 'backlog is 0'],
    [{ port: 0, tls: true }, 'TypeError', 'tls is true'],
    [{ port: 0, reusePort: 'yes' }, 'TypeError', 'reusePort is "yes"'],
    [{ port: 0, signal: 1 }, 'TypeError', 'signal is 1'],
  ])('refuses %j', async (options, name, message) => {
    await expect(listenTcp(options as never)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(`listenTcp: ${message}`) as string,
    });
  });

  test('one port for several, where Node can; else it says so', async () => {
    const isKnown = !/^(?:20|21|23\.0|22\.(?:\d|1[01])\.)/u.test(process.versions.node);
    const both = taskGroup(async () => {
      const first = await listenTcp({ port: 0, host, reusePort: true });
      return listenTcp({ port: first.address.port, host, reusePort: true });
    });
    if (isKnown) await both;
    else await expect(both).rejects.toThrow(/reusePort needs Node 22\.12/u);
  });

  test('is closed with the group around', async () => {
    let listener: Listener<TcpAddress> | undefined;
    await taskGroup(async () => {
      listener = await listen();
    });
    await expect(dial(listener!)).rejects.toEqual(refused);
    await expect(listener!.accept()).rejects.toMatchObject({ name: 'ClosedResourceError' });
  });

  test('cancelled before, it does not listen', async () => {
    const signal = AbortSignal.abort('stop');
    await expect(listenTcp({ port: 0, host, signal })).rejects.toBe('stop');
  });
});

describe('accept', () => {
  test(
    'gives those who wait a connection each, in turn',
    withListener(async (listener, group) => {
      const accepts = [1, 2].map(() => group.spawn(() => listener.accept()));
      await sleep(5);
      const first = await dial(listener);
      const second = await dial(listener);
      const [one, two] = await Promise.all(accepts);
      expect(one!.remoteAddress).toEqual(first.localAddress);
      expect(two!.remoteAddress).toEqual(second.localAddress);
    }),
  );

  test(
    'those who came before anybody asked are kept',
    withListener(async (listener) => {
      const streams = [await dial(listener), await dial(listener)];
      await sleep(10);
      for (const { localAddress } of streams) {
        expect((await listener.accept()).remoteAddress).toEqual(localAddress);
      }
    }),
  );

  test(
    'cancelled, it takes no connection from the next one',
    withListener(async (listener) => {
      const scope = new CancelScope();
      const accepting = scope.run(() => listener.accept());
      await sleep(0);
      scope.cancel();
      expect(await accepting).toBeUndefined();
      await expect(listener.accept({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
      const stream = await dial(listener);
      expect((await listener.accept()).remoteAddress).toEqual(stream.localAddress);
    }),
  );

  test(
    'who waits learns that it was closed; so does who comes later',
    withListener(async (listener, group) => {
      const accept = group.spawn(() => listener.accept().catch((error: unknown) => error));
      await sleep(0);
      await listener.close();
      const closed = {
        name: 'ClosedResourceError',
        message: expect.stringContaining(host) as string,
      };
      expect(await accept).toMatchObject(closed);
      await expect(listener.accept()).rejects.toMatchObject(closed);
    }),
  );

  test(
    'closing drops what nobody accepted, and leaves alone what somebody did',
    withListener(async (listener) => {
      const mine = await dial(listener);
      const stream = await listener.accept();
      const dropped = await dial(listener);
      await sleep(10);
      await listener.close();
      await listener.close();
      await expect(
        dropped.receive().then(
          () => 'end',
          () => 'broken',
        ),
      ).resolves.toMatch(/end|broken/u);
      await stream.send('still');
      expect(String(await mine.receive())).toBe('still');
      await expect(dial(listener)).rejects.toEqual(refused);
    }),
  );

  test(
    'in a cancelled scope it is closed all the same, then says that it is cancelled',
    withListener(async (listener) => {
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.cancel();
        await expect(listener.close()).rejects.toBe(scope.reason);
      });
      await expect(dial(listener)).rejects.toEqual(refused);
    }),
  );
});

describe('serve', () => {
  test(
    'a task for each connection, named after the other end, and its stream closed with it',
    withListener(async (listener, group) => {
      const names: string[] = [];
      const streams: SocketStream[] = [];
      group.spawn(() =>
        listener.serve(async (stream) => {
          names.push(currentTask()!.name);
          streams.push(stream);
          await stream.send(await stream.receive().then((bytes) => bytes!));
        }),
      );
      const clients = [await dial(listener), await dial(listener)];
      for (const client of clients) {
        expect(await ask(client, 'hi')).toBe('hi');
        expect(await client.receive()).toBeUndefined();
      }
      expect(names).toEqual(
        clients.map(({ localAddress }) => `127.0.0.1:${String((localAddress as TcpAddress).port)}`),
      );
      await sleep(5);
      expect(streams.map(({ socket }) => socket.closed)).toEqual([true, true]);
      await listener.close();
    }),
  );

  test('shows in the task tree what it waits for', async () => {
    let tree = '';
    await taskGroup(async (group) => {
      const listener = await listen();
      const serving = group.spawn(() => listener.serve(echo), { name: 'server' });
      await ask(await dial(listener), 'x');
      tree = formatTaskTree();
      serving.cancel();
    });
    expect(tree).toMatch(/accept on 127\.0\.0\.1:\d+/u);
    expect(tree).toMatch(/127\.0\.0\.1:\d+.*receive from the connection from 127/u);
  });

  test(
    'cancelled: it stops at once, handlers too, and the port is free',
    withListener(async (listener, group) => {
      const ends: string[] = [];
      const serving = group.spawn(() =>
        listener.serve(async () => {
          try {
            await sleepForever();
          } finally {
            ends.push('handler');
          }
        }),
      );
      const client = await dial(listener);
      await sleep(10);
      await serving.stop();
      expect(ends).toEqual(['handler']);
      expect(serving.state).toBe('cancelled');
      expect(await client.receive().catch(() => undefined)).toBeUndefined();
      await expect(dial(listener)).rejects.toEqual(refused);
    }),
  );

  test(
    'cancelled with a grace: handlers may finish, new connections are refused, then it says so',
    withListener(async (listener, group) => {
      const scope = new CancelScope();
      const ends: string[] = [];
      const serving = group.spawn(() =>
        scope.run(() =>
          listener.serve(
            async (stream) => {
              await stream.receive();
              await stream.send('done');
              ends.push('finished');
            },
            { grace: 5000 },
          ),
        ),
      );
      const client = await dial(listener);
      await sleep(10);
      scope.cancel();
      await sleep(10);
      await expect(dial(listener)).rejects.toEqual(refused);
      expect(serving.done).toBe(false);
      expect(await ask(client, 'go')).toBe('done');
      await serving;
      expect(ends).toEqual(['finished']);
      expect(scope.cancelCaught).toBe(true);
    }),
  );

  test(
    'what is not finished after the grace is cancelled',
    withListener(async (listener, group) => {
      const reasons: unknown[] = [];
      const serving = group.spawn(() =>
        listener.serve(
          async () => {
            try {
              await sleepForever();
            } catch (error) {
              reasons.push(error);
              throw error;
            }
          },
          { grace: 30 },
        ),
      );
      const client = await dial(listener);
      await sleep(10);
      const before = performance.now();
      serving.cancel('enough');
      await serving.stop();
      expect(performance.now() - before).toBeGreaterThan(28);
      expect(serving.state).toBe('cancelled');
      // The handler is told of the cancellation that it was, not of one in between.
      expect(reasons).toEqual([serving.scope.reason]);
      expect(await client.receive().catch(() => undefined)).toBeUndefined();
    }),
  );

  test(
    'a promise of a handler may have a `then` of its own: the connection ends as for any other',
    withListener(async (listener, group) => {
      const never = (): Promise<never> => new Promise(() => undefined);
      const withThen = (end: Promise<void>): unknown => Object.assign(end, { then: never });
      const errors: unknown[] = [];
      const ends = [() => Promise.resolve(), () => Promise.reject(new Error('failed'))];
      const handler = (): unknown => withThen(ends.shift()!());
      group.spawn(() => listener.serve(handler, { onError: (error) => errors.push(error) }));
      for (let at = 0; at < 2; at += 1) {
        const stream = await dial(listener);
        await moveOnAfter(500, () => stream.receive().catch(() => undefined));
        expect(stream.socket.readableEnded || stream.socket.destroyed).toBe(true);
      }
      expect(errors).toEqual([new Error('failed')]);
      await listener.close();
    }),
  );

  test(
    'ends with its signal’s reason',
    withListener(async (listener) => {
      const controller = new AbortController();
      const serving = listener.serve(echo, { signal: controller.signal });
      await ask(await dial(listener), 'x');
      controller.abort('closing time');
      await expect(serving).rejects.toBe('closing time');
      await expect(dial(listener)).rejects.toEqual(refused);
    }),
  );

  test(
    'what a handler opens is closed with it',
    withListener(async (listener, group) => {
      const other = await listen();
      const opened: SocketStream[] = [];
      group.spawn(() =>
        listener.serve(async (stream) => {
          opened.push(await dial(other));
          await stream.receive();
        }),
      );
      const client = await dial(listener);
      await sleep(15);
      expect(opened[0]!.socket.closed).toBe(false);
      await client.sendEof();
      expect(await client.receive()).toBeUndefined();
      await sleep(5);
      expect(opened[0]!.socket.closed).toBe(true);
      await listener.close();
    }),
  );

  test(
    'what a handler opened is closed as well if it fails, before `onError` is called',
    withListener(async (listener, group) => {
      const other = await listen();
      let opened: SocketStream | undefined;
      const seen: unknown[] = [];
      const handler = async (): Promise<void> => {
        opened = await dial(other);
        throw new Error('failed');
      };
      const onError = (): unknown => seen.push(opened!.socket.closed);
      group.spawn(() => listener.serve(handler, { onError }));
      const client = await dial(listener);
      expect(await client.receive().catch(() => undefined)).toBeUndefined();
      await sleep(5);
      expect(seen).toEqual([true]);
      await listener.close();
    }),
  );

  // rule 264
  test(
    'an error of a handler goes to `onError`, with its stream, which is closed; the others go on',
    withListener(async (listener, group) => {
      const errors: unknown[] = [];
      const tag = new ContextVar<string>();
      const onError = (error: unknown, stream?: SocketStream): void => {
        errors.push([(error as Error).message, stream!.socket.closed, tag.get()]);
      };
      const handler = async (stream: SocketStream): Promise<void> => {
        for await (const piece of stream) {
          if (String(piece) === 'bad') throw new Error('bad question');
          await stream.send(piece);
        }
      };
      group.spawn(() => tag.run('registrar', () => listener.serve(handler, { onError })));
      const [good, bad] = [await dial(listener), await dial(listener)];
      expect(await ask(good, 'one')).toBe('one');
      await bad.send('bad');
      expect(await bad.receive().catch(() => undefined)).toBeUndefined();
      expect(await ask(good, 'two')).toBe('two');
      // rule 249
      expect(errors).toEqual([['bad question', true, 'registrar']]);
      await listener.close();
    }),
  );

  test(
    'what a cancelled handler throws goes to `onError` as it is, also if it has a `then`',
    withListener(async (listener, group) => {
      const odd = { then: jest.fn() };
      const errors: unknown[] = [];
      const onError = (error: unknown): void => void errors.push(error);
      const handler = async (): Promise<void> => {
        await sleepForever().catch(() => undefined);
        throw odd;
      };
      const serving = group.spawn(() => listener.serve(handler, { onError }));
      await dial(listener);
      await sleep(20);
      await listener.close();
      await serving;
      expect(errors.length).toBe(1);
      expect(errors[0]).toBe(odd);
      expect(odd.then).not.toHaveBeenCalled();
    }),
  );

  // rule 264
  test(
    'without `onError` it fails the server, and cancels the others',
    withListener(async (listener) => {
      let cancelled = 0;
      const serving = listener.serve(async (stream) => {
        try {
          await stream.receive();
        } catch (error) {
          cancelled += 1;
          throw error;
        }
        throw new Error('out of order');
      });
      const [first, second] = [await dial(listener), await dial(listener)];
      await sleep(10);
      await first.send('x');
      await expect(serving).rejects.toThrow('out of order');
      expect(cancelled).toBe(1);
      expect(await second.receive().catch(() => undefined)).toBeUndefined();
      await expect(dial(listener)).rejects.toEqual(refused);
    }),
  );

  test(
    'what `onError` throws fails the server as well; a synchronous handler’s throw is a handler’s error',
    withListener(async (listener) => {
      const serving = listener.serve(
        () => {
          throw new Error('first');
        },
        {
          onError: (error) => {
            throw new Error('second', { cause: error });
          },
        },
      );
      await dial(listener);
      await expect(serving).rejects.toMatchObject({
        message: 'second',
        cause: { message: 'first' },
      });
    }),
  );

  test(
    'an error in the cleanup of a cancelled handler is not lost; a cancellation is no error',
    withListener(async (listener, group) => {
      const errors: unknown[] = [];
      const serving = group.spawn(() =>
        listener.serve(
          async (stream) => {
            const bytes = await stream.receive();
            try {
              await sleepForever();
            } finally {
              // eslint-disable-next-line no-unsafe-finally
              if (String(bytes) === 'bad') throw new Error('in cleanup');
            }
          },
          { onError: (error) => errors.push((error as Error).message) },
        ),
      );
      const [good, bad] = [await dial(listener), await dial(listener)];
      await good.send('good');
      await bad.send('bad');
      await sleep(15);
      await serving.stop();
      expect(errors).toEqual(['in cleanup']);
    }),
  );

  test(
    '`limit`: so many at a time, the others wait in order',
    withListener(async (listener, group) => {
      let [active, most] = [0, 0];
      const seen: string[] = [];
      group.spawn(() =>
        listener.serve(
          async (stream) => {
            most = Math.max(most, (active += 1));
            seen.push(String(await stream.receive()));
            await sleep(5);
            active -= 1;
          },
          { limit: 2 },
        ),
      );
      const clients = [];
      for (const name of 'abcde') {
        const client = await dial(listener);
        await client.send(name);
        clients.push(client);
      }
      for (const client of clients) expect(await client.receive()).toBeUndefined();
      expect(most).toBe(2);
      expect(seen.slice(0, 4).sort().join('')).toBe('abcd');
      expect(seen[4]).toBe('e');
      await listener.close();
    }),
  );

  test.each<[string, (client: Socket) => unknown, number]>([
    ['that say nothing', (client) => client.destroy(), 0],
    [
      'that reset',
      async (client) => {
        client.write('x');
        // One that resets before it is accepted looks like one that has closed its side.
        await sleep(10);
        client.resetAndDestroy();
      },
      0,
    ],
    ['that have asked something', (client) => client.end('x', () => client.destroy()), 100],
  ])(
    'at its limit it lets go of clients that leave before their turn: those %s',
    async (_which, leave, most) => {
      await taskGroup(async (group) => {
        const listener = await listen();
        const scope = new CancelScope();
        group.spawn(() => scope.run(() => listener.serve(() => sleepForever(), { limit: 1 })));
        await dial(listener);
        const before = sockets();
        for (let count = 0; count < 150; count += 1) {
          const client = connect({ host, port: listener.address.port });
          await once(client, 'connect');
          await leave(client.on('error', () => undefined));
        }
        for (let turn = 0; turn < 100 && sockets() > before + most; turn += 1) await sleep(10);
        expect(sockets()).toBeLessThanOrEqual(before + most);
        scope.cancel();
      });
    },
  );

  test(
    'a client that asked, and closed its side, is served when its turn comes; so is one that only waits',
    withListener(async (listener, group) => {
      const answer = async (stream: SocketStream): Promise<void> => {
        await stream.send(`heard ${String(await stream.receive())}`);
      };
      group.spawn(() => listener.serve(answer, { limit: 1 }));
      const first = await dial(listener);
      await sleep(5);
      const asked = await dial(listener);
      await asked.send('a');
      await asked.sendEof();
      const patient = await dial(listener);
      await sleep(20);
      expect(await ask(first, '1')).toBe('heard 1');
      expect(String(await asked.receive())).toBe('heard a');
      expect(await ask(patient, '2')).toBe('heard 2');
      await listener.close();
    }),
  );

  test(
    'nor does accept() give a connection whose client has left',
    withListener(async (listener) => {
      const gone = await dial(listener);
      const there = await dial(listener);
      await sleep(5);
      await gone.close();
      await sleep(20);
      expect((await listener.accept()).remoteAddress).toEqual(there.localAddress);
    }),
  );

  const rude: Record<string, ConnectionHandler> = {
    'that is piped': (stream) => pipe(stream, stream),
    'that is read by lines': async (stream) => {
      for await (const line of bufferedReader(stream).lines()) await stream.send(line);
    },
    'that goes through Node’s pipeline': (stream) =>
      pipeline(toReadable(stream), new PassThrough(), toWritable(stream)),
    'whose own socket is used': (stream) => pipeline(stream.socket, stream.socket),
    'whose failure is one of several': async (stream) => {
      try {
        for (;;) await stream.receive();
      } catch (error) {
        const twice = [error, new BrokenResourceError('twice', { cause: error })];
        throw new AggregateError(twice, 'both', { cause: error });
      }
    },
    'that never shook hands': (stream) => stream.startTls({ ...makeCertificate(), isServer: true }),
  };

  test.each(Object.entries(rude))(
    'without `onError` a client that resets its connection ends nothing else: one %s',
    async (_which, handler) => {
      await taskGroup(async (group) => {
        const listener = await listen();
        const serving = group.spawn(() => listener.serve(handler));
        const client = connect({ host, port: listener.address.port });
        await once(client, 'connect');
        client.write('x');
        await sleep(20);
        client.resetAndDestroy();
        await sleep(20);
        expect(serving.done).toBe(false);
        await listener.close();
        await serving;
      });
    },
  );

  test(
    'without `onError` the failure of another connection is a handler’s error',
    withListener(async (listener) => {
      const other = await listen();
      const serving = listener.serve(async () => {
        const upstream = await dial(other);
        (await other.accept()).socket.resetAndDestroy();
        await upstream.receive();
        await upstream.receive();
      });
      await dial(listener);
      await expect(serving).rejects.toMatchObject({ name: 'BrokenResourceError' });
    }),
  );

  test(
    '`this` of `onError` is the options, of the handler nothing',
    withListener(async (listener, group) => {
      const seen: unknown[] = [];
      const options = {
        onError(this: unknown) {
          seen.push(this);
        },
      };
      const handler = function (this: unknown): void {
        seen.push(this);
        throw new Error('fails');
      };
      group.spawn(() => listener.serve(handler, options));
      await (await dial(listener)).receive().catch(() => undefined);
      await sleep(5);
      expect(seen).toEqual([undefined, options]);
      expect(seen[1]).toBe(options);
      await listener.close();
    }),
  );

  test(
    'at its limit it can be cancelled, and closed',
    withListener(async (listener, group) => {
      const serve = (on: Listener<TcpAddress>) =>
        group.spawn(() => on.serve(() => sleepForever(), { limit: 1 }));
      const first = serve(listener);
      const clients = [await dial(listener), await dial(listener)];
      await sleep(10);
      await first.stop();
      const other = await listen();
      const second = serve(other);
      clients.push(await dial(other), await dial(other));
      await sleep(10);
      await other.close();
      await second;
      for (const client of clients) {
        expect(await client.receive().catch(() => undefined)).toBeUndefined();
      }
    }),
  );

  test(
    'one at a time: a second serve, or an accept beside it, is refused',
    withListener(async (listener, group) => {
      group.spawn(() => listener.serve(echo));
      await expect(listener.serve(echo)).rejects.toMatchObject({ name: 'BusyResourceError' });
      await expect(listener.accept()).rejects.toMatchObject({ name: 'BusyResourceError' });
      expect(await ask(await dial(listener), 'on')).toBe('on');
      await listener.close();
      await expect(listener.serve(echo)).rejects.toMatchObject({ name: 'ClosedResourceError' });
      await expect(listener.accept()).rejects.toMatchObject({ name: 'ClosedResourceError' });
    }),
  );

  test.each([
    [undefined, undefined, 'TypeError', 'handler is undefined'],
    [echo, 3, 'TypeError', 'options is 3'],
    [echo, { limit: 0 }, 'RangeError', 'limit is 0'],
    [echo, { grace: -1 }, 'RangeError', 'grace is -1'],
    [echo, { grace: NaN }, 'RangeError', 'grace is NaN'],
    [echo, { onError: 'log' }, 'TypeError', 'onError is "log"'],
    [echo, { signal: {} }, 'TypeError', 'signal is an object'],
  ])('refuses %p, %p, and the listener goes on', async (handler, options, name, message) => {
    await taskGroup(async (group) => {
      const listener = await listen();
      await expect(listener.serve(handler as never, options as never)).rejects.toMatchObject({
        name,
        message: expect.stringContaining(`serve: ${message}`) as string,
      });
      group.spawn(() => listener.serve(echo));
      expect(await ask(await dial(listener), 'x')).toBe('x');
      await listener.close();
    });
  });

  test(
    'cancelled before, it does not begin, and the listener goes on',
    withListener(async (listener) => {
      await expect(listener.serve(echo, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
      const stream = await dial(listener);
      expect((await listener.accept()).remoteAddress).toEqual(stream.localAddress);
    }),
  );
});

describe('close, while it serves', () => {
  // rule 263
  test(
    'ends serve() well, once the handlers are cancelled; waits for that',
    withListener(async (listener, group) => {
      let isOver = false;
      const serving = group.spawn(() =>
        listener.serve(async () => {
          try {
            await sleepForever();
          } finally {
            await Promise.resolve();
            isOver = true;
          }
        }),
      );
      const client = await dial(listener);
      await sleep(10);
      await listener.close();
      expect(isOver).toBe(true);
      await serving;
      expect(await client.receive().catch(() => undefined)).toBeUndefined();
    }),
  );

  // rule 263
  test(
    'with a grace it waits for handlers that finish',
    withListener(async (listener, group) => {
      const serving = group.spawn(() => listener.serve(echo));
      const client = await dial(listener);
      await ask(client, 'x');
      const closing = group.spawn(() => listener.close({ grace: 10_000 }));
      await sleep(10);
      expect(await ask(client, 'still')).toBe('still');
      await expect(dial(listener)).rejects.toEqual(refused);
      expect(closing.done).toBe(false);
      await client.sendEof();
      await closing;
      await serving;
    }),
  );

  test(
    'the grace is no longer than it says; a second close() without one ends it',
    withListener(async (listener, group) => {
      group.spawn(() => listener.serve(() => sleepForever()));
      await dial(listener);
      await sleep(10);
      const before = performance.now();
      await listener.close({ grace: 25 });
      expect(performance.now() - before).toBeGreaterThan(23);
      const other = await listen();
      group.spawn(() => other.serve(() => sleepForever()));
      await dial(other);
      await sleep(10);
      const closing = group.spawn(() => other.close({ grace: Infinity }));
      await sleep(5);
      await other.close();
      await closing;
    }),
  );

  test(
    'cancelled while it waits: there is no grace any more',
    withListener(async (listener, group) => {
      const serving = group.spawn(() => listener.serve(() => sleepForever()));
      await dial(listener);
      await sleep(10);
      await moveOnAfter(10, () => listener.close({ grace: Infinity }));
      expect(serving.done).toBe(true);
      await serving;
    }),
  );

  test(
    'by a handler: does not wait for itself',
    withListener(async (listener, group) => {
      const done: string[] = [];
      const serving = group.spawn(() =>
        listener.serve(async (stream) => {
          if (String(await stream.receive()) === 'stop') await listener.close({ grace: 5000 });
          done.push('closed');
          await stream.send('bye');
        }),
      );
      const [first, second] = [await dial(listener), await dial(listener)];
      expect(await ask(first, 'stop')).toBe('bye');
      expect(await ask(second, 'me too')).toBe('bye');
      await serving;
      expect(done).toEqual(['closed', 'closed']);
    }),
  );

  test.each([
    [{ grace: -1 }, 'RangeError'],
    [{ grace: '1' }, 'TypeError'],
    [4, 'TypeError'],
  ])('refuses %j, and goes on', async (options, name) => {
    await taskGroup(async () => {
      const listener = await listen();
      await expect(listener.close(options as never)).rejects.toMatchObject({ name });
      await dial(listener);
    });
  });
});

test('a handler may leave with the connection half-closed, or reset', async () => {
  await taskGroup(async (group) => {
    const listener = await listen();
    const errors: string[] = [];
    group.spawn(() =>
      listener.serve(echo, { onError: (error) => errors.push((error as Error).name) }),
    );
    const half = await dial(listener);
    await half.send('last');
    await half.sendEof();
    expect(String(await half.receive())).toBe('last');
    expect(await half.receive()).toBeUndefined();
    const reset = connect({ port: listener.address.port, host });
    await new Promise((resolve) => reset.once('connect', resolve));
    await sleep(5);
    reset.resetAndDestroy();
    await sleep(10);
    expect(errors).toEqual(['BrokenResourceError']);
    expect(await ask(await dial(listener), 'on')).toBe('on');
    await listener.close();
  });
});
