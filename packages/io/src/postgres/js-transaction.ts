import { checkFunction, checkOptions, checkSignal } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { checkQuery, checkSql, unsafeOf } from './js-client.ts';
import type {
  InnerQuery,
  PostgresJs,
  PostgresJsQuery,
  TransactionSql,
  Unsafe,
} from './js-client.ts';
import { lenderOf } from './js-connection.ts';
import type { JsConnection } from './js-connection.ts';
import { takeOver } from './js-taken-over.ts';
import { checkTransactionOptions, runTransaction } from './run-transaction.ts';
import type { TransactionOptions } from './run-transaction.ts';
import type { TransactionWork } from './transaction-work.ts';

/** The `sql` of a transaction, for as long as its body runs. @beta */
export type PostgresJsTransaction<S extends PostgresJs> = TransactionSql<S> & {
  /**
   * Runs one query in the transaction, after those that were begun before. `` await tx`…` `` does the same, without options.
   *
   * @param build - makes the query, and does not await it; gets the `sql` of the transaction
   * @param options - `signal`: cancels the call too
   * @returns the result of postgres.js
   * @throws (rejects) the error of the server, of the connection or of `build`; InvalidStateError once the body has ended;
   *   the ambient scope's CancelledError; `signal.reason`; TypeError for bad arguments
   */
  query<T>(build: (sql: S) => PostgresJsQuery<T>, options?: WaitOptions): Promise<T>;
};

/**
 * Runs a body in a transaction on one connection of the pool, and commits it when the body has returned. If the body
 * fails or is cancelled, its queries are cancelled on the server, and the transaction is rolled back before the error
 * comes out. A `COMMIT` that has been sent is waited for: if it succeeds, the call returns the value, also when it was
 * cancelled meanwhile; only after `grace` it is cancelled too. Queries of the body run one after the other, each when it is
 * awaited.
 *
 * @beta
 * @param sql - what `postgres()` has returned
 * @param body - gets the `sql` of the transaction, which has no savepoints; is called again for each attempt
 * @param options - `isolation`; `retry`: after serialization failures and deadlocks; `grace`: milliseconds for the server
 *   to end a cancelled query; `signal`: cancels the call too
 * @returns the value of the body, once it is committed
 * @throws (rejects) the error of the body, of the server or of the connection; BrokenResourceError if the connection was
 *   lost during `COMMIT`: it may have been committed, or not; InvalidStateError if the body returned although a query had
 *   failed; the ambient scope's CancelledError; `signal.reason`; TypeError, RangeError for bad arguments
 * @example
 * await transaction(sql, async (tx) => {
 *   await tx`UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from}`;
 *   await tx`UPDATE accounts SET balance = balance + ${amount} WHERE id = ${to}`;
 * }, { isolation: 'serializable', retry: true });
 */
export async function transaction<S extends PostgresJs, T>(
  sql: S,
  body: (tx: PostgresJsTransaction<S>) => T | PromiseLike<T>,
  options?: TransactionOptions,
): Promise<T> {
  checkSql('transaction', sql);
  checkFunction('transaction', 'body', body);
  checkTransactionOptions(options);
  return runTransaction(lenderOf(sql), (work) => body(transactionOn(work, sql)), options);
}

/** What would go past the transaction: the pool's own functions, and what they need. */
const OF_THE_POOL = new Set<string | symbol>([
  ...['begin', 'reserve', 'end', 'close', 'listen', 'subscribe', 'largeObject', 'file'],
]);

function transactionOn<S extends PostgresJs>(
  work: TransactionWork<JsConnection>,
  sql: S,
): PostgresJsTransaction<S> {
  const run = (made: InnerQuery, wait?: WaitOptions): Promise<unknown> =>
    work.statement(work.connection.statement(made), wait);
  const unsafe = unsafeOf(sql);
  const own = {
    unsafe: (...args: Parameters<Unsafe>) => takeOver(unsafe(...args), run),
    notify: (...args: [channel: string, payload: string]) =>
      takeOver(unsafe('SELECT pg_notify($1, $2)', args), run),
    query: async (build: (sql: S) => unknown, wait?: WaitOptions) => {
      checkFunction('tx.query', 'build', build);
      checkOptions('tx.query', wait);
      checkSignal('tx.query', wait?.signal);
      const made = build(sql);
      checkQuery('tx.query', made);
      return run(made, wait);
    },
  };
  const tx: unknown = new Proxy(sql, {
    apply: (target, _self, args: [TemplateStringsArray]) => takeOver(target(...args), run),
    get: (target, name) => {
      if (OF_THE_POOL.has(name)) return undefined;
      return Reflect.get(name in own ? own : target, name) as unknown;
    },
  });
  return tx as PostgresJsTransaction<S>;
}
