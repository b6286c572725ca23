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

const dist = resolve(__dirname, '../dist/order-service');

export interface OrderServers {
  readonly postgres: TestServer;
  readonly redis: TestServer;
  /** The price service, where every price is 1250. */
  readonly prices: string;
  stop(): Promise<void>;
}

/** What the order service needs around it. */
export async function startOrderServers(): Promise<OrderServers> {
  if (!existsSync(join(dist, 'main.js')))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
  const [postgres, redis] = [await startPostgres(), await startRedis()];
  const prices = createServer((_request, response) => response.end('{"price":1250}'));
  prices.listen(0, '127.0.0.1');
  await once(prices, 'listening');
  return {
    postgres,
    redis,
    prices: `http://127.0.0.1:${(prices.address() as AddressInfo).port}`,
    stop: async () => {
      prices.close();
      prices.closeAllConnections();
      await redis.stop();
      await postgres.stop();
    },
  };
}

/** What a file of tests has for all of them. */
export interface OrderTests {
  readonly servers: OrderServers;
  /** Of the database, beside the service. */
  readonly pool: Pool;
  /** What a test leaves, to be called after it, the last first. */
  readonly cleanup: (() => unknown)[];
}

/** Starts the servers for a file of tests, and stops them after it; there before the first test. */
export function useOrderServers(): OrderTests {
  const tests = { cleanup: [] as (() => unknown)[] } as {
    -readonly [K in keyof OrderTests]: OrderTests[K];
  };
  beforeAll(async () => {
    tests.servers = await startOrderServers();
    const { port } = tests.servers.postgres;
    tests.pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', max: 1 });
  });
  afterEach(async () => {
    for (const step of tests.cleanup.splice(0).reverse()) await step();
  });
  afterAll(async () => {
    await tests.pool.end();
    await tests.servers.stop();
  });
  return tests;
}

export interface Service {
  readonly url: string;
  readonly child: ChildProcess;
  /** The lines of its log so far. */
  readonly log: readonly string[];
}

export interface Start {
  readonly program?: string;
  /** Of Node. */
  readonly flags?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a program of the order service, and waits until it listens. */
export async function startService(
  { postgres, redis, prices }: OrderServers,
  { program = 'main.js', flags = [], env }: Start,
): Promise<Service> {
  const child = spawn(process.execPath, [...flags, join(dist, program)], {
    env: {
      ...process.env,
      PGPORT: String(postgres.port),
      REDIS_PORT: String(redis.port),
      PORT: '0',
      PRICES: prices,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  createInterface(child.stderr).on('line', (line) => log.push(line));
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, child, log };
}

export function order(url: string, body: object): Promise<Response> {
  return fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
