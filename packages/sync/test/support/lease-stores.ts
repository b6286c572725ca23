import { memoryStore } from '@ambit/sync/lease';
import type { LeaseStore } from '@ambit/sync/lease';
import { postgresStore } from '@ambit/sync/postgres';
import type { PostgresStore } from '@ambit/sync/postgres';
import { redisStore } from '@ambit/sync/redis';
import { Redis, Cluster } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { Client, Pool } from 'pg';
import postgres from 'postgres';
import { createClient } from 'redis';
import { openPGlite } from './pglite.ts';
import {
  startPgBouncer,
  startPostgres,
  startRedis,
  startRedisCluster,
} from '../../../../test-servers/servers.ts';
import type { TestServer } from '../../../../test-servers/servers.ts';

/** A store with what it needs, opened for one suite. */
export interface OpenStore {
  readonly store: LeaseStore;
  /** Another store on the same server, as another process would have it. */
  readonly other: LeaseStore;
  close(): Promise<void>;
}

let redis: Promise<TestServer> | undefined;
let database: Promise<TestServer> | undefined;

const redisServer = (): Promise<TestServer> => (redis ??= startRedis());
const postgresServer = (): Promise<TestServer> => (database ??= startPostgres());

export async function stopServers(): Promise<void> {
  await (await redis)?.stop();
  await (await database)?.stop();
}

const connection = (
  port: number,
): { host: string; port: number; user: string; database: string } => ({
  host: '127.0.0.1',
  port,
  user: 'postgres',
  database: 'postgres',
});

async function ioredis(options: { keyPrefix?: string } = {}): Promise<OpenStore> {
  const { port } = await redisServer();
  const client = (): Redis => new Redis(port, '127.0.0.1', options);
  const clients = [client(), client(), client(), client()] as const;
  return {
    store: redisStore(clients[0], { subscriber: clients[1] }),
    other: redisStore(clients[2], { subscriber: clients[3] }),
    close: async () => {
      for (const each of clients) await each.quit();
    },
  };
}

async function iovalkey(): Promise<OpenStore> {
  const { port } = await redisServer();
  const client = (): Valkey => new Valkey(port, '127.0.0.1');
  const clients = [client(), client(), client(), client()] as const;
  return {
    store: redisStore(clients[0], { subscriber: clients[1], prefix: 'valkey:' }),
    other: redisStore(clients[2], { subscriber: clients[3], prefix: 'valkey:' }),
    close: async () => {
      for (const each of clients) await each.quit();
    },
  };
}

async function nodeRedis(): Promise<OpenStore> {
  const { port } = await redisServer();
  const client = () => createClient({ url: `redis://127.0.0.1:${port}` }).connect();
  const clients = [await client(), await client(), await client(), await client()] as const;
  const prefix = 'node-redis:';
  return {
    store: redisStore(clients[0], { subscriber: clients[1], prefix }),
    other: redisStore(clients[2], { subscriber: clients[3], prefix }),
    close: async () => {
      for (const each of clients) await each.close();
    },
  };
}

async function redisCluster(): Promise<OpenStore> {
  const { ports, stop } = await startRedisCluster();
  const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
  const clients = [new Cluster(nodes), new Cluster(nodes)] as const;
  const subscribers = [new Redis(nodes[0]!.port), new Redis(nodes[1]!.port)] as const;
  return {
    store: redisStore(clients[0], { subscriber: subscribers[0] }),
    other: redisStore(clients[1], { subscriber: subscribers[1] }),
    close: async () => {
      for (const each of [...clients, ...subscribers]) await each.quit();
      await stop();
    },
  };
}

async function withTable(store: PostgresStore, rest: Omit<OpenStore, 'store'>): Promise<OpenStore> {
  await store.migrate();
  return { store, ...rest };
}

async function pg(): Promise<OpenStore> {
  const { port } = await postgresServer();
  const pools = [
    new Pool({ ...connection(port), max: 2 }),
    new Pool({ ...connection(port), max: 2 }),
  ] as const;
  const listeners = [new Client(connection(port)), new Client(connection(port))] as const;
  for (const listener of listeners) await listener.connect();
  const options = { table: 'leases_of_pg' };
  return withTable(postgresStore(pools[0], { ...options, listener: listeners[0] }), {
    other: postgresStore(pools[1], { ...options, listener: listeners[1] }),
    close: async () => {
      for (const each of [...pools, ...listeners]) await each.end();
    },
  });
}

async function postgresJs(): Promise<OpenStore> {
  const { port } = await postgresServer();
  const open = () => postgres({ ...connection(port), max: 2, onnotice: () => undefined });
  const clients = [open(), open()] as const;
  const options = { table: 'leases_of_postgres_js' };
  return withTable(postgresStore(clients[0], { ...options, listener: clients[0] }), {
    other: postgresStore(clients[1], { ...options, listener: clients[1] }),
    close: async () => {
      for (const each of clients) await each.end();
    },
  });
}

function pglite(): Promise<OpenStore> {
  const client = openPGlite();
  return withTable(postgresStore(client, { listener: client }), {
    other: postgresStore(client, { listener: client }),
    close: () => client.close(),
  });
}

async function pgbouncer(): Promise<OpenStore> {
  const server = await postgresServer();
  const pooler = await startPgBouncer(server);
  const pools = [
    new Pool({ ...connection(pooler.port), max: 4 }),
    new Pool({ ...connection(pooler.port), max: 4 }),
  ] as const;
  const listeners = [
    new Client(connection(server.port)),
    new Client(connection(server.port)),
  ] as const;
  for (const listener of listeners) await listener.connect();
  const options = { table: 'leases_of_pgbouncer' };
  return withTable(postgresStore(pools[0], { ...options, listener: listeners[0] }), {
    other: postgresStore(pools[1], { ...options, listener: listeners[1] }),
    close: async () => {
      for (const each of [...pools, ...listeners]) await each.end();
      await pooler.stop();
    },
  });
}

function memory(): Promise<OpenStore> {
  const store = memoryStore();
  return Promise.resolve({ store, other: store, close: () => Promise.resolve() });
}

export const stores: Readonly<Record<string, () => Promise<OpenStore>>> = {
  memory,
  ioredis,
  'ioredis with a keyPrefix': () => ioredis({ keyPrefix: 'app:' }),
  iovalkey,
  'node-redis': nodeRedis,
  'Redis Cluster': redisCluster,
  pg,
  'postgres.js': postgresJs,
  PGlite: pglite,
  'PgBouncer in transaction mode': pgbouncer,
};
