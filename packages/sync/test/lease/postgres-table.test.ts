import { Pool } from 'pg';
import { leaseTable, postgresStore } from '@ambit/sync/postgres';
import { startPostgres } from '../../../../test-servers/servers.ts';
import type { TestServer } from '../../../../test-servers/servers.ts';

// The table of the leases, on a real PostgreSQL.

jest.setTimeout(60_000);

let server: TestServer;
let pool: Pool;

const open = (user = 'postgres'): Pool =>
  new Pool({ host: '127.0.0.1', port: server.port, user, database: 'postgres', max: 8 });

beforeAll(async () => {
  server = await startPostgres();
  pool = open();
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

const LEASE = { name: 'x', holder: 'a', ttl: 60_000, limit: 1 } as const;

test('without its table the error says what to do', async () => {
  const store = postgresStore(pool, { table: 'nowhere' });
  const cure =
    'the table nowhere is not there: call migrate() once, or put leaseTable() into your migrations';
  const questions = [
    () => store.acquire(LEASE),
    () => store.renew(LEASE),
    () => store.release(LEASE),
    () => store.revoke('x'),
    () => store.holders('x'),
    () => store.take({ name: 'x', permits: 1, interval: 1, burst: 1 }),
    () => store.take({ name: 'x', permits: -1, interval: 1, burst: 1 }),
    () => store.sweep(),
  ];
  for (const ask of questions) await expect(ask()).rejects.toThrow(cure);
});

test('many create it at once, and again', async () => {
  for (const table of ['many_at_once', 'many_more', 'public.with_schema']) {
    const stores = Array.from({ length: 8 }, () => postgresStore(pool, { table }));
    await Promise.all(stores.map((store) => store.migrate()));
    await Promise.all(stores.map((store) => store.migrate()));
    expect(await stores[0]!.acquire(LEASE)).toMatchObject({ granted: true });
  }
});

test('where it is, no right to create one is needed', async () => {
  await postgresStore(pool, { table: 'of_the_owner' }).migrate();
  await pool.query('CREATE ROLE worker LOGIN');
  await pool.query('GRANT SELECT, INSERT, UPDATE, DELETE ON of_the_owner TO worker');
  const worker = open('worker');
  try {
    const store = postgresStore(worker, { table: 'of_the_owner' });
    await store.migrate();
    expect(await store.acquire(LEASE)).toMatchObject({ granted: true });
    await expect(postgresStore(worker, { table: 'of_the_worker' }).migrate()).rejects.toThrow(
      'permission denied',
    );
  } finally {
    await worker.end();
  }
});

test('a migration of your own creates the same', async () => {
  await pool.query(leaseTable('of_my_own'));
  await pool.query(leaseTable('of_my_own'));
  expect(await postgresStore(pool, { table: 'of_my_own' }).acquire(LEASE)).toMatchObject({
    granted: true,
  });
});

test('sweep deletes what was idle for a day, and a fence grows over it', async () => {
  const store = postgresStore(pool, { table: 'swept' });
  await store.migrate();
  const grant = await store.acquire(LEASE);
  await store.acquire({ ...LEASE, name: 'held' });
  await store.take({ name: 'x', permits: 1, interval: 1, burst: 1 });
  await store.release(LEASE);
  expect(await store.sweep()).toBe(0);
  const idle = "UPDATE swept SET expires_at = expires_at - interval '25 hours' WHERE name = 'x'";
  await pool.query(idle);
  expect(await store.sweep()).toBe(2);
  expect(await store.sweep()).toBe(0);
  expect(await store.holders('held')).toHaveLength(1);
  const next = await store.acquire(LEASE);
  expect((next as { fence: number }).fence).toBeGreaterThan((grant as { fence: number }).fence);
});
