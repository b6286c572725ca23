import { taskBegun } from '../diagnostics/channels.ts';
import { isThenable } from '../internal/check.ts';
import { nativeOf, whenSettled } from '../internal/native-promise.ts';
import { ambient } from '../loop/ambient.ts';
import type { GoesOn } from '../loop/context/loss-watch.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { taskOf } from './current-group.ts';
import type { Task } from './task.ts';
import { announced } from './task-message.ts';
import { selfWait } from './task-waits.ts';

/** Calls the function of a task in the task's scope, and ends the task when it has settled. */
export function begin(task: Task<unknown>, fn: (task: never) => unknown): void {
  ambient.run(task.scope, call, task, fn);
}

function call(task: Task<unknown>, fn: (task: never) => unknown): void {
  const called = taskBegun.hasSubscribers ? announced(task, fn) : fn;
  const goesOn = ambient.watch?.begins();
  let returned: unknown;
  try {
    returned = called(task as never);
    if (returned === task) throw selfWait(task);
  } catch (error) {
    task._fail(error);
    return;
  }
  if (isThenable(returned)) follow(task, returned, goesOn);
  else task._end('fulfilled', returned);
}

// Handled in the same tick: its rejection never is an unhandledRejection.
function follow(
  task: Task<unknown>,
  promise: PromiseLike<unknown>,
  goesOn: GoesOn | undefined,
): void {
  if (ambient.isFollowing) {
    // We are in the task's scope, and so are these: the scope tells them whose end it is, and no task needs a closure.
    whenSettled(promise, succeedHere, failHere);
  } else followByClosures(task, nativeOf(promise), goesOn);
}

function followByClosures(
  task: Task<unknown>,
  native: Promise<unknown>,
  goesOn: GoesOn | undefined,
): void {
  goesOn?.(native);
  whenSettled(native, task._end.bind(task, 'fulfilled'), task._fail.bind(task));
}

function taskHere(): Task<unknown> {
  return taskOf(currentFrame()._scope) as Task<unknown>;
}

function succeedHere(value: unknown): void {
  taskHere()._end('fulfilled', value);
}

function failHere(error: unknown): void {
  taskHere()._fail(error);
}
