import { Client, Pool } from 'pg';
import { LeaseLostError } from '@ambit/sync/lease';
import { postgresStore, verifyLease } from '@ambit/sync/postgres';
import { startPostgres } from '../../../../test-servers/servers.ts';
import type { TestServer } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';

// What depends on two transactions that meet in one row, on a real PostgreSQL.

jest.setTimeout(60_000);

let server: TestServer;
let pool: Pool;

beforeAll(async () => {
  server = await startPostgres();
  const { port } = server;
  pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max: 4 });
  await postgresStore(pool).migrate();
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

async function inTransaction(body: (tx: Client) => Promise<void>): Promise<void> {
  const { port } = server;
  const tx = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  await tx.connect();
  try {
    await tx.query('BEGIN');
    await body(tx);
  } finally {
    await tx.end();
  }
}

const LEASE = { holder: 'a', ttl: 60_000 } as const;

async function isBlocked(): Promise<boolean> {
  const text = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  return (await pool.query(text)).rows.length > 0;
}

test('a renewal that meets a revocation is told of it', () =>
  inTransaction(async (tx) => {
    const [store, revoking] = [postgresStore(pool), postgresStore(tx)];
    await store.acquire({ ...LEASE, name: 'x', limit: 1 });
    expect(await revoking.revoke('x')).toBe(1);
    const renewal = store.renew({ ...LEASE, name: 'x' });
    await until(isBlocked);
    await tx.query('COMMIT');
    expect(await renewal).toBe('revoked');
  }));

test('a renewal that meets a release is told that it is gone', () =>
  inTransaction(async (tx) => {
    const [store, releasing] = [postgresStore(pool), postgresStore(tx)];
    await store.acquire({ ...LEASE, name: 'y', limit: 1 });
    expect(await releasing.release({ ...LEASE, name: 'y' })).toBe(true);
    const renewal = store.renew({ ...LEASE, name: 'y' });
    await until(isBlocked);
    await tx.query('COMMIT');
    expect(await renewal).toBe('gone');
  }));

test('two renewals that meet both hold it', () =>
  inTransaction(async (tx) => {
    const [store, other] = [postgresStore(pool), postgresStore(tx)];
    await store.acquire({ ...LEASE, name: 'z', limit: 1 });
    expect(await other.renew({ ...LEASE, name: 'z' })).toBe('held');
    const renewal = store.renew({ ...LEASE, name: 'z' });
    await until(isBlocked);
    await tx.query('COMMIT');
    expect(await renewal).toBe('held');
  }));

describe('verifyLease', () => {
  const held = { name: 'account', holder: 'a' };

  test('keeps the lease until the commit', () =>
    inTransaction(async (tx) => {
      const store = postgresStore(pool);
      await store.acquire({ ...held, ttl: 60_000, limit: 1 });
      await verifyLease(tx, held);
      const release = store.release(held);
      await until(isBlocked);
      await tx.query('COMMIT');
      expect(await release).toBe(true);
    }));

  test('throws what has happened to the lease', () =>
    inTransaction(async (tx) => {
      const store = postgresStore(pool);
      await expect(verifyLease(tx, held)).rejects.toMatchObject({ why: 'gone' });
      await store.acquire({ ...held, ttl: 60_000, limit: 1 });
      await verifyLease(tx, held);
      await tx.query('COMMIT');
      await store.revoke(held.name);
      const error: unknown = await verifyLease(tx, held).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LeaseLostError);
      expect(error).toMatchObject({ why: 'revoked', leaseName: 'account', holder: 'a' });
      await store.release(held);
    }));

  test.each([[null], [undefined], [5], [{}], [{ name: 'account' }], [Promise.resolve(held)]])(
    'refuses %p as a lease',
    async (lease) => {
      const verifying = verifyLease(pool, lease as never);
      await expect(verifying).rejects.toThrow(TypeError);
      await expect(verifying).rejects.toThrow(/^verifyLease: lease is .*; give the lease that/);
    },
  );
});

test('a semaphore of very many permits costs no more than one of few', async () => {
  const store = postgresStore(pool);
  const limit = Number.MAX_SAFE_INTEGER;
  const began = performance.now();
  for (const holder of ['a', 'b', 'c']) {
    const grant = await store.acquire({ name: 'many', holder, ttl: 60_000, limit });
    expect(grant.granted).toBe(true);
  }
  expect(performance.now() - began).toBeLessThan(5000);
  expect(await store.holders('many')).toHaveLength(3);
});
