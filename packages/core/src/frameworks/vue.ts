import { getCurrentScope, onScopeDispose, shallowReadonly, shallowRef, watch } from 'vue';
import type { ShallowRef, WatchCallback, WatchHandle, WatchOptions, WatchSource } from 'vue';
import { Action } from '../actions/action.ts';
import type { ActionOptions } from '../actions/action-options.ts';
import { detached } from '../combinators/detached.ts';
import { checkFunction, checkOptions } from '../internal/check.ts';
import { reportLater } from '../internal/report-later.ts';
import type { Task } from '../tasks/task.ts';
import { openGroup } from './open-group.ts';
import { withErrorHandler } from './with-error-handler.ts';

/**
 * Options for {@link useAction}: those of an `Action`. The tasks belong to the effect scope: to the component, in its `setup`.
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
  /** As `Action.perform`; does nothing once the component is unmounted. */
  readonly perform: (...args: A) => Task<T> | undefined;
  /** As `Action.cancel`. */
  readonly cancel: (reason?: unknown) => void;
  /** Whether a call has not ended. */
  readonly isRunning: Readonly<ShallowRef<boolean>>;
  /** The task of the newest call. */
  readonly last: Readonly<ShallowRef<Task<T> | undefined>>;
}

/**
 * Makes an action of a component: a function that a user asks for again and again. Its calls are tasks of the component: all are cancelled when it is
 * unmounted. What a call throws goes to `onError`, or to Vue, as what a watcher throws: `onErrorCaptured`, `app.config.errorHandler`. After
 * unmounting it is reported as an uncaught error instead. No scope around `setup` owns the calls.
 *
 * @param fn - what each call runs
 * @param options - `mode`, `delay`, `throttle`, `limit`, `name`, `onError`
 * @returns `perform` and `cancel`, and refs to show
 * @throws TypeError or RangeError for bad arguments
 * @example
 * const { perform: search, isRunning } = useAction((text: string) => fetchResults(text), { mode: 'restartable' });
 * @beta
 */
export function useAction<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  options?: UseActionOptions,
): UsedAction<A, T> {
  checkFunction('useAction', 'fn', fn);
  checkOptions('useAction', options);
  const named = { ...withErrorHandler(options, useThrow()), name: options?.name ?? fn.name };
  const action = detached(() => new Action(fn, named));
  const isRunning = shallowRef(false);
  const last = shallowRef<Task<T>>();
  const show = (): void => {
    isRunning.value = action.isRunning;
    last.value = action.last;
  };
  detached(() => action.subscribe(show));
  onScopeDispose(() => {
    action[Symbol.dispose]();
    isRunning.value = false;
  });
  return {
    perform: (...args) => action.perform(...args),
    cancel: (reason) => action.cancel(reason),
    isRunning: shallowReadonly(isRunning),
    last: shallowReadonly(last),
  };
}

/**
 * Watches a source, and runs a task for each of its values; the task for the value before is cancelled. What a task throws goes to Vue, as
 * what a watcher throws; once the effect scope has ended, in a cleanup for example, it is reported as an uncaught error. Ends with the effect scope.
 * Runs outside of the scope in which the value was changed.
 *
 * @param source - as that of `watch`
 * @param fn - gets the value, the value before, and its task
 * @param options - as those of `watch`, `immediate` for example
 * @returns as `watch` does; stopping it cancels the task
 * @throws TypeError if `fn` is not a function
 * @example
 * watchTask(() => props.id, async (id) => { user.value = await loadUser(id); }, { immediate: true });
 * @beta
 */
export function watchTask<V>(
  source: WatchSource<V>,
  fn: (value: V, before: V | undefined, task: Task<never>) => unknown,
  options?: WatchOptions,
): WatchHandle {
  checkFunction('watchTask', 'fn', fn);
  const toVue = useThrow();
  const run: WatchCallback<V, V | undefined> = (value, before, onCleanup) => {
    const { group, outside, end } = openGroup(fn.name, toVue);
    onCleanup(end);
    outside(() => group.spawn((task) => fn(value, before, task), { name: fn.name }));
  };
  return watch<V>(source, run as WatchCallback<V, V>, options as WatchOptions<false>);
}

/**
 * What is thrown in a watcher is Vue's: it knows the component, and its handlers of errors. Once the effect scope has ended no watcher
 * runs, and the error becomes an uncaught one.
 */
function useThrow(): (error: unknown) => void {
  const scope = getCurrentScope();
  const thrown = shallowRef<{ readonly error: unknown }>();
  watch(
    thrown,
    (given) => {
      if (given !== undefined) throw given.error;
    },
    { flush: 'sync' },
  );
  return (error) => {
    if (scope?.active === false) reportLater(error);
    else thrown.value = { error };
  };
}
