import { currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { GroupRef } from '../scope/heir.ts';
import { ownershipOf } from '../scope/owner-context.ts';
import type { TaskGroup } from './task-group.ts';
import type { Task } from './task.ts';

/**
 * Returns the task that the caller runs in, or undefined.
 *
 * @example
 * log(`[${currentTask()?.name ?? 'main'}] connected`);
 */
export function currentTask(): Task<unknown> | undefined {
  return taskOf(currentFrame()._scope._nearestOpen());
}

/**
 * Returns the innermost explicit group (`taskGroup`, `new TaskGroup`, `run`) around the caller that still takes what is
 * to be released: not one that is releasing already. Helpers own nothing.
 *
 * @returns the group; undefined outside of any
 * @example
 * const owner = currentGroup();
 * owner?.use(connection); // closed with the group
 */
export function currentGroup(): TaskGroup | undefined {
  let frame = currentFrame();
  for (let owned = ownershipOf(frame); owned !== undefined; owned = ownershipOf(frame)) {
    const group = groupOf(frame._scope, owned.caller._scope) as TaskGroup | undefined;
    if (group !== undefined) return group;
    frame = owned.home;
  }
  return groupOf(frame._scope) as TaskGroup | undefined;
}

/** The innermost group that takes what is to be released, from a scope on up to another one, which is left out. */
export function groupOf(scope: CancelScope, end?: CancelScope): GroupRef | undefined {
  let here: CancelScope | undefined = scope;
  for (; here !== undefined && here !== end; here = here._parent) {
    const group = here._group;
    if (group !== undefined && !group._isEnded) return group;
  }
  return undefined;
}

/** The task whose body a scope is part of. */
export function taskOf(scope: CancelScope): Task<unknown> | undefined {
  return scope._task as Task<unknown> | undefined;
}
