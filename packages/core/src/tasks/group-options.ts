import type { SignalOptions } from '../internal/signal-options.ts';
import { checkScopeOptions } from '../scope/scope-options.ts';
import type { ScopeOptions } from '../scope/scope-options.ts';
import { checkCount, checkFunction, checkOneOf, checkOptions } from '../internal/check.ts';
import { checkFlag, checkText } from '../internal/check-values.ts';
import type { OnFailure } from './group-outcome.ts';
import type { Task } from './task.ts';

/** Options for `TaskGroup`. */
export interface TaskGroupOptions extends ScopeOptions {
  /** How many tasks run at a time, a whole number from 1; the others are `queued`, in order. */
  readonly limit?: number | undefined;
  /** `'cancel'` (default): the first failure cancels the others; `'continue'`: it cancels none. */
  readonly onFailure?: OnFailure | undefined;
  /**
   * With `onFailure: 'continue'`: called with the failure of each child, and its task, as it happens. The
   * group keeps no failure then, and resolves with the body's value. An error thrown here fails the group; a promise is awaited
   * as a child is.
   */
  readonly onError?: ((error: unknown, task: Task<unknown>) => void) | undefined;
}

/** Options for `group.spawn`, `group.start` and `createTask`. */
export interface SpawnOptions {
  /** Shows in messages and in the task tree. Default: the function's name, else `task-<id>`. */
  readonly name?: string | undefined;
  /** A daemon does not keep its group: it is cancelled once everything else in the group has ended. */
  readonly daemon?: boolean | undefined;
}

/** Options for {@link TaskGroup.start}. */
export interface StartOptions extends SpawnOptions, SignalOptions {}

export function checkGroupOptions(where: string, options: TaskGroupOptions | undefined): void {
  if (options === undefined) return;
  checkScopeOptions(where, options);
  if (options.limit !== undefined) checkCount(where, 'limit', options.limit, 1);
  if (options.onFailure !== undefined) {
    checkOneOf(where, 'onFailure', options.onFailure, ['cancel', 'continue']);
  }
  if (options.onError === undefined) return;
  checkFunction(where, 'onError', options.onError);
  if (options.onFailure === 'continue') return;
  throw new TypeError(
    `${where}: onError is given, but onFailure is not 'continue'; the first failure ends this group, so catch it there`,
  );
}

export function checkSpawnOptions(where: string, options: SpawnOptions | undefined): void {
  if (options === undefined) return;
  checkOptions(where, options);
  checkText(where, 'name', options.name);
  checkFlag(where, 'daemon', options.daemon);
}
