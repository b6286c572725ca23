import { checkFunction, checkOptions, checkSignal } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { checkPool, checkText, checkValues } from './pg-client.ts';
import type { PgPool, PgResult } from './pg-client.ts';
import { lenderOf, statementOf } from './pg-connection.ts';
import type { PgConnection } from './pg-connection.ts';
import { checkTransactionOptions, runTransaction } from './run-transaction.ts';
import type { TransactionOptions } from './run-transaction.ts';
import type { TransactionWork } from './transaction-work.ts';

/** A transaction, for as long as its body runs. @beta */
export interface PgTransaction {
  /**
   * Runs one statement in the transaction, after those that were begun before. If the call is cancelled, the statement is
   * cancelled on the server, and the call waits until it has ended; the transaction can only be rolled back then.
   *
   * @param text - of the statement, with `$1`, `$2` for the values
   * @param values - of the parameters
   * @param options - `signal`: cancels the call too
   * @returns the result of pg
   * @throws (rejects) the error of the server or of the connection; InvalidStateError once the body has ended; the ambient
   *   scope's CancelledError; `signal.reason`; TypeError for bad arguments
   */
  query<R = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    options?: WaitOptions,
  ): Promise<PgResult<R>>;
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
  return runTransaction(lenderOf(pool), (work) => body(transactionOn(work)), options);
}

function transactionOn(work: TransactionWork<PgConnection>): PgTransaction {
  return {
    query: async <R>(
      text: string,
      ...[values, options]: [values?: readonly unknown[], options?: WaitOptions]
    ): Promise<PgResult<R>> => {
      checkText('tx.query', text);
      checkValues('tx.query', values);
      checkOptions('tx.query', options);
      checkSignal('tx.query', options?.signal);
      const result = await work.statement(statementOf(work.connection, text, values), options);
      return result as PgResult<R>;
    },
  };
}
