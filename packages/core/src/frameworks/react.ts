import { useLayoutEffect, useState, useSyncExternalStore } from 'react';
import type { ActionOptions } from '../actions/action-options.ts';
import { checkFunction, checkOptions } from '../internal/check.ts';
import type { Task } from '../tasks/task.ts';
import { MountedAction } from './mounted-action.ts';
import type { ActionView } from './mounted-action.ts';
import { useThrow } from './use-throw.ts';
import { withErrorHandler } from './with-error-handler.ts';

/**
 * Options for {@link useAction}: those of an `Action`, as they are in the first render. The tasks belong to the component.
 *
 * @beta
 */
export type UseActionOptions = Omit<ActionOptions, 'group'>;

/**
 * What {@link useAction} gives.
 *
 * @beta
 */
export interface UsedAction<A extends unknown[], T> {
  /** As `Action.perform`; does nothing while the component is not mounted. The same function in each render. */
  readonly perform: (...args: A) => Task<T> | undefined;
  /** As `Action.cancel`. The same function in each render. */
  readonly cancel: (reason?: unknown) => void;
  /** Whether a call has not ended. */
  readonly isRunning: boolean;
  /** The task of the newest call: for `use(last)`, and {@link useTaskState}. */
  readonly last: Task<T> | undefined;
}

const SERVER: ActionView<never> = { isRunning: false, last: undefined };

/**
 * Makes an action of a component: a function that a user asks for again and again. Its calls are tasks of the component: all are cancelled when it is
 * unmounted. A call runs the function of the newest render. What a call throws goes to `onError`, or to the nearest error boundary; after
 * unmounting it is reported as an uncaught error instead. No scope around the render owns the calls.
 *
 * @param fn - what each call runs
 * @param options - `mode`, `delay`, `throttle`, `limit`, `name`, `onError`
 * @returns `perform` and `cancel`, and what to show
 * @throws TypeError or RangeError for bad arguments, when the component is mounted
 * @example
 * const search = useAction((text: string) => fetchResults(text), { mode: 'restartable', delay: 250 });
 * return <input aria-busy={search.isRunning} onChange={(event) => search.perform(event.target.value)} />;
 * @beta
 */
export function useAction<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  options?: UseActionOptions,
): UsedAction<A, T> {
  checkFunction('useAction', 'fn', fn);
  checkOptions('useAction', options);
  const toBoundary = useThrow();
  const [action] = useState(
    () => new MountedAction<A, T>(fn, withErrorHandler(options, toBoundary)),
  );
  // Not in the render, which React may throw away; before any effect could perform it.
  useLayoutEffect(() => {
    action.fn = fn;
  });
  useLayoutEffect(() => action.mount(), [action]);
  const { isRunning, last } = useSyncExternalStore(
    action.subscribe,
    () => action.view,
    (): ActionView<T> => SERVER,
  );
  return { perform: action.perform, cancel: action.cancel, isRunning, last };
}
