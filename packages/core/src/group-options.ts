import { checkScopeOptions } from './cancel-scope.ts';
import type { ScopeOptions } from './cancel-scope.ts';
import { checkCount, checkName, checkOneOf, checkOptions } from './check.ts';
import type { OnFailure } from './failure-policy.ts';

/** What `TaskGroup` takes besides. */
export interface TaskGroupOptions extends ScopeOptions {
  /** How many tasks run at a time, a whole number from 1; the others are `queued`, in order. */
  readonly limit?: number | undefined;
  /** `'cancel'` (default): the first failure cancels the others; `'continue'`: it cancels nobody. */
  readonly onFailure?: OnFailure | undefined;
}

/** What `group.spawn`, `group.start` and `createTask` take besides. */
export interface SpawnOptions {
  /** Shows in messages and in the task tree. Default: the function's name, else `task-<id>`. */
  readonly name?: string | undefined;
  /** A daemon does not keep its group: it is cancelled once everything else in the group has ended. */
  readonly daemon?: boolean | undefined;
}

export function checkGroupOptions(where: string, options: TaskGroupOptions | undefined): void {
  if (options === undefined) return;
  checkScopeOptions(where, options);
  if (options.limit !== undefined) checkCount(where, 'limit', options.limit, 1);
  if (options.onFailure !== undefined) {
    checkOneOf(where, 'onFailure', options.onFailure, ['cancel', 'continue']);
  }
}

export function checkSpawnOptions(where: string, options: SpawnOptions | undefined): void {
  if (options === undefined) return;
  checkOptions(where, options);
  checkName(where, options.name);
}
