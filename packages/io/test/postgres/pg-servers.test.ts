import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Pool, PoolConfig } from 'pg';
import { CancelScope, gather, moveOnAfter, suppressedErrors } from '@ambit/core';
import type { TestServer } from '../../../../test-servers/servers.ts';
import { startPgBouncer, startPostgres } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';
import { BrokenResourceError } from '../../src/index.ts';
import { query, transaction } from '../../src/pg.ts';
import { query as sqlQuery } from '../../src/postgres-js.ts';
import { makeCertificate } from '../support/certificate.ts';
import { sqlOf } from './js-parts.ts';
import { poolOf, running } from './pg-parts.ts';

const certificate = makeCertificate();
let server: TestServer;
let bouncer: TestServer;
let observer: Pool;

beforeAll(async () => {
  server = await startPostgres({ certificate });
  bouncer = await startPgBouncer(server, 4);
  observer = poolOf(server.port, { application_name: 'observer', max: 1 });
});

afterAll(async () => {
  await observer.end();
  await bouncer.stop();
  await server.stop();
});

/** The ways to a server, and how a pool goes there. */
const ways: Record<string, () => PoolConfig> = {
  'TLS with a certificate that it signed itself': () => ({
    ssl: { ca: certificate.cert, rejectUnauthorized: true },
  }),
  'TLS by a name': () => ({ host: 'localhost', ssl: { ca: certificate.cert } }),
  'TLS that trusts anything': () => ({ ssl: { rejectUnauthorized: false } }),
  'a unix socket': () => ({ host: server.path }),
  'PgBouncer in transaction mode': () => ({ port: bouncer.port }),
};

describe.each(Object.keys(ways))('over %s', (way) => {
  let pool: Pool;

  beforeEach(() => {
    pool = poolOf(server.port, ways[way]!());
  });

  afterEach(async () => {
    await pool.end();
  });

  test('a cancelled query ends on the server, and the connection goes back whole', async () => {
    const marker = `1 AS via_${Object.keys(ways).indexOf(way)}`;
    const scope = new CancelScope();
    const one = (): Promise<unknown> => query(pool, `SELECT pg_sleep(30), ${marker}`);
    const ended = scope.run(() => gather([one, one, one, one]));
    await until(async () => (await running(observer, marker)) === 4);
    scope.cancel();
    expect(await ended).toBeUndefined();
    expect(await running(observer, marker)).toBe(0);
    expect([pool.totalCount, pool.idleCount]).toEqual([4, 4]);
    expect((await query(pool, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('a cancelled transaction is rolled back', async () => {
    const work = (): Promise<unknown> =>
      transaction(pool, async (tx) => {
        await tx.query('CREATE TABLE never (id int)');
        await tx.query('SELECT pg_sleep(30)');
      });
    expect(await moveOnAfter(200, work)).toBeUndefined();
    const { rows } = await query(pool, `SELECT to_regclass('never') AS there`);
    expect(rows).toEqual([{ there: null }]);
  });
});

/** The same ways for postgres.js. */
const waysOfJs: Record<string, () => Parameters<typeof sqlOf>[1]> = {
  'TLS with a certificate that it signed itself': () => ({ ssl: { ca: certificate.cert } }),
  'TLS that trusts anything': () => ({ ssl: 'require' }),
  'TLS if the server has it': () => ({ ssl: 'prefer' }),
  'a unix socket': () => ({ path: `${server.path}/.s.PGSQL.${server.port}` }),
  'a socket of its own': () => ({ socket: () => connect(server.port, '127.0.0.1') }) as never,
  'several hosts': () => ({
    host: `127.0.0.1:${server.port},localhost:${server.port}`,
    port: undefined,
  }),
  'PgBouncer in transaction mode': () => ({ port: bouncer.port, prepare: false }),
};

test.each(Object.keys(waysOfJs))('postgres.js over %s: a query ends on the server', async (way) => {
  const marker = `1 AS js_via_${Object.keys(waysOfJs).indexOf(way)}`;
  const sql = sqlOf(server.port, waysOfJs[way]!());
  const scope = new CancelScope();
  const one = (): Promise<unknown> =>
    sqlQuery(sql, (sql) => sql.unsafe(`SELECT pg_sleep(30), ${marker}`));
  const ended = scope.run(() => gather([one, one, one, one]));
  await until(async () => (await running(observer, marker)) === 4);
  scope.cancel();
  expect(await ended).toBeUndefined();
  expect(await running(observer, marker)).toBe(0);
  expect((await sqlQuery(sql, (sql) => sql`SELECT 1 AS one`))[0]).toEqual({ one: 1 });
  await sql.end();
});

test('through PgBouncer, random cancellations hit no query of another', async () => {
  const pool = poolOf(bouncer.port, { max: 8 });
  const cancelled = async (): Promise<void> => {
    for (let round = 0; round < 10; round += 1) {
      await moveOnAfter(round * 2, () => query(pool, 'SELECT pg_sleep(5)'));
    }
  };
  const untouched = async (): Promise<void> => {
    for (let round = 0; round < 20; round += 1) await query(pool, 'SELECT pg_sleep(0.005)');
  };
  await gather([cancelled, cancelled, untouched, untouched, untouched]);
  expect(pool.idleCount).toBe(pool.totalCount);
  await pool.end();
});

test('a server that hears no cancel request: the call ends after its grace', async () => {
  // The first connection goes through; those for cancel requests are refused.
  let isFirst = true;
  const proxy = createServer((client) => {
    if (!isFirst) {
      client.destroy();
      return;
    }
    isFirst = false;
    const upstream = connect(server.port, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const end of [client, upstream]) {
      end
        .on('error', () => undefined)
        .on('close', () => {
          client.destroy();
          upstream.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  const pool = poolOf((proxy.address() as AddressInfo).port);
  const scope = new CancelScope();
  let seen: unknown;
  const ended = scope.run(async () => {
    await query(pool, 'SELECT pg_sleep(2), 1 AS unheard', [], { grace: 150 }).catch(
      (error: unknown) => {
        seen = error;
      },
    );
  });
  await until(async () => (await running(observer, '1 AS unheard')) === 1);
  scope.cancel();
  await ended.catch(() => undefined);
  expect(suppressedErrors(seen)).toEqual([expect.any(BrokenResourceError)]);
  expect(pool.totalCount).toBe(0);
  await pool.end();
  proxy.close();
});
