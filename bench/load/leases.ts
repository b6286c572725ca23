// What a lock between machines costs, beside others, on servers that run: `node bench/dist/load/leases.js <Redis> <PostgreSQL>`, by ports.
import { createRequire } from 'node:module';
import { run } from '@ambit/core';
import { DistributedLock } from '@ambit/sync/lease';
import type { LeaseStore } from '@ambit/sync/lease';
import { postgresStore } from '@ambit/sync/postgres';
import { redisStore } from '@ambit/sync/redis';
import { Redis } from 'ioredis';
import { Client, Pool } from 'pg';
import { Mutex } from 'redis-semaphore';

const [redisPort = 6379, postgresPort = 5432] = process.argv.slice(2).map(Number);
const PAIRS = 2000;
const WAKES = 60;
const ROUNDS = 5;
const TTL = 10_000;

type Release = () => Promise<unknown>;

/** A lock of one node: waits until it has it. */
type Acquire = () => Promise<Release>;

interface Contender {
  readonly name: string;
  /** Two nodes. */
  readonly nodes: readonly [Acquire, Acquire];
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Microseconds of acquire and release, with no other node. */
async function pairCost([acquire]: Contender['nodes']): Promise<number> {
  const began = performance.now();
  for (let count = 0; count < PAIRS; count += 1) await (await acquire())();
  return ((performance.now() - began) / PAIRS) * 1000;
}

/** Milliseconds from one node's release until the other, which waits, has it. */
async function wakeLatency([first, second]: Contender['nodes']): Promise<number> {
  const waits: number[] = [];
  for (let count = 0; count < WAKES; count += 1) {
    const release = await first();
    const other = second().then((free) => ({ free, at: performance.now() }));
    // Long enough that it waits, and different each time: those that poll are hit anywhere in their period.
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 100));
    const began = performance.now();
    await release();
    const { free, at } = await other;
    waits.push(at - began);
    await free();
  }
  return median(waits);
}

function ambit(store: LeaseStore): Acquire {
  const lock = new DistributedLock(store, 'lock', { ttl: TTL });
  return async () => {
    const lease = await lock.acquire();
    return () => lease.release();
  };
}

function semaphore(client: Redis): Acquire {
  return async () => {
    const mutex = new Mutex(client, 'mutex', { lockTimeout: TTL });
    await mutex.acquire();
    return () => mutex.release();
  };
}

interface RedlockClass {
  new (
    clients: readonly Redis[],
    options: { readonly retryCount: number },
  ): { lock(name: string, ttl: number): Promise<{ unlock(): Promise<unknown> }> };
}

function redlock(client: Redis): Acquire {
  const Redlock = createRequire(import.meta.url)('redlock') as RedlockClass;
  const lock = new Redlock([client], { retryCount: -1 });
  return async () => {
    const held = await lock.lock('redlock', TTL);
    return () => held.unlock();
  };
}

function advisory(pool: Pool): Acquire {
  return async () => {
    const client = await pool.connect();
    await client.query('SELECT pg_advisory_lock(7)');
    return async () => {
      await client.query('SELECT pg_advisory_unlock(7)');
      client.release();
    };
  };
}

await run(async (group) => {
  const redis = (): Redis => {
    const client = new Redis(redisPort, '127.0.0.1');
    group.defer(() => client.quit());
    return client;
  };
  const address = { host: '127.0.0.1', port: postgresPort, user: 'postgres' };
  const pool = (): Pool => {
    const made = new Pool({ ...address, max: 4 });
    group.defer(() => made.end());
    return made;
  };
  const postgres = async (): Promise<LeaseStore> => {
    const listener = new Client(address);
    await listener.connect();
    group.defer(() => listener.end());
    const store = postgresStore(pool(), { listener });
    await store.migrate();
    return store;
  };
  const onRedis = (): Acquire => ambit(redisStore(redis(), { subscriber: redis() }));
  const contenders: Contender[] = [
    { name: 'Ambit on Redis', nodes: [onRedis(), onRedis()] },
    { name: 'redis-semaphore', nodes: [semaphore(redis()), semaphore(redis())] },
    { name: 'redlock, one server', nodes: [redlock(redis()), redlock(redis())] },
    { name: 'Ambit on PostgreSQL', nodes: [ambit(await postgres()), ambit(await postgres())] },
    { name: 'advisory lock', nodes: [advisory(pool()), advisory(pool())] },
  ];
  const costs = new Map<string, { pairs: number[]; wakes: number[] }>();
  // In turn, so that what else the machine does meets all of them.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, nodes } of contenders) {
      const cost = costs.get(name) ?? { pairs: [], wakes: [] };
      costs.set(name, cost);
      cost.pairs.push(await pairCost(nodes));
      cost.wakes.push(await wakeLatency(nodes));
    }
  }
  console.log('| | Acquire and release | A waiter on another node |\n| --- | --: | --: |');
  for (const [name, { pairs, wakes }] of costs) {
    console.log(`| ${name} | ${median(pairs).toFixed(0)} µs | ${median(wakes).toFixed(1)} ms |`);
  }
});
