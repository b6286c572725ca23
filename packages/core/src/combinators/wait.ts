import { currentFrame } from '../scope/any-scope.ts';
import { checkOneOf, checkTime, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { remove } from '../internal/linked-list.ts';
import type { Listener } from '../waiting/listener.ts';
import { parkIn, refusalIn } from '../waiting/park.ts';
import { yieldIfDue } from '../waiting/ready.ts';
import { Task } from '../tasks/task.ts';
import { moveOnAfter } from './timeouts.ts';

/** Options for {@link wait}. */
export interface WaitOptions extends SignalOptions {
  /** Default `'all'`. With `'first-failed'` also once all are done; a cancelled task has not failed. */
  readonly until?: 'all' | 'first-completed' | 'first-failed' | undefined;
  /** Milliseconds; then it returns with what is done. */
  readonly timeout?: number | undefined;
}

/**
 * Waits for tasks and never cancels one. A checkpoint.
 *
 * @param tasks - at least one
 * @param options - `until`: what for; `timeout`: milliseconds; `signal`
 * @returns which are done by then and which are not; running out of time is no error
 * @throws (rejects) TypeError for no tasks; the ambient scope's CancelledError; `signal.reason`
 * @example
 * const { done, pending } = await wait(tasks, { until: 'first-completed', timeout: 500 });
 */
export async function wait<T extends Task<unknown>>(
  tasks: Iterable<T>,
  options?: WaitOptions,
): Promise<{ done: Set<T>; pending: Set<T> }> {
  const all = tasksOf(tasks);
  checkCall('wait', options);
  const { until = 'all', timeout: time = Infinity } = options ?? {};
  checkOneOf('wait', 'until', until, ['all', 'first-completed', 'first-failed']);
  checkTime('wait', 'timeout', time);
  const refused = refusalIn(currentFrame()._scope, options?.signal);
  if (refused !== undefined) return refused;
  const tasksHere = [...all];
  const open = tasksHere.filter((task) => !task.done);
  if (open.length > 0 && !tasksHere.some((task) => suffices(until, task))) {
    await moveOnAfter(time, () => someEnd(open, until, options?.signal));
  }
  const pause = yieldIfDue();
  if (pause !== undefined) await pause;
  return {
    done: new Set(tasksHere.filter((task) => task.done)),
    pending: new Set(open.filter((task) => !task.done)),
  };
}

type Until = NonNullable<WaitOptions['until']>;

/** Whether this one task ends the wait. */
function suffices(until: Until, task: Task<unknown>): boolean {
  if (until === 'all') return false;
  return until === 'first-completed' ? task.done : task._settled === 'rejected';
}

/** Parks until one of the tasks suffices, or the last has ended. */
function someEnd(
  tasks: readonly Task<unknown>[],
  until: Until,
  signal: AbortSignal | undefined,
): Promise<void> {
  const scope = currentFrame()._scope;
  return parkIn<void>(
    scope,
    (waiter) => {
      const listeners: Listener[] = [];
      const forget = (): void => {
        for (const listener of listeners) remove(listener);
      };
      let left = tasks.length;
      const ended = (task: Task<unknown>): void => {
        left -= 1;
        if ((left === 0 || suffices(until, task)) && waiter.wake()) forget();
      };
      for (const task of tasks) listeners.push(task._listen(() => ended(task)));
      return forget;
    },
    { signal, name: 'wait' },
  );
}

function tasksOf<T extends Task<unknown>>(tasks: Iterable<T>): Set<T> {
  const candidate = tasks as Partial<Iterable<T>> | null | undefined;
  if (typeof candidate?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`wait: tasks is ${show(tasks)}; give an array or a set of tasks`);
  }
  const all = new Set(tasks);
  if (all.size === 0) throw new TypeError('wait: there are no tasks; give at least one');
  for (const task of all) {
    if (task instanceof Task) task._refuseDeadlock('wait');
    else throw new TypeError(`wait: ${show(task)} is not a task; group.spawn() gives one`);
  }
  return all;
}
