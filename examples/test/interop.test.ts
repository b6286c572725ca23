import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { CancelScope, moveOnAfter, sleep, taskGroup, timeout } from '@ambit/core';
import type { HttpAddress, ServeHttpOptions } from '@ambit/io';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import * as expressInterop from '../interop/express.ts';
import * as fastifyInterop from '../interop/fastify.ts';
import { price, withSignal } from '../interop/fetch.ts';
import { query } from '../interop/pg.ts';
import { blocking, command } from '../interop/redis.ts';

jest.setTimeout(30_000);

const cleanup: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

/** Prices in JSON; asked for `never`, it says when the client has gone. */
async function priceServer() {
  const gone: string[] = [];
  const server = createHttpServer((request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) gone.push(request.url ?? '');
    });
    if (request.url !== '/never') setTimeout(() => response.end('{"coins":5}'), 30);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), gone };
}

async function until(condition: () => boolean): Promise<void> {
  for (let at = 0; !condition(); at += 1) {
    if (at > 500) throw new Error('that does not happen');
    await sleep(10);
  }
}

type Serve = (options: ServeHttpOptions) => Promise<never>;

describe.each([
  [
    'express',
    (prices: URL): Serve =>
      (options) =>
        expressInterop.serve(expressInterop.makeApp(prices), options),
  ],
  [
    'fastify',
    (prices: URL): Serve =>
      (options) =>
        fastifyInterop.serve(fastifyInterop.makeApp(prices), options),
  ],
])('%s', (_, make) => {
  test('serves; a client that leaves cancels what was asked for it; stopped, it finishes what is under way', async () => {
    const { url: prices, gone } = await priceServer();
    const errors: unknown[] = [];
    const service = new CancelScope();
    await taskGroup(async (group) => {
      const { port } = await group.start<HttpAddress>((task, started) =>
        service.run(() =>
          make(prices)({
            port: 0,
            host: '127.0.0.1',
            onListening: started,
            onError: (error) => void errors.push(error),
          }),
        ),
      );
      const url = `http://127.0.0.1:${port}/prices/`;
      expect(await (await fetch(`${url}milk`)).json()).toEqual({ coins: 5 });
      const client = new AbortController();
      const left = fetch(`${url}never`, { signal: client.signal });
      setTimeout(() => client.abort(), 50);
      await expect(left).rejects.toMatchObject({ name: 'AbortError' });
      await until(() => gone.length > 0);
      expect(gone).toEqual(['/never']);
      const last = fetch(`${url}bread`);
      await sleep(15);
      service.cancel();
      const response = await last;
      expect(response.headers.get('connection')).toBe('close');
      expect(await response.json()).toEqual({ coins: 5 });
    });
    expect(errors).toEqual([]);
  });
});

