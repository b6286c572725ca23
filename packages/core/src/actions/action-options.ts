import {
  checkCount,
  checkFunction,
  checkOneOf,
  checkOptions,
  checkTime,
  show,
} from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';
import { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';

/**
 * What happens to a call of an {@link Action} while others run:
 * - `'parallel'`: it runs beside them
 * - `'restartable'`: they are cancelled, and it runs; RxJS's `switchMap`, redux-saga's `takeLatest`
 * - `'drop'`: it is dropped; `exhaustMap`, `takeLeading`
 * - `'enqueue'`: it runs after them; `concatMap`
 * - `'keepLatest'`: it runs after them, unless a newer call comes before that
 *
 * @beta
 */
export type ActionMode = 'parallel' | 'restartable' | 'drop' | 'enqueue' | 'keepLatest';

/**
 * Options for {@link Action}.
 *
 * @beta
 */
export interface ActionOptions {
  /** What happens to a call while others run. Default `'parallel'`. */
  readonly mode?: ActionMode | undefined;
  /** How many calls run at a time: a whole number from 1. Default 1; with `'parallel'`, any number. */
  readonly limit?: number | undefined;
  /** Milliseconds of quiet before a call begins: one that comes in this time takes its place (a debounce). Default 0. */
  readonly delay?: number | undefined;
  /** Milliseconds from the beginning of one call to that of the next: the newest of those that come in between. Default 0. */
  readonly throttle?: number | undefined;
  /** Owns the tasks. Default: a group of the action's own, a child of the ambient scope, which ends with the action. */
  readonly group?: TaskGroup | undefined;
  /** Shows in messages and in the task tree. Default: the function's name. */
  readonly name?: string | undefined;
  /** Called with each failure, and its task; the group does not get it then. */
  readonly onError?: ((error: unknown, task: Task<unknown>) => void) | undefined;
}

const MODES: readonly ActionMode[] = ['parallel', 'restartable', 'drop', 'enqueue', 'keepLatest'];

export function checkAction(fn: unknown, options: ActionOptions | undefined): void {
  checkFunction('Action', 'fn', fn);
  if (options === undefined) return;
  checkOptions('Action', options);
  const { mode, limit, delay, throttle, group, onError } = options;
  if (mode !== undefined) checkOneOf('Action', 'mode', mode, MODES);
  if (limit !== undefined) checkCount('Action', 'limit', limit, 1);
  if (delay !== undefined) checkTime('Action', 'delay', delay);
  if (throttle !== undefined) checkTime('Action', 'throttle', throttle);
  checkText('Action', 'name', options.name);
  if (onError !== undefined) checkFunction('Action', 'onError', onError);
  if (delay !== undefined && throttle !== undefined) {
    throw new TypeError('Action: both delay and throttle are given; give one of them');
  }
  if (group === undefined || group instanceof TaskGroup) return;
  throw new TypeError(`Action: group is ${show(group)}; give a TaskGroup`);
}
