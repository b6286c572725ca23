import { currentFrame } from './cancel-scope.ts';
import type { Frame } from './cancel-scope.ts';
import type { ContextVar } from './context-var.ts';
import { remove } from './internal/linked-list.ts';
import { emitWarning } from './internal/emit-warning.ts';
import type { Task } from './task-group.ts';

/**
 * Whether the caller is inside `variable.run(value, …)` so that this call cannot end before the caller
 * has: in its flow of awaits, or in a task of a group that was opened there, however deep. A task that
 * was merely spawned there, into a group from further out, carries the value along but is waited for
 * elsewhere: false.
 *
 * @example
 * if (isWithin(this.#holder, hold)) throw new InvalidStateError('this would wait for itself for ever');
 */
export function isWithin<T>(variable: ContextVar<T>, value: T): boolean {
  let frame: Frame = currentFrame();
  while (hasValue(frame, variable, value)) {
    const task = frame._scope._nearestOpen()._task as Task<unknown> | undefined;
    // The task did not have the value when it began: `run` was called in it.
    if (task === undefined || !hasValue(task.scope, variable, value)) return true;
    frame = task.group.scope;
  }
  return false;
}

function hasValue<T>(frame: Frame, variable: ContextVar<T>, value: T): boolean {
  for (let at = frame._variables; at !== undefined; at = at.outer) {
    if (at.key === variable) return at.value === value;
  }
  return false;
}

/**
 * For debug mode: warns if a task ends before the result is disposed, and so leaves behind what it should
 * have given back.
 *
 * @param task - who is to give it back
 * @param describe - called when the task ends; says what it left, or nothing if all is well after all
 * @returns undefined outside of debug mode
 * @example
 * const loan = noteLoan(task, () => (this.#held === held ? 'the lock "db"' : undefined));
 */
export function noteLoan(
  task: Task<unknown>,
  describe: () => string | undefined,
): Disposable | undefined {
  if (!task.scope._runtime.debug || task.done) return undefined;
  const listener = task._listen(() => {
    const left = describe();
    if (left === undefined) return;
    emitWarning(`the task "${task.name}" has ended and still holds ${left}`, 'LeftHeldWarning');
  });
  return {
    [Symbol.dispose]: () => {
      remove(listener);
    },
  };
}
