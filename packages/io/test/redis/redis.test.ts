import http from 'node:http';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import {
  CancelScope,
  gather,
  isCancelled,
  moveOnAfter,
  sleep,
  suppressedErrors,
} from '@ambit/core';
import { taskGroup, timeout, TimeoutError } from '@ambit/core';
import { startRedis } from '../../../../test-servers/servers.ts';
import type { TestServer } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';
import { BrokenResourceError } from '../../src/index.ts';
import { blocking, command, subscribe } from '../../src/redis.ts';
import type { RedisClient } from '../../src/redis.ts';
import { serving } from '../support/http-parts.ts';
import { published } from '../postgres/pg-parts.ts';
import { seeded } from '../support/seeded.ts';

let server: TestServer;
let observer: Redis;

beforeAll(async () => {
  server = await startRedis();
  observer = new Redis(server.port, '127.0.0.1');
});

afterAll(async () => {
  await observer.quit();
  await server.stop();
});

/** How many connections are blocked by a command. */
async function blocked(): Promise<number> {
  const info = await observer.info('clients');
  return Number(/blocked_clients:(\d+)/.exec(info)?.[1]);
}

const connections = async (): Promise<number> =>
  String(await observer.call('CLIENT', 'LIST'))
    .trim()
    .split('\n').length;

const clients = {
  ioredis: async (port: number) => {
    const client = new Redis(port, '127.0.0.1');
    client.on('error', () => undefined);
    return { client: client as RedisClient, close: () => client.disconnect() };
  },
  'node-redis': async (port: number) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on('error', () => undefined);
    await client.connect();
    const fits: RedisClient = client;
    return { client: fits, close: () => client.destroy() };
  },
};

