import { checkFunction } from '@ambit/core/lowlevel';
import type { PostgresJs, PostgresJsQuery } from './js-client.ts';
import { checkQuery, checkSql } from './js-client.ts';
import { lenderOf } from './js-connection.ts';
import { withClient } from './lent-client.ts';
import type { PgOptions } from './lent-client.ts';
import { checkPgOptions } from './run-transaction.ts';

/**
 * Runs one query on a connection of the pool. Waits for a free connection and for the answer. If the call is cancelled, the
 * server is asked to cancel the query, and the call waits until it has ended: after that the connection goes back to the
 * pool. A query that was faster has been carried out, and its result is returned. If the server does not end it within
 * `grace`, the connection is closed, and the failure is suppressed in the error and published on `ambit:pg:error`.
 *
 * @beta
 * @param sql - what `postgres()` has returned
 * @param build - makes the query, and does not await it; gets `sql`. Cursors, streams, descriptions and files are refused
 * @param options - `grace`: milliseconds for the server to end a cancelled query; `signal`: cancels the call too
 * @returns the result of postgres.js
 * @throws (rejects) the error of the server, of the connection or of `build`; the ambient scope's CancelledError;
 *   `signal.reason`; TypeError, RangeError for bad arguments
 * @example
 * const [user] = await query(sql, (sql) => sql`SELECT id FROM users WHERE name = ${name}`);
 */
export async function query<S extends PostgresJs, T>(
  sql: S,
  build: (sql: S) => PostgresJsQuery<T>,
  options?: PgOptions,
): Promise<T> {
  checkSql('query', sql);
  checkFunction('query', 'build', build);
  checkPgOptions('query', options);
  const made: unknown = build(sql);
  checkQuery('query', made);
  const result = await withClient(lenderOf(sql), options, (lent) =>
    lent.run(lent.connection.lastStatement(made), options),
  );
  return result as T;
}
