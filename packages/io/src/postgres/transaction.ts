import { retry } from '@ambit/core';
import { checkFunction, checkOneOf, show } from '@ambit/core/lowlevel';
import type { RetryPolicy } from '@ambit/core';
import { under } from '../cancellable.ts';
import { withClient } from './lent-client.ts';
import type { PgOptions } from './lent-client.ts';
import { checkPool } from './pg-client.ts';
import type { PgPool } from './pg-client.ts';
import { PgWork } from './pg-work.ts';
import type { PgTransaction } from './pg-work.ts';
import { checkPgOptions } from './query.ts';
import { isWorthRetrying } from './sql-state.ts';

/** What a transaction sees of others. @beta */
export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

const LEVELS: readonly Isolation[] = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
];

/** Options for `transaction` of `@ambit/io/pg`. @beta */
export interface TransactionOptions extends PgOptions {
  /** Default: that of the database, which is `'read committed'` if it was not changed. */
  readonly isolation?: Isolation | undefined;
  /**
   * How to run it again after a serialization failure or a deadlock (40001, 40P01); `true`: three times at most. With a
   * `when` of your own, after the errors that it chooses. Default: never.
   */
  readonly retry?: RetryPolicy | boolean | undefined;
}

/**
 * Runs a body in a transaction on one connection of the pool, and commits it when the body has returned. If the body
 * fails or is cancelled, its statements are cancelled on the server, and the transaction is rolled back before the error
 * comes out. A `COMMIT` that has been sent is waited for: if it succeeds, the call returns the value, also when it was
 * cancelled meanwhile; only after `grace` it is cancelled too. Statements of the body run one after the other.
 *
 * @beta
 * @param pool - a Pool of pg
 * @param body - gets the transaction; is called again for each attempt
 * @param options - `isolation`; `retry`: after serialization failures and deadlocks; `grace`: milliseconds for the server
 *   to end a cancelled statement; `signal`: cancels the call too
 * @returns the value of the body, once it is committed
 * @throws (rejects) the error of the body, of the server, of the connection or of the pool; BrokenResourceError if the
 *   connection was lost during `COMMIT`: it may have been committed, or not; InvalidStateError if the body returned
 *   although a statement had failed; the ambient scope's CancelledError; `signal.reason`; TypeError, RangeError for bad
 *   arguments
 * @example
 * await transaction(pool, async (tx) => {
 *   await tx.query('UPDATE accounts SET balance = balance - $1 WHERE id = $2', [amount, from]);
 *   await tx.query('UPDATE accounts SET balance = balance + $1 WHERE id = $2', [amount, to]);
 * }, { isolation: 'serializable', retry: true });
 */
export async function transaction<T>(
  pool: PgPool,
  body: (tx: PgTransaction) => T | PromiseLike<T>,
  options?: TransactionOptions,
): Promise<T> {
  checkPool('transaction', pool);
  checkFunction('transaction', 'body', body);
  checkTransactionOptions(options);
  const { isolation, signal, grace } = options ?? {};
  const begin = isolation === undefined ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${isolation}`;
  // Of the attempt that ended last: the body may have thrown an error of its own.
  let isPassing = false;
  const attempt = async (): Promise<T> =>
    withClient(pool, { grace }, async (lent) => {
      const work = new PgWork(lent, grace);
      try {
        return await work.run(begin, body);
      } finally {
        isPassing = isWorthRetrying(work.failure);
      }
    });
  return under(signal, () => repeat(attempt, () => isPassing, options?.retry));
}

/** With a policy that has no `when`, runs it again as long as the failure is one that passes. */
async function repeat<T>(
  attempt: () => Promise<T>,
  isPassing: () => boolean,
  policy: RetryPolicy | boolean | undefined,
): Promise<T> {
  if (policy === undefined || policy === false) return attempt();
  const given = policy === true ? {} : policy;
  return retry(attempt, { ...given, when: given.when ?? isPassing });
}

function checkTransactionOptions(options: TransactionOptions | undefined): void {
  checkPgOptions('transaction', options);
  const { isolation, retry: policy } = options ?? {};
  if (isolation !== undefined) checkOneOf('transaction', 'isolation', isolation, LEVELS);
  if (policy === undefined || typeof policy === 'boolean') return;
  if (typeof policy === 'object' && (policy as object | null) !== null) return;
  throw new TypeError(
    `transaction: retry is ${show(policy)}; give true, or a policy such as { attempts: 5 }`,
  );
}
