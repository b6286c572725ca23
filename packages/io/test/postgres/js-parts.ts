import postgres from 'postgres';
import type { Options, Sql } from 'postgres';
import type { Pool } from 'pg';
import { gather } from '@ambit/core';
import type { TestServer } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';
import { query } from '../../src/postgres-js.ts';
import { usePostgres } from './pg-parts.ts';

/** How many connections a pool of these tests has. */
export const MOST = 4;

/** A pool of postgres.js. */
export function sqlOf(port: number, options: Options<Record<string, never>> = {}): Sql {
  return postgres({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    max: MOST,
    backoff: () => 0.01,
    onnotice: () => undefined,
    ...options,
  });
}

export interface JsParts {
  readonly server: TestServer;
  /** One connection of pg that looks at the others. */
  readonly observer: Pool;
  /** A new one for each test, which is ended after it. */
  readonly sql: Sql;
}

/** As `usePostgres`, with a pool of postgres.js. */
export function usePostgresJs(tell: (parts: JsParts) => void): void {
  let sql: Sql;
  usePostgres(({ server, observer }) => {
    sql = sqlOf(server.port);
    tell({ server, observer, sql });
  });
  // A connection whose query did not end in time is not waited for.
  afterEach(() => sql.end({ timeout: 5 }));
}

/** Each of the pool's connections can be had, and none is in a transaction. */
export async function expectWhole(sql: Sql, observer: Pool): Promise<void> {
  const one = (): Promise<unknown> => query(sql, (sql) => sql`SELECT pg_sleep(0.05)`);
  await gather(Array.from({ length: MOST }, () => one));
  await until(async () => {
    const { rows } = await observer.query(
      `SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in %' OR wait_event = 'PgSleep'`,
    );
    return rows.length === 0;
  });
}
