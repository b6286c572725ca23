import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Pool } from 'pg';
import type { PoolConfig } from 'pg';
import { startPostgres } from '../../../../test-servers/servers.ts';
import type { TestServer } from '../../../../test-servers/servers.ts';

/** A pool of a server on this machine. */
export function poolOf(port: number, config: PoolConfig = {}): Pool {
  const pool = new Pool({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    max: 4,
    ...config,
  });
  // pg tells here of connections that break while nobody has them.
  pool.on('error', () => undefined);
  return pool;
}

export interface PostgresParts {
  readonly server: TestServer;
  /** One connection that looks at the others. */
  readonly observer: Pool;
  /** A new one for each test, which is ended after it. */
  readonly pool: Pool;
}

/** Starts a server for the tests of a file, and tells each of them what there is. */
export function usePostgres(tell: (parts: PostgresParts) => void): void {
  let server: TestServer;
  let observer: Pool;
  let pool: Pool;
  beforeAll(async () => {
    server = await startPostgres();
    observer = poolOf(server.port, { application_name: 'observer', max: 1 });
  });
  beforeEach(() => {
    pool = poolOf(server.port);
    tell({ server, observer, pool });
  });
  afterEach(async () => {
    await pool.end();
  });
  afterAll(async () => {
    await observer.end();
    await server.stop();
  });
}

/** How many sessions of other clients run a statement that has this in it. */
export async function running(observer: Pool, part: string): Promise<number> {
  const { rows } = await observer.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE $1`,
    [`%${part}%`],
  );
  return rows[0]!.count;
}

/** Breaks the connection of every other session but those of the observer. */
export async function terminateOthers(observer: Pool): Promise<void> {
  await observer.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE pid <> pg_backend_pid() AND application_name <> 'observer' AND backend_type = 'client backend'`,
  );
}

/** What is published on a channel while the test runs. */
export function published(
  name: string,
): { readonly messages: { operation: string; error: unknown }[] } & Disposable {
  const messages: { operation: string; error: unknown }[] = [];
  const listener = (message: unknown): void => {
    messages.push(message as { operation: string; error: unknown });
  };
  subscribe(name, listener);
  return { messages, [Symbol.dispose]: () => void unsubscribe(name, listener) };
}