describe.each(['ioredis', 'node-redis'] as const)('%s', (kind) => {
  let client: RedisClient;
  let close: () => void;

  beforeEach(async () => {
    await observer.flushall();
    ({ client, close } = await clients[kind](server.port));
  });

  test('a signal ends a wait, and nothing is sent for one that has aborted', async () => {
    const reason = new Error('enough');
    const gone = { signal: AbortSignal.abort(reason) };
    await expect(command(client, 'SET', 'a', '1', gone)).rejects.toBe(reason);
    await expect(blocking(client, 'BLPOP', 'a', 0, gone)).rejects.toBe(reason);
    await expect(subscribe(client, 'a', gone).next()).rejects.toBe(reason);
    expect(await observer.get('a')).toBeNull();
    const controller = new AbortController();
    const waits = [
      blocking(client, 'BLPOP', 'list', 0, { signal: controller.signal }),
      subscribe(client, 'news', { signal: controller.signal }).next(),
    ].map((wait) => wait.catch((error: unknown) => error));
    await until(async () => (await blocked()) === 1);
    controller.abort(reason);
    expect(await Promise.all(waits)).toEqual([reason, reason]);
    await until(async () => (await blocked()) === 0);
  });

  test('what is no signal is refused', async () => {
    const wrong = { signal: 5 as never };
    await expect(command(client, 'GET', 'a', wrong)).rejects.toThrow('command: signal is 5');
    await expect(blocking(client, 'BLPOP', 'a', 0, wrong)).rejects.toThrow('blocking: signal is 5');
    expect(() => subscribe(client, 'a', wrong)).toThrow('subscribe: signal is 5');
  });

  afterEach(async () => {
    try {
      close();
    } catch {
      // A test has closed it.
    }
    // Those of the door go with it.
    await until(async () => (await connections()) === 1);
  });

  describe('command', () => {
    test('gives the reply, and throws the error of the server', async () => {
      expect(await command(client, 'SET', 'key', 5)).toBe('OK');
      expect(await command(client, 'GET', 'key')).toBe('5');
      expect(await command(client, 'APPEND', 'key', Buffer.from('6'))).toBe(2);
      // Bytes that are no Buffer, with others around them.
      const bytes = new Uint8Array([0, 55, 56, 0]).subarray(1, 3);
      expect(await command(client, 'APPEND', 'key', bytes)).toBe(4);
      expect(await command(client, 'GET', 'key')).toBe('5678');
      await expect(command(client, 'LPUSH', 'key', 'x')).rejects.toThrow(/WRONGTYPE/);
    });

    test('a command that was sent is executed, although its caller is cancelled', async () => {
      const scope = new CancelScope();
      let seen: unknown;
      await scope.run(async () => {
        const sending = command(client, 'SET', 'key', 'sent').catch((error: unknown) => {
          seen = error;
        });
        setImmediate(() => scope.cancel());
        await sending;
      });
      expect(await command(client, 'GET', 'key')).toBe('sent');
      expect(seen === undefined || isCancelled(seen)).toBe(true);
    });

    test('in a cancelled scope nothing is sent', async () => {
      const scope = new CancelScope();
      await scope.run(() => {
        scope.cancel();
        return command(client, 'SET', 'key', 'never');
      });
      expect(await command(client, 'GET', 'key')).toBeNull();
    });

    test('a deadline ends the wait', async () => {
      await observer.call('CLIENT', 'PAUSE', '200');
      await expect(timeout(50, () => command(client, 'GET', 'key'))).rejects.toThrow(TimeoutError);
      // The connection goes on: replies come in order, and that one was dropped.
      expect(await command(client, 'GET', 'key')).toBeNull();
    });
  });

  describe('blocking', () => {
    test('gives what comes, and the next one uses the same connection', async () => {
      await command(client, 'PING');
      const before = await connections();
      for (const item of ['one', 'two', 'three']) {
        const popping = blocking(client, 'BLPOP', 'list', 0);
        await until(async () => (await blocked()) === 1);
        await command(client, 'RPUSH', 'list', item);
        expect(await popping).toEqual(['list', item]);
      }
      expect(await connections()).toBe(before + 1);
      expect(await blocking(client, 'BLPOP', 'list', 0.01)).toBeNull();
    });

    test('cancelled, it is unblocked on the server first, and its connection serves the next', async () => {
      await command(client, 'PING');
      const before = await connections();
      for (let round = 0; round < 5; round += 1) {
        expect(await moveOnAfter(30, () => blocking(client, 'BLPOP', 'list', 0))).toBeUndefined();
        expect(await blocked()).toBe(0);
      }
      expect(await connections()).toBe(before + 1);
      expect(await command(client, 'RPUSH', 'list', 'one')).toBe(1);
      expect(await blocking(client, 'BLPOP', 'list', 0)).toEqual(['list', 'one']);
    });

    test('no item is lost or taken twice in a race with the cancellation', async () => {
      const taken: string[] = [];
      const consumer = async (): Promise<void> => {
        for (let round = 0; round < 60; round += 1) {
          await moveOnAfter(round % 4, async () => {
            const reply = await blocking<[string, string] | null>(client, 'BLPOP', 'items', 0);
            if (reply !== null) taken.push(reply[1]);
          });
        }
      };
      const producer = async (): Promise<void> => {
        for (let item = 0; item < 100; item += 1) {
          await command(client, 'RPUSH', 'items', item);
          if (item % 5 === 0) await sleep(1);
        }
      };
      await gather([consumer, consumer, producer]);
      const rest = await observer.lrange('items', 0, -1);
      expect([...taken, ...rest].map(Number).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 100 }, (_, at) => at),
      );
    });

    test('XREAD BLOCK is cancelled too', async () => {
      const read = (): Promise<unknown> =>
        blocking(client, 'XREAD', 'BLOCK', 0, 'STREAMS', 'stream', '$');
      expect(await moveOnAfter(50, read)).toBeUndefined();
      expect(await blocked()).toBe(0);
    });

    test('25 clients that leave: none is blocked on the server', async () => {
      const handler = async (): Promise<void> => {
        await blocking(client, 'BLPOP', 'list', 0);
      };
      await serving(handler, async ({ port }) => {
        const requests = Array.from({ length: 25 }, () =>
          http.get({ port, host: '127.0.0.1' }).on('error', () => undefined),
        );
        await until(async () => (await blocked()) === 25);
        for (const request of requests) request.destroy();
        await until(async () => (await blocked()) === 0);
      });
      expect(await command(client, 'RPUSH', 'list', 'one')).toBe(1);
    });

    test('a shutdown under load leaves nothing blocked', async () => {
      const scope = new CancelScope();
      const work = scope.run(() =>
        taskGroup((group) => {
          for (let worker = 0; worker < 10; worker += 1) {
            void group.spawn(async () => {
              for (;;) await blocking(client, 'BLPOP', `list ${worker % 3}`, 0);
            });
          }
          return sleep(10_000);
        }),
      );
      await until(async () => (await blocked()) === 10);
      scope.cancel();
      await work;
      expect(await blocked()).toBe(0);
    });

    test('a lost connection is an error of its caller, and is replaced', async () => {
      const seen = blocking(client, 'BLPOP', 'list', 0).catch((error: unknown) => error);
      await until(async () => (await blocked()) === 1);
      await observer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      expect(await seen).toBeInstanceOf(BrokenResourceError);
      await until(async () => (await command(client, 'PING').catch(() => '')) === 'PONG');
      await command(client, 'RPUSH', 'list', 'after');
      expect(await blocking(client, 'BLPOP', 'list', 0)).toEqual(['list', 'after']);
    });

    test('an error of the server comes out, and the connection goes on', async () => {
      await command(client, 'SET', 'text', 'x');
      const before = await connections();
      for (let round = 0; round < 3; round += 1) {
        await expect(blocking(client, 'BLPOP', 'text', 0)).rejects.toThrow(/WRONGTYPE/);
      }
      expect(await connections()).toBe(before + 1);
    });

    test('a server that unblocks nothing: the connection is closed after the grace', async () => {
      using failures = published('ambit:redis:error');
      await observer.call('ACL', 'SETUSER', 'default', '-client|unblock');
      try {
        const scope = new CancelScope();
        let seen: unknown;
        const work = scope.run(async () => {
          try {
            await blocking(client, 'BLPOP', 'list', 0);
          } catch (error) {
            seen = error;
          }
        });
        await until(async () => (await blocked()) === 1);
        scope.cancel();
        await work.catch(() => undefined);
        expect(isCancelled(seen)).toBe(true);
        expect(suppressedErrors(seen)).toEqual([expect.any(BrokenResourceError)]);
        expect(failures.messages).toEqual([
          { operation: 'unblock', error: suppressedErrors(seen)[0] },
        ]);
        await until(async () => (await blocked()) === 0);
      } finally {
        await observer.call('ACL', 'SETUSER', 'default', '+client|unblock');
      }
    });

    test('the end of the client ends what blocks', async () => {
      const seen = blocking(client, 'BLPOP', 'list', 0).catch((error: unknown) => error);
      await until(async () => (await blocked()) === 1);
      close();
      expect(await seen).toBeInstanceOf(BrokenResourceError);
    });
  });

  describe('subscribe', () => {
    const subscribers = async (channel: string): Promise<number> =>
      Number((await observer.pubsub('NUMSUB', channel))[1]);

    test('gives what is published from the subscription on, none lost, and ends cleanly', async () => {
      const messages = subscribe(client, 'news', 'weather');
      await until(async () => (await subscribers('weather')) === 1);
      const expected: string[] = [];
      for (let at = 0; at < 200; at += 1) {
        const channel = at % 2 === 0 ? 'news' : 'weather';
        void observer.publish(channel, String(at));
        expected.push(`${channel} ${at}`);
      }
      const heard: string[] = [];
      for await (const { channel, message } of messages) {
        heard.push(`${channel} ${message}`);
        if (heard.length === 200) break;
        if (heard.length % 40 === 0) await sleep(2);
      }
      expect(heard).toEqual(expected);
      expect(await subscribers('news')).toBe(0);
    });

    test('a cancelled loop, and the end of a group, close its connection', async () => {
      const loop = async (): Promise<void> => {
        for await (const _message of subscribe(client, 'news'));
      };
      const cancelled = moveOnAfter(100, loop);
      await until(async () => (await subscribers('news')) === 1);
      expect(await cancelled).toBeUndefined();
      expect(await subscribers('news')).toBe(0);
      await taskGroup(async () => {
        subscribe(client, 'news');
        await until(async () => (await subscribers('news')) === 1);
      });
      await until(async () => (await subscribers('news')) === 0);
    });

    test('a connection that is lost is replaced', async () => {
      using failures = published('ambit:redis:error');
      const messages = subscribe(client, 'news');
      await until(async () => (await subscribers('news')) === 1);
      await observer.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(async () => (await subscribers('news')) === 1);
      await observer.publish('news', 'after');
      expect((await messages.next()).value).toEqual({ channel: 'news', message: 'after' });
      await messages.close();
      expect(failures.messages.every(({ operation }) => operation === 'subscribe')).toBe(true);
    });

    test('the end of the client ends it with an error', async () => {
      const messages = subscribe(client, 'news');
      const next = messages.next().catch((error: unknown) => error);
      await until(async () => (await subscribers('news')) === 1);
      close();
      expect(await next).toBeInstanceOf(BrokenResourceError);
      await messages.close();
    });
  });

  test('random cancellations by seed lose no connection', async () => {
    const random = seeded(kind.length);
    const once = async (): Promise<void> => {
      await moveOnAfter(random() * 20, async () => {
        if (random() < 0.7) await blocking(client, 'BLPOP', `list ${Math.floor(random() * 3)}`, 0);
        else await command(client, 'RPUSH', `list ${Math.floor(random() * 3)}`, 'x');
      });
    };
    await gather(Array.from({ length: 40 }, () => once));
    expect(await blocked()).toBe(0);
    // Some may still be opened for callers that have left.
    let count = -1;
    await until(async () => count === (count = await connections()));
    await gather(Array.from({ length: 10 }, () => () => blocking(client, 'BLPOP', 'none', 0.01)));
    expect(await connections()).toBe(Math.max(count, 12));
  });
});

test('bad arguments are refused with their names', async () => {
  const wrong = (fn: unknown, ...args: unknown[]): Promise<unknown> =>
    (fn as (...args: unknown[]) => Promise<unknown>)(...args);
  await expect(wrong(command, undefined, 'GET')).rejects.toThrow(/command: client is undefined/);
  await expect(wrong(command, observer, '')).rejects.toThrow(/command: name is ""/);
  await expect(wrong(command, observer, 'GET', {})).rejects.toThrow(/an argument of GET/);
  await expect(wrong(blocking, {}, 'BLPOP')).rejects.toThrow(/blocking: client is an object/);
  await expect(wrong(blocking, { call: () => 1, isCluster: true }, 'BLPOP')).rejects.toThrow(
    /cluster/,
  );
  expect(() => subscribe(observer)).toThrow(/channels is empty/);
  expect(() => subscribe(observer, '')).toThrow(/a channel is ""/);
});
