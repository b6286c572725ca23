import { useCallback, useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react';
import type { DependencyList } from 'react';
import { checkFunction } from '../internal/check.ts';
import { remove } from '../internal/linked-list.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Spawnable, Task, TaskState } from '../tasks/task.ts';
import { openGroup } from './open-group.ts';
import { useThrow } from './use-throw.ts';

/**
 * Opens a group from mount to unmount, which cancels what is left in it; a new one if React mounts the component again (StrictMode, Activity).
 * A failure goes to the nearest error boundary, and cancels no other task; one that comes after unmounting is reported as an uncaught error.
 * No scope around the render owns the group.
 *
 * @returns the group; undefined before the component is mounted, and on a server
 * @example
 * const group = useTaskGroup();
 * return <button onClick={() => group?.spawn(() => upload(file))}>Upload</button>;
 * @beta
 */
export function useTaskGroup(): TaskGroup | undefined {
  const toBoundary = useThrow();
  const [group, setGroup] = useState<TaskGroup>();
  useLayoutEffect(() => {
    const { group: opened, end } = openGroup('component', toBoundary);
    setGroup(opened);
    return () => {
      setGroup(undefined);
      end();
    };
  }, [toBoundary]);
  return group;
}

/**
 * Runs an effect that is a task: begins when the component is mounted, and again when a dependency has changed; cancelled before that, and
 * when the component is unmounted. A failure goes to the nearest error boundary; one that comes after unmounting, in its cleanup for example, is
 * reported as an uncaught error. Runs outside of the scope in which the component is rendered.
 *
 * @param fn - gets its task
 * @param deps - as those of `useEffect`
 * @throws TypeError if `fn` is not a function
 * @example
 * useTask(async () => setUser(await loadUser(id)), [id]);
 * @beta
 */
export function useTask(fn: Spawnable<unknown>, deps: DependencyList): void {
  checkFunction('useTask', 'fn', fn);
  const toBoundary = useThrow();
  useEffect(() => {
    const { group, outside, end } = openGroup('effect', toBoundary);
    outside(() => group.spawn(fn));
    return end;
    // The list is the caller's, as that of useEffect.
  }, deps);
}

/**
 * Returns the state of a task, with a render for each change.
 *
 * @param task - may be undefined: of a call that was not made yet
 * @returns its state; undefined for none
 * @example
 * const state = useTaskState(save.last); // 'running', 'fulfilled', 'rejected', …
 * @beta
 */
export function useTaskState(task: Task<unknown> | undefined): TaskState | undefined {
  const subscribe = useCallback(
    (listener: () => void) => (task === undefined ? () => undefined : onChange(task, listener)),
    [task],
  );
  const state = (): TaskState | undefined => task?._stateSoFar();
  return useSyncExternalStore(subscribe, state, state);
}

/** A task changes when it is cancelled, and when it ends. */
function onChange(task: Task<unknown>, listener: () => void): () => void {
  if (task.done) return () => undefined;
  const ended = task._listen(listener);
  const cancelled = task._stateSoFar() === 'cancelling' ? undefined : task.scope.onCancel(listener);
  return () => {
    remove(ended);
    cancelled?.[Symbol.dispose]();
  };
}
