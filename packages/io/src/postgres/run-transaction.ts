import { retry } from '@ambit/core';
import { checkDuration, checkOneOf, checkOptions, checkSignal, show } from '@ambit/core/lowlevel';
import type { RetryPolicy } from '@ambit/core';
import { under } from '../cancellable.ts';
import { withClient } from './lent-client.ts';
import type { Lend, LentConnection, PgOptions } from './lent-client.ts';
import { isWorthRetrying } from './sql-state.ts';
import { TransactionWork } from './transaction-work.ts';

/** What a transaction sees of others. @beta */
export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

const LEVELS: readonly Isolation[] = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
];

/** Options for `transaction` of `@ambit/io/pg` and `@ambit/io/postgres-js`. @beta */
export interface TransactionOptions extends PgOptions {
  /** Default: that of the database, which is `'read committed'` if it was not changed. */
  readonly isolation?: Isolation | undefined;
  /**
   * How to run it again after a serialization failure or a deadlock (40001, 40P01); `true`: three times at most. With a
   * `when` of your own, after the errors that it chooses. Default: never.
   */
  readonly retry?: RetryPolicy | boolean | undefined;
}

/** Runs a body in a transaction on a connection of its own, and retries it as the options ask. */
export function runTransaction<C extends LentConnection, T>(
  lend: Lend<C>,
  body: (work: TransactionWork<C>) => T | PromiseLike<T>,
  options: TransactionOptions | undefined,
): Promise<T> {
  const { isolation, signal, grace } = options ?? {};
  const begin = isolation === undefined ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${isolation}`;
  // Of the attempt that ended last: the body may have thrown an error of its own.
  let isPassing = false;
  const attempt = async (): Promise<T> =>
    withClient(lend, { grace }, async (lent) => {
      const work = new TransactionWork(lent, grace);
      try {
        return await work.run(begin, () => body(work));
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

export function checkPgOptions(where: string, options: PgOptions | undefined): void {
  checkOptions(where, options);
  checkSignal(where, options?.signal);
  if (options?.grace !== undefined) checkDuration(where, 'grace', options.grace);
}

export function checkTransactionOptions(options: TransactionOptions | undefined): void {
  checkPgOptions('transaction', options);
  const { isolation, retry: policy } = options ?? {};
  if (isolation !== undefined) checkOneOf('transaction', 'isolation', isolation, LEVELS);
  if (policy === undefined || typeof policy === 'boolean') return;
  if (typeof policy === 'object' && (policy as object | null) !== null) return;
  throw new TypeError(
    `transaction: retry is ${show(policy)}; give true, or a policy such as { attempts: 5 }`,
  );
}
