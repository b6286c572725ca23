import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Pool } from 'pg';
import { startPostgres, startRedis } from '../../test-servers/servers.ts';
import type { TestServer } from '../../test-servers/servers.ts';
import { until } from '../../test-servers/until.ts';

// The service that takes orders, with real servers: it is started, loaded and stopped as a supervisor would do it.

const root = resolve(__dirname, '../..');
const program = join(root, 'examples/dist/order-service/main.js');

jest.setTimeout(60_000);

let postgres: TestServer;
let redis: TestServer;
let pool: Pool;
const prices = createServer((_request, response) => response.end('{"price":1250}'));
const cleanup: (() => unknown)[] = [];

beforeAll(async () => {
  if (!existsSync(program))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
  [postgres, redis] = [await startPostgres(), await startRedis()];
  pool = new Pool({ host: '127.0.0.1', port: postgres.port, user: 'postgres', max: 1 });
  prices.listen(0, '127.0.0.1');
  await once(prices, 'listening');
});

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

afterAll(async () => {
  prices.close();
  prices.closeAllConnections();
  await pool.end();
  await redis.stop();
  await postgres.stop();
});

interface Service {
  readonly url: string;
  readonly child: ChildProcess;
}

async function start(): Promise<Service> {
  const env = {
    ...process.env,
    PGPORT: String(postgres.port),
    REDIS_PORT: String(redis.port),
    PORT: '0',
    PRICES: `http://127.0.0.1:${(prices.address() as AddressInfo).port}`,
  };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  cleanup.push(() => child.kill('SIGKILL'));
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, child };
}

function order(url: string, body: object): Promise<Response> {
  return fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Sends an order until it is accepted: a slow machine may need more than the limit of a request. */
async function accepted(url: string, id: string): Promise<void> {
  await until(async () => (await order(url, { id, item: 'lamp' })).status === 202);
}

async function count(where: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int FROM orders WHERE ${where}`,
  );
  return rows[0]!.count;
}

test('takes orders, makes their invoices, and tells of them', async () => {
  const { url } = await start();
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });
  expect((await order(url, { id: '' })).status).toBe(400);
  expect((await fetch(`${url}/orders/none`)).status).toBe(404);

  const events = new AbortController();
  const stream = await fetch(`${url}/events`, { signal: events.signal });
  const heard: string[] = [];
  const reading = (async () => {
    for await (const chunk of stream.body!) heard.push(Buffer.from(chunk).toString());
  })().catch(() => undefined);
  for (const id of ['a1', 'a2', 'a1']) await accepted(url, id);
  await until(async () => (await count('invoice IS NOT NULL')) === 2);
  expect(await (await fetch(`${url}/orders/a1`)).json()).toMatchObject({
    id: 'a1',
    item: 'lamp',
    price: 1250,
  });
  // One that was stored while nothing subscribed is not heard of.
  await until(async () => {
    await accepted(url, `heard-${heard.length}`);
    return heard.join('').includes('event: invoice');
  });
  events.abort();
  await reading;
});

test('an order whose job was never made is found', async () => {
  const { url } = await start();
  await accepted(url, 'b0');
  await pool.query(
    "INSERT INTO orders (id, item, price, placed) VALUES ('b1', 'lamp', 1, now() - interval '1 hour')",
  );
  await until(async () => (await count("id = 'b1' AND invoice IS NOT NULL")) === 1);
});

test('SIGTERM under load: no accepted order is lost, and the process ends by itself', async () => {
  const { url, child } = await start();
  await accepted(url, 'c');
  const kept: string[] = [];
  const client = async (name: number): Promise<void> => {
    for (let at = 0; ; at += 1) {
      const id = `c-${name}-${at}`;
      const response = await order(url, { id, item: 'lamp' }).catch(() => undefined);
      if (response === undefined) return;
      if (response.status === 202) kept.push(id);
    }
  };
  const clients = Array.from({ length: 5 }, (_, name) => client(name));
  await until(() => kept.length >= 10);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  await Promise.all(clients);
  expect(code).toBe(0);
  const { rows } = await pool.query('SELECT id FROM orders WHERE id = ANY($1)', [kept]);
  expect(rows).toHaveLength(kept.length);
});
