import { show } from '../internal/check.ts';
import { emitWarning } from '../internal/emit-warning.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { taskOf } from '../tasks/current-group.ts';
import type { Task } from '../tasks/task.ts';

/** Notes that the calling task waits for `task`, and warns of tasks that wait for each other. */
export function noteWait(task: Task<unknown>, wait: Promise<unknown>): void {
  const waiter = taskOf(currentFrame()._scope);
  if (waiter === undefined) return;
  for (let next: Task<unknown> | undefined = task._awaits; next; next = next._awaits) {
    if (next === waiter) warnOfCycle(waiter, task);
  }
  waiter._awaits = task;
  const forget = (): void => {
    waiter._awaits = undefined;
  };
  wait.then(forget, forget);
}

function warnOfCycle(waiter: Task<unknown>, joined: Task<unknown>): void {
  emitWarning(
    `the tasks ${show(waiter.name)} and ${show(joined.name)} wait for each other, and would forever`,
    'DeadlockWarning',
  );
}
