import { currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { refusal, refuseIfCancelled } from '../waiting/park.ts';
import { groupOf } from './current-group.ts';
import type { GroupIntake } from './group-intake.ts';
import type { SpawnOptions } from './group-options.ts';
import { Starting } from './start-handshake.ts';
import type { Task } from './task.ts';

/** What `start` runs; `C` is the class of its task. */
export type StartFunction<C, T> = (task: C, started: (value: T) => void) => unknown;

/** Starts a child under the scopes of the caller, and hands it to its group once it says that it is ready. */
export function startChild<T>(
  group: GroupIntake,
  fn: StartFunction<never, T>,
  options: SpawnOptions | undefined,
): Promise<T> {
  const caller = currentFrame();
  try {
    group._checkOpen('start');
    refuseIfCancelled(group.scope, undefined);
    refuseIfCancelled(caller._scope, undefined);
  } catch (error) {
    return refusal(error === group.scope._reasonOfStarted() ? group.scope : caller._scope, error);
  }
  const task = group._makeTask<unknown>(fn, options);
  const starting = new Starting<T>(caller._scope, task);
  takeIn(group, task, starting);
  task.scope._open(caller._scope, task, caller._variables);
  const started = (value: T): void => {
    starting.announce(task, value);
    // The caller is cancelled, or gone: the child stays the caller's to the end.
    if (task.done || task.scope._reasonOfStarted() !== undefined) return;
    takeOver(group, task, options?.daemon === true ? 'daemon' : 'child');
    starting.succeed();
  };
  group._launch(task, (self: never) => fn(self, started));
  if (task._stateSoFar() === 'queued') cancelQueued(group.scope, task);
  return starting.promise;
}

/** The child keeps its group open, and is not yet one of the group's children. */
function takeIn(
  group: GroupIntake,
  task: Task<unknown>,
  starting: Pick<Starting<unknown>, 'ended'>,
): void {
  group._starting ??= new Map();
  group._starting.set(task, starting);
  group._children.add(task);
  task.scope._group = groupOf(group.scope);
}

/** The child is ready: from now on it is the group's. */
function takeOver(group: GroupIntake, task: Task<unknown>, as: 'child' | 'daemon'): void {
  group._starting?.delete(task);
  if (as === 'daemon') group._children.makeDaemon(task);
  task.scope._rehang(group._children.scopeFor(task));
}

/** While it waits for its turn, the group's cancellation is one of a child that is under its caller's scopes, too. */
function cancelQueued(scope: CancelScope, task: Task<unknown>): void {
  scope.onCancel((reason) => {
    if (task._stateSoFar() === 'queued' && task.scope._reasonOfStarted() === undefined)
      task.scope._spread(reason);
  });
}
