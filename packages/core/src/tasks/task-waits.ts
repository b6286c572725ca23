import { show } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { remove } from '../internal/linked-list.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { CancelledError } from '../scope/cancelled-error.ts';
import { currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { parkIn } from '../waiting/park.ts';
import { Patience } from '../waiting/patience.ts';
import type { Waiter } from '../waiting/waiter.ts';
import type { Task } from './task.ts';

/** Parks until the task is done, in every way; only a time limit cuts that short. */
export function untilEnded(task: Task<unknown>, name: string): Promise<void> {
  const scope = currentFrame()._scope;
  const register = (waiter: Waiter<void>): (() => void) => {
    const patience = new Patience(scope, waiter);
    const listener = task._listen(() => {
      patience.leave();
      waiter.wake();
    });
    return () => {
      remove(listener);
    };
  };
  return parkIn(scope, register, { shield: true, name, blockedBy: () => [task] });
}

/**
 * The group answers for the task's error: a promise derived from the task that nothing handles must not report it a
 * second time. An error that a callback throws is another matter.
 */
export function owned<P>(task: Task<unknown>, derived: Promise<P>): Promise<P> {
  const scope = currentFrame()._scope;
  const promise: Promise<P> = derived.catch((error: unknown) => {
    if (error === task._result && task._settled !== 'fulfilled') markHandled(promise);
    // The caller's own cancellation: its scope says so at the next checkpoint.
    else if (error instanceof CancelledError && error === scope.reason) markHandled(promise);
    throw error;
  });
  return promise;
}

/** A task waits for everything in it before it ends: throws if the caller is in it and would wait for it. */
export function refuseDeadlock(task: Task<unknown>, verb: string): void {
  if (task.done || !isAroundCaller(task)) return;
  throw new InvalidStateError(
    `${verb}: called inside the task ${show(task.name)}, this would wait for itself forever; ` +
      `${verb} it from outside`,
  );
}

/**
 * A task that awaits itself waits forever. Only its `then` is called, which code in a deeper scope may call for
 * other ends: there only an `await` counts.
 */
export function refuseAwait(task: Task<unknown>, callbacks: readonly unknown[]): void {
  if (task.done) return;
  if (currentFrame()._scope._nearestOpen()._task === task) throw selfWait(task);
  if (isAroundCaller(task) && callbacks.every(isOfAwait)) refuseDeadlock(task, 'await');
}

export function selfWait(task: Task<unknown>): InvalidStateError {
  return new InvalidStateError(
    `await: the task ${show(task.name)} would wait for itself forever; await it from outside`,
  );
}

function isAroundCaller(task: Task<unknown>): boolean {
  let scope: CancelScope | undefined = currentFrame()._scope;
  while (scope !== undefined && scope !== task.scope) scope = scope._parent;
  return scope !== undefined;
}

// The functions that `await`, and Promise.all, call `then` with are the engine's own.
function isOfAwait(callback: unknown): boolean {
  if (typeof callback !== 'function' || callback.name !== '') return false;
  return Function.prototype.toString.call(callback).includes('[native code]');
}
