import { checkFunction } from '../internal/check.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { checkGroupOptions } from './group-options.ts';
import type { TaskGroupOptions } from './group-options.ts';
import { TaskGroup } from './task-group.ts';

/**
 * Runs a body that may spawn tasks, and waits for all of them. Nothing that was started in it is still
 * running when it settles.
 *
 * The first failure, of a child or of the body, cancels the rest; once everyone has ended it is thrown,
 * itself, with later failures in its `suppressedErrors`. With `onFailure: 'continue'` a child's failure
 * cancels no other, and a TaskGroupError of all failures is thrown at the end.
 *
 * @param body - gets the group; runs inside its scope
 * @param options - `limit`, `onFailure`, and those of a CancelScope
 * @returns the body's value
 * @throws (rejects) the first failure; TaskGroupError; TimeoutError if the group's own `timeout` or
 *   `deadline` cut anything short; `signal.reason` likewise; a CancelledError if the body was
 *   interrupted, or if a cancellation from outside cut the group short; StragglersError if tasks are left
 *   `grace` milliseconds after the cancellation
 * @example
 * const [user, orders] = await taskGroup(async (group) => {
 *   const user = group.spawn(() => fetchUser(id));
 *   const orders = group.spawn(() => fetchOrders(id));
 *   return [await user, await orders];
 * });
 */
export function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T> {
  return promiseTry(() => {
    checkFunction('taskGroup', 'body', body);
    checkGroupOptions('taskGroup', options);
    return new TaskGroup(options)._run(body);
  });
}

/** Options for {@link helperGroup}. */
export interface HelperOptions extends TaskGroupOptions {
  /**
   * What a helper makes of its children:
   * - `'needed'`: it needs every value, and a child that cancels itself has none: its CancelledError is its failure
   * - `'judged'`: what they come to is for the helper to judge, unless the group is cancelled
   */
  readonly children?: 'needed' | 'judged' | undefined;
}

/**
 * The group of a helper such as `gather`: what is opened in it belongs to the explicit group around.
 */
export function helperGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: HelperOptions,
): Promise<T> {
  return helper(options)._run(body);
}

/** The same without a body. */
export function helper(options?: HelperOptions): TaskGroup {
  const group = new TaskGroup(options);
  group._judging = options?.children;
  // Nothing has been opened in it yet.
  group.scope._group = undefined;
  return group;
}
