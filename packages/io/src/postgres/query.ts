import { withClient } from './lent-client.ts';
import type { PgOptions } from './lent-client.ts';
import { checkPool, checkText, checkValues } from './pg-client.ts';
import type { PgPool, PgResult } from './pg-client.ts';
import { lenderOf, statementOf } from './pg-connection.ts';
import { checkPgOptions } from './run-transaction.ts';

/**
 * Runs one statement on a connection of the pool. Waits for a free connection and for the answer. If the call is
 * cancelled, the server is asked to cancel the statement, and the call waits until it has ended: after that the
 * connection goes back to the pool. A statement that was faster has been carried out, and its result is returned. If the
 * server does not end it within `grace`, the connection is closed, and the failure is suppressed in the error and
 * published on `ambit:pg:error`. A statement must not leave a transaction open: see {@link transaction}.
 *
 * @beta
 * @param pool - a Pool of pg
 * @param text - of the statement, with `$1`, `$2` for the values
 * @param values - of the parameters
 * @param options - `grace`: milliseconds for the server to end a cancelled statement; `signal`: cancels the call too
 * @returns the result of pg
 * @throws (rejects) the error of the server, of the connection or of the pool; the ambient scope's CancelledError;
 *   `signal.reason`; TypeError, RangeError for bad arguments
 * @example
 * const { rows } = await query<{ id: number }>(pool, 'SELECT id FROM users WHERE name = $1', ['Ada']);
 */
export async function query<R = Record<string, unknown>>(
  pool: PgPool,
  text: string,
  ...[values, options]: [values?: readonly unknown[] | undefined, options?: PgOptions]
): Promise<PgResult<R>> {
  checkPool('query', pool);
  checkText('query', text);
  checkValues('query', values);
  checkPgOptions('query', options);
  const result = await withClient(lenderOf(pool), options, (lent) =>
    lent.run(statementOf(lent.connection, text, values), options),
  );
  return result as PgResult<R>;
}
