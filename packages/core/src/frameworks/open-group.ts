import { detached } from '../combinators/detached.ts';
import { callSafely } from '../internal/report-later.ts';
import { contextSnapshot } from '../scope/context-var.ts';
import { TaskGroup } from '../tasks/task-group.ts';

/** A group of a component. */
export interface ComponentGroup {
  readonly group: TaskGroup;
  /**
   * Calls a function where the group was made: outside of every scope. A framework renders, and runs effects, in the scope of
   * the code that has changed something; the component outlives that.
   */
  readonly outside: <R>(fn: () => R) => R;
  /** Cancels what is in it. */
  readonly end: () => void;
}

/** Opens a group that belongs to a component alone, and whose failures go to the component's framework. */
export function openGroup(name: string, onError: (error: unknown) => void): ComponentGroup {
  const outside = detached(() => contextSnapshot());
  const options = {
    name,
    onFailure: 'continue',
    onError: (error: unknown) => callSafely(onError, error),
  } as const;
  const group = outside(() => new TaskGroup(options));
  const end = (): void => {
    group.cancel('its component has no use for it any more');
    // Outside also if one of its own tasks ends it, which would wait for itself.
    outside(() => group[Symbol.asyncDispose]()).catch(options.onError);
  };
  return { group, outside, end };
}
