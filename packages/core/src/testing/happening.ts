import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import type { Timer } from '../loop/timer-heap.ts';
import { tryOr } from '../internal/try-or.ts';
import { Waiter } from '../waiting/waiter.ts';

/** What happens when a wait resumes, for people to read. */
export function describeWait(waiter: Waiter<unknown>): string {
  const verb = waiter.isAbandoned ? 'is cancelled in' : 'resumes from';
  return `${taskNameOf(waiter.scope)} ${verb} ${nameOf(waiter)}`;
}

/** What happens when a timer expires, for people to read. */
export function describeTimer({ owner }: Timer): string {
  if (owner instanceof AnyScope) {
    return `the deadline of ${owner.name === '' ? taskNameOf(owner) : owner.name}`;
  }
  if (owner?._waiter instanceof Waiter) return describeWait(owner._waiter as Waiter<unknown>);
  return 'a timer';
}

/** The name of the task that runs now. */
export function currentTaskName(): string {
  return taskNameOf(currentFrame()._scope);
}

function taskNameOf(scope: object | undefined): string {
  if (!(scope instanceof AnyScope)) return 'a callback';
  const task = scope._nearestOpen()._task;
  return task?.name ?? 'a callback';
}

function nameOf({ name }: Waiter<unknown>): string {
  const text = typeof name === 'function' ? tryOr(name, '') : name;
  return text === '' ? 'a wait' : text;
}
