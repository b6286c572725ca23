import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import postgres from 'postgres';
import { CancelScope, gather, moveOnAfter, taskGroup } from '@ambit/core';
import type { HttpAddress } from '@ambit/io';
import { startPostgres, startRedis } from '../../test-servers/servers.ts';
import type { TestServer } from '../../test-servers/servers.ts';
import { until } from '../../test-servers/until.ts';
import * as withPostgresJs from '../guides/postgres-js.ts';
import * as withFastify from '../guides/pg-fastify.ts';
import { placeOrder, serve, shipOrders } from '../guides/postgresql.ts';
import { follow, price, work } from '../guides/redis.ts';

// The programs of the guides on databases, with real servers.

describe('PostgreSQL', () => {
  let server: TestServer;
  let observer: Pool;
  const pool = (): Pool =>
    new Pool({ host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres' });

  beforeAll(async () => {
    server = await startPostgres();
    observer = pool();
    await observer.query(`
      CREATE TABLE stock (item text PRIMARY KEY, pieces int);
      CREATE TABLE orders (id serial PRIMARY KEY, customer text, item text);
      INSERT INTO stock VALUES ('lamp', 3)`);
  });

  afterAll(async () => {
    await observer.end();
    await server.stop();
  });

  test('orders are taken together, shipped once, and no piece is sold twice', async () => {
    const own = pool();
    const shipped: string[] = [];
    const scope = new CancelScope();
    const work = scope.run(() =>
      gather(
        Array.from(
          { length: 2 },
          () => () =>
            shipOrders(own, async ({ item }) => {
              shipped.push(item);
            }),
        ),
      ),
    );
    const customers = ['Ada', 'Bob', 'Cleo', 'Dan', 'Eve'];
    const placed = await gather(customers.map((name) => () => placeOrder(own, name, 'lamp')));
    expect(placed.filter((id) => id !== undefined)).toHaveLength(3);
    await until(() => shipped.length === 3);
    scope.cancel();
    await work;
    const { rows } = await observer.query('SELECT pieces FROM stock');
    expect(rows).toEqual([{ pieces: 0 }]);
    await own.end();
  });

  test('with postgres.js, no piece is sold twice either', async () => {
    await observer.query("INSERT INTO stock VALUES ('chair', 3)");
    const { port } = server;
    const sql = postgres({ host: '127.0.0.1', port, user: 'postgres', fetch_types: false });
    const names = ['Ada', 'Bob', 'Cleo', 'Dan', 'Eve'];
    const order = (customer: string) => () =>
      withPostgresJs.placeOrder(sql, { customer, item: 'chair' });
    const sold = await gather(names.map(order));
    expect(sold.filter((isSold) => isSold)).toHaveLength(3);
    const orders = await gather(names.map((name) => () => withPostgresJs.ordersOf(sql, name)));
    expect(orders.flat().filter(({ item }) => item === 'chair')).toHaveLength(3);
    await sql.end();
  });

  test('a client that leaves ends its query on the server, and the pool is closed at the end', async () => {
    const own = pool();
    await observer.query(`INSERT INTO orders (customer, item) VALUES ('Zoe', 'lamp')`);
    const service = new CancelScope();
    await taskGroup(async (group) => {
      const { port } = await group.start<HttpAddress>((_task, onListening) =>
        service.run(() => serve(own, { port: 0, host: '127.0.0.1', grace: 500, onListening })),
      );
      const response = await fetch(`http://127.0.0.1:${port}/?customer=Zoe`);
      expect(await response.json()).toEqual([expect.objectContaining({ item: 'lamp' })]);
      const holder = await observer.connect();
      await holder.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const client = get({ port, host: '127.0.0.1', path: '/?customer=Zoe' });
      client.on('error', () => undefined);
      const waiting = async (): Promise<number> => {
        const { rows } = await holder.query<{ count: number }>(
          `SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
        );
        return rows[0]!.count;
      };
      await until(async () => (await waiting()) === 1);
      client.destroy();
      await until(async () => (await waiting()) === 0);
      await holder.query('ROLLBACK');
      holder.release();
      service.cancel();
    });
    expect(own.ended).toBe(true);
  });

  test('with Fastify, a query that is too slow is ended on the server and answered with 504', async () => {
    await observer.query(`INSERT INTO orders VALUES (1000, 'Zoe', 'lamp')`);
    const service = new CancelScope();
    await taskGroup(async (group) => {
      const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`;
      const { port } = await group.start<HttpAddress>((_task, onListening) =>
        service.run(() => withFastify.serve(url, { port: 0, host: '127.0.0.1', onListening })),
      );
      const ask = (id: number): Promise<Response> => fetch(`http://127.0.0.1:${port}/orders/${id}`);
      // The first ones connect, which may take its time.
      await until(async () => (await ask(1000)).status === 200);
      expect(await (await ask(1000)).json()).toEqual({ id: 1000, item: 'lamp' });
      expect((await ask(9999)).status).toBe(404);
      const holder = await observer.connect();
      await holder.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      expect((await ask(1000)).status).toBe(504);
      const { rows } = await holder.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
      );
      expect(rows).toEqual([]);
      await holder.query('ROLLBACK');
      holder.release();
      service.cancel();
    });
  });
});

describe('Redis', () => {
  let server: TestServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.port, '127.0.0.1');
  });

  afterAll(async () => {
    await redis.quit();
    await server.stop();
  });

  test('a price comes from the cache, or from the shop if Redis is slow', async () => {
    await redis.set('price:lamp', 7);
    expect(await price(redis, 'lamp', async () => 9)).toBe(7);
    expect(await price(redis, 'desk', async () => 9)).toBe(9);
    const complaint = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    await redis.call('CLIENT', 'PAUSE', '300');
    expect(await price(redis, 'lamp', async () => 9)).toBe(9);
    expect(complaint).toHaveBeenCalledTimes(1);
    complaint.mockRestore();
  });

  test('workers that are cancelled give their jobs back', async () => {
    await redis.rpush('jobs', 'quick', 'slow', 'later');
    const done: string[] = [];
    await moveOnAfter(200, () =>
      work(redis, async (job) => {
        if (job === 'slow') await pause(5000, undefined, { signal: AbortSignal.timeout(100) });
        done.push(job);
      }),
    ).catch(() => undefined);
    expect(done).toEqual(['quick']);
    expect(await redis.lrange('jobs', 0, -1)).toEqual(['slow', 'later']);
    expect(await redis.lrange('running', 0, -1)).toEqual([]);
    const idle = moveOnAfter(200, () => work(redis, async (job) => void done.push(job)));
    await idle;
    expect(done).toEqual(['quick', 'slow', 'later']);
    expect(await redis.lrange('running', 0, -1)).toEqual([]);
  });

  test('a configuration follows its channels', async () => {
    const config = new Map<string, string>();
    const scope = new CancelScope();
    const following = scope.run(() => follow(redis, config));
    await until(async () => (await redis.publish('limit', '5')) === 1);
    await until(() => config.get('limit') === '5');
    scope.cancel();
    await following;
    expect(await redis.publish('limit', '6')).toBe(0);
  });
});
