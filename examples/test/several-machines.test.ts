import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { CancelScope, gather, sleep, taskGroup } from '@ambit/core';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { serveHttp } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';
import { memoryStore } from '@ambit/sync/lease';
import { redisStore } from '@ambit/sync/redis';
import { startPostgres, startRedis } from '../../test-servers/servers.ts';
import type { TestServer } from '../../test-servers/servers.ts';
import { until } from '../../test-servers/until.ts';
import { limited, refreshPrices, sendReports } from '../guides/several-machines.ts';

// The programs of the guide on several machines: the nodes are tasks, or processes with real servers.

jest.setTimeout(120_000);

const steady = (): { loop: VirtualLoop } => ({
  loop: new VirtualLoop({ date: new Date('2026-03-01T12:00:00Z') }),
});

test('one node refreshes the prices; another takes over when it is gone', () =>
  testRun(async () => {
    const store = memoryStore();
    const log: string[] = [];
    const nodes = ['a', 'b'].map((name) => ({ name, scope: new CancelScope() }));
    await taskGroup(async (group) => {
      for (const { name, scope } of nodes) {
        const refresh = async (fence: number): Promise<void> => void log.push(`${name} ${fence}`);
        group.spawn(() => scope.run(() => refreshPrices(store, refresh)));
      }
      await sleep(2500);
      nodes[0]!.scope.cancel();
      await sleep(2500);
      nodes[1]!.scope.cancel();
    });
    expect(log).toEqual(['a 1', 'a 1', 'b 2', 'b 2']);
  }, steady()));

test('one node of three sends the report of each minute', () =>
  testRun(async () => {
    const store = memoryStore();
    const log: string[] = [];
    const scope = new CancelScope();
    const send = async (minute: Date): Promise<void> => void log.push(minute.toISOString());
    await scope.run(async () => {
      const nodes = gather(Array.from({ length: 3 }, () => () => sendReports(store, send)));
      await sleep(150_000);
      scope.drain();
      await nodes;
    });
    expect(log).toEqual(['2026-03-01T12:01:00.000Z', '2026-03-01T12:02:00.000Z']);
  }, steady()));

const cleanup: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of cleanup.splice(0)) await end();
});

test('two nodes of an API share one rate on Redis', async () => {
  const server = await startRedis();
  const clients = [new Redis(server.port, '127.0.0.1'), new Redis(server.port, '127.0.0.1')];
  cleanup.push(async () => {
    for (const client of clients) await client.quit();
    await server.stop();
  });
  await taskGroup(async (group) => {
    const ports: number[] = [];
    for (const client of clients) {
      const handler = limited(redisStore(client), (_, response) => response.end('a price'));
      const { port } = await group.start<HttpAddress>((_task, onListening) =>
        serveHttp(handler, { port: 0, host: '127.0.0.1', onListening }),
      );
      ports.push(port);
    }
    const ask = async (port: number): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/`)).status;
    const codes = await gather(Array.from({ length: 20 }, (_, at) => () => ask(ports[at % 2]!)));
    const passed = codes.filter((code) => code === 200).length;
    // Those of the burst; one more each 200 ms that the requests took.
    expect(passed).toBeGreaterThanOrEqual(5);
    expect(passed).toBeLessThan(12);
    expect(codes.filter((code) => code === 429)).toHaveLength(20 - passed);
    group.scope.cancel();
  });
});

describe('nodes that ship orders', () => {
  const ORDERS = 400;
  let server: TestServer;
  let pool: Pool;
  const nodes = new Map<string, ChildProcess>();

  const count = async (what: string): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`);
    return rows[0]!.n;
  };

  beforeAll(async () => {
    server = await startPostgres();
    pool = new Pool({ host: '127.0.0.1', port: server.port, user: 'postgres' });
    await pool.query(`
      CREATE TABLE orders (id serial PRIMARY KEY, shipped_by text, fence bigint NOT NULL DEFAULT 0);
      CREATE TABLE parcels (order_id int REFERENCES orders);
      INSERT INTO orders (shipped_by) SELECT NULL FROM generate_series(1, ${ORDERS})`);
    for (const name of ['a', 'b', 'c']) {
      const program = join(__dirname, '../dist/guides/order-node.js');
      const args = ['--enable-source-maps', program, String(server.port), name];
      nodes.set(name, spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
    }
  });

  afterAll(async () => {
    for (const node of nodes.values()) {
      if (node.signalCode !== null || node.exitCode !== null) continue;
      node.kill('SIGKILL');
      await once(node, 'exit');
    }
    await pool.end();
    await server.stop();
  });

  test('a node is killed by kill -9, and each order is shipped once', async () => {
    await until(async () => (await count('parcels')) > 20);
    const { rows } = await pool.query<{ name: string }>(
      'SELECT shipped_by AS name FROM orders WHERE shipped_by IS NOT NULL ORDER BY id DESC LIMIT 1',
    );
    nodes.get(rows[0]!.name)!.kill('SIGKILL');
    await until(async () => (await count('parcels')) === ORDERS);
    expect(await count('(SELECT DISTINCT order_id FROM parcels) AS different')).toBe(ORDERS);
    expect(await count('orders WHERE shipped_by IS NULL')).toBe(0);
    const terms = await pool.query<{ shipped_by: string; min: number }>(
      'SELECT shipped_by, fence, min(id) FROM orders GROUP BY 1, 2 ORDER BY fence',
    );
    expect(terms.rows).toHaveLength(2);
    expect(terms.rows[0]!.shipped_by).toBe(rows[0]!.name);
    // In the order of the fences, and of the orders: the second begins where the first has ended.
    const starts = terms.rows.map(({ min }) => min);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });
});
