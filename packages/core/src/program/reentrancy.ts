import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { taskOf } from '../tasks/current-group.ts';
import type { Frame } from '../scope/frame.ts';
import type { ContextVar } from '../scope/context-var.ts';
import { ownershipOf } from '../scope/owner-context.ts';
import { remove } from '../internal/linked-list.ts';
import { emitWarning } from '../internal/emit-warning.ts';
import type { Task } from '../tasks/task.ts';

/**
 * Tells whether the caller is inside `variable.run(value, …)` so that this call cannot end before the caller
 * has: in its flow of awaits, in a task of a group that was opened there, however deep, or in what that
 * flow waits for on behalf of an owner ({@link captureOwner}). A task that was merely spawned there, into
 * a group from further out, carries the value along but is waited for elsewhere: false.
 *
 * @param variable - whose `run`
 * @param value - that it was given
 * @returns true if the call would wait for its own caller
 * @example
 * if (isWithin(this.#holder, hold)) throw new InvalidStateError('this would wait for itself forever');
 */
export function isWithin<T>(variable: ContextVar<T>, value: T): boolean {
  let frame: Frame | undefined = currentFrame();
  while (frame !== undefined) {
    const owned = ownershipOf(frame);
    const isHere = hasValue(frame, variable, value);
    if (!isHere && owned === undefined) return false;
    const task = taskOf(frame._scope._nearestOpen());
    const began = task?.scope;
    // The task did not have the value when it began: `run` was called in it.
    if (isHere && (began === undefined || !hasValue(began, variable, value))) return true;
    const isForOwner = owned !== undefined && (began === undefined || ownershipOf(began) !== owned);
    frame = isForOwner ? owned.caller : task?.group.scope;
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
 * Tells whether the caller's `run()` is in debug mode: for bookkeeping that only its reports need.
 *
 * @returns false outside of any
 * @example
 * if (!isDebugging()) return body();
 */
export function isDebugging(): boolean {
  return currentRuntime().debug;
}

/**
 * Warns in debug mode if a task ends before the result is disposed, and so leaves behind what it should
 * have given back.
 *
 * @param task - the task that is to give it back
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