describe('clients with a signal', () => {
  test('fetch needs nothing', async () => {
    const { url, gone } = await priceServer();
    await expect(timeout(2000, () => price(new URL('milk', url)))).resolves.toEqual({ coins: 5 });
    await expect(timeout(50, () => price(new URL('never', url)))).rejects.toThrow();
    await until(() => gone.length > 0);
  });

  test('the others get one that lives no longer than the call', async () => {
    const signals: AbortSignal[] = [];
    const call = (ms: number) => (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<string>((resolve, reject) => {
        const timer = setTimeout(() => resolve('value'), ms);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(new Error('CanceledError: their own word'));
        });
      });
    };
    expect(await withSignal(call(1))).toBe('value');
    expect(await moveOnAfter(10, () => withSignal(call(1000)))).toBeUndefined();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    await expect(withSignal(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});

interface Place {
  readonly host: string;
  readonly port: number;
}

async function listening(onSocket: (socket: Socket) => void): Promise<Place> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** As much of PostgreSQL's protocol as these tests use; `AMBIT_TEST_PG` (host:port) names a real one. */
async function postgres(): Promise<Place> {
  const given = process.env['AMBIT_TEST_PG'];
  if (given !== undefined) return placeOf(given);
  const running = new Map<number, () => void>();
  let sessions = 0;

  const message = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(5, type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const int16 = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
  const int32 = (n: number): Buffer => Buffer.concat([int16(n >> 16), int16(n & 65_535)]);
  const ready = message('Z', Buffer.from('I'));
  const column = Buffer.concat([
    Buffer.from('x\0'),
    int32(0),
    int16(0),
    int32(25),
    int16(-1),
    int32(-1),
    int16(0),
  ]);
  const row = Buffer.concat([
    message('T', Buffer.concat([int16(1), column])),
    message('D', Buffer.concat([int16(1), int32(1), Buffer.from('1')])),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ]);
  const cancelled = Buffer.concat([
    message('E', Buffer.from('SERROR\0C57014\0Mcanceling statement due to user request\0\0')),
    ready,
  ]);

  return listening((socket) => {
    sessions += 1;
    const id = sessions;
    let isStarted = false;
    socket.on('data', (data) => {
      if (!isStarted) {
        if (data.readInt32BE(4) === 80_877_102) {
          if (data.readInt32BE(12) === 1234) running.get(data.readInt32BE(8))?.();
          socket.end();
          return;
        }
        isStarted = true;
        const key = message('K', Buffer.concat([int32(id), int32(1234)]));
        socket.write(Buffer.concat([message('R', int32(0)), key, ready]));
        return;
      }
      if (String(data.subarray(0, 1)) !== 'Q') return;
      const seconds = Number(/pg_sleep\((.*?)\)/.exec(String(data))?.[1] ?? 0);
      const timer = setTimeout(() => {
        running.delete(id);
        socket.write(row);
      }, seconds * 1000);
      socket.on('close', () => clearTimeout(timer));
      running.set(id, () => {
        clearTimeout(timer);
        socket.write(cancelled);
      });
    });
  });
}

function placeOf(given: string): Place {
  const [host = '', port] = given.split(':');
  return { host, port: Number(port) };
}

describe('pg', () => {
  async function pool(options = {}): Promise<Pool> {
    const made = new Pool({
      ...(await postgres()),
      user: 'postgres',
      database: 'postgres',
      ...options,
    });
    cleanup.push(() => made.end());
    return made;
  }

  test('a query that is cancelled ends on the server, and its connection serves the next one', async () => {
    const one = await pool({ max: 1 });
    expect((await query(one, `SELECT '1' AS x`)).rows).toEqual([{ x: '1' }]);
    let first: unknown;
    one.once('acquire', (client: unknown) => (first = client));
    const scope = new CancelScope();
    const start = performance.now();
    let error: unknown;
    const cut = scope.run(() =>
      query(one, `SELECT '1' AS x, pg_sleep(20)`).catch((caught: unknown) => {
        error = caught;
      }),
    );
    await sleep(100);
    scope.cancel();
    await cut;
    expect(error).toBe(scope.reason);
    expect(performance.now() - start).toBeLessThan(5000);
    let second: unknown;
    one.once('acquire', (client: unknown) => (second = client));
    expect((await query(one, `SELECT '1' AS x`)).rows).toEqual([{ x: '1' }]);
    expect(second).toBe(first);
  });

  test('waiting for a connection can be cancelled, and the connection is not lost', async () => {
    const one = await pool({ max: 1 });
    const held = await one.connect();
    expect(await moveOnAfter(20, () => query(one, `SELECT '1' AS x`))).toBeUndefined();
    held.release();
    expect((await query(one, `SELECT '1' AS x`)).rows).toEqual([{ x: '1' }]);
    expect([one.totalCount, one.idleCount]).toEqual([1, 1]);
  });

  test('a query that fails rejects as ever', async () => {
    const one = await pool();
    await one.end();
    await expect(query(one, 'SELECT 1')).rejects.toThrow('after calling end');
    cleanup.pop();
  });
});

/** As much of Redis as these tests use; `AMBIT_TEST_REDIS` (host:port) names a real one. */
async function redisServer(): Promise<Place> {
  const given = process.env['AMBIT_TEST_REDIS'];
  if (given !== undefined) return placeOf(given);
  const values = new Map<string, string>();
  const waiting = new Map<Socket, string>();
  const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

  function answer(socket: Socket, [name = '', key = '', value = '']: string[]): string {
    if (name === 'info') return bulk('redis_version:7.0.0\r\nloading:0\r\n');
    if (name === 'set') values.set(key, value);
    if (name === 'get') return bulk(values.get(key) ?? '');
    if (name === 'blpop') {
      waiting.set(socket, key);
      socket.on('close', () => waiting.delete(socket));
      return '';
    }
    if (name !== 'rpush') return '+OK\r\n';
    const [waiter] = [...waiting].find(([, wanted]) => wanted === key) ?? [];
    if (waiter !== undefined) waiting.delete(waiter);
    waiter?.write(`*2\r\n${bulk(key)}${bulk(value)}`);
    return waiter === undefined ? ':1\r\n' : ':0\r\n';
  }

  return listening((socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      // Arrays of bulk strings; the client sends each command in one piece.
      for (const part of text.split(/^\*\d+\r\n/m).slice(1)) {
        const words = part.split('\r\n').filter((_, at) => at % 2 === 1);
        socket.write(answer(socket, [words[0]?.toLowerCase() ?? '', ...words.slice(1)]));
      }
    });
  });
}

describe('ioredis', () => {
  async function client(): Promise<Redis> {
    const redis = new Redis(await redisServer());
    cleanup.push(() => redis.disconnect());
    await once(redis, 'ready');
    return redis;
  }

  test('a command that is cancelled has been sent all the same; the connection goes on', async () => {
    const redis = await client();
    const scope = new CancelScope();
    let error: unknown;
    await scope.run(async () => {
      const sending = command(() => redis.set('key', 'value')).catch((caught: unknown) => {
        error = caught;
      });
      scope.cancel();
      await sending;
    });
    expect(error).toBe(scope.reason);
    expect(await command(() => redis.get('key'))).toBe('value');
    let isSent = false;
    const before = new CancelScope();
    await before.run(() => {
      before.cancel();
      return command(() => {
        isSent = true;
        return redis.get('key');
      });
    });
    expect(isSent).toBe(false);
  });

  test('a command that blocks and is cancelled is forgotten by the server', async () => {
    const redis = await client();
    const list = `list-${process.pid}`;
    expect(
      await moveOnAfter(100, () => blocking(redis, (own) => own.blpop(list, 0))),
    ).toBeUndefined();
    await sleep(50);
    // Nobody took it: the list is one longer.
    expect(await redis.rpush(list, 'first')).toBe(1);
    await redis.del(list);
    const popped = blocking(redis, (own) => own.blpop(list, 0));
    await sleep(100);
    await redis.rpush(list, 'second');
    expect(await popped).toEqual([list, 'second']);
  });
});
