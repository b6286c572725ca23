import { ambient } from '../loop/ambient.ts';
import { checkFunction } from '../internal/check.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { outsideOf } from '../scope/outside.ts';

/**
 * Calls a function outside of every scope, task, group and variable, with the clock of the running `run()`: for
 * resources that the first request makes and later ones share. No scope cancels it and no group waits for it: keep what it
 * returns, and end it yourself.
 *
 * @param fn - called at once
 * @returns what it returns
 * @throws what it throws
 * @example
 * let client: Promise<Client> | undefined;
 * function sharedClient(): Promise<Client> {
 *   client ??= detached(() => connect(url)); // not cancelled with the request that asks first
 *   return client;
 * }
 */
export function detached<T>(fn: () => T): T {
  checkFunction('detached', 'fn', fn);
  return ambient.run(outsideOf(currentRuntime()), fn);
}
