import { currentRuntime } from './cancel-scope.ts';
import { checkFunction, checkOptions, checkTime } from './check.ts';
import { failAt } from './timeouts.ts';

/**
 * Runs a body that cancellations from outside do not reach: cleanup that has to wait, say. The first
 * checkpoint after it throws. Give it a `timeout`, or it can hold everything up.
 *
 * @param body - called at once, also in a cancelled scope
 * @param options - `timeout`: milliseconds until it is cut short all the same, with a TimeoutError
 * @returns the body's value
 * @throws (rejects) what the body throws; TimeoutError
 * @example
 * try {
 *   await work(connection);
 * } finally {
 *   await shield(() => connection.quit(), { timeout: 1000 });
 * }
 */
export async function shield<T>(
  body: () => T | PromiseLike<T>,
  options?: { readonly timeout?: number | undefined },
): Promise<T> {
  checkFunction('shield', 'body', body);
  checkOptions('shield', options);
  const time = options?.timeout ?? Infinity;
  checkTime('shield', 'timeout', time);
  const ms = Math.max(time, 0);
  return failAt(currentRuntime().loop.now() + ms, ms, body, undefined, true);
}
