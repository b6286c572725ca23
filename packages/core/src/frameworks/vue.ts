import {
  getCurrentScope,
  onScopeDispose,
  shallowReadonly,
  shallowRef,
  triggerRef,
  watch,
} from 'vue';
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
 * A call of an action: `await` it for its result. It is no promise with a `catch`, since Vue takes such a one that a listener in a template
 * returns for the listener's, and would report each call that is cancelled as an error, and each failure twice.
 *
 * @beta
 */
export interface PerformedCall<T> extends PromiseLike<T> {
  /** The task of the call. */
  readonly task: Task<T>;
}

/**
 * What {@link useAction} gives.
 *
 * @beta
 */
export interface UsedAction<A extends unknown[], T> {
  /**
   * As `Action.perform`, for listeners in templates too: `@click="save(draft)"`. Undefined: the call was dropped, or the component is
   * unmounted.
   */
  readonly perform: (...args: A) => PerformedCall<T> | undefined;
  /** As `Action.cancel`. */
  readonly cancel: (reason?: unknown) => void;
  /** Whether a call has not ended. */
  readonly isRunning: Readonly<ShallowRef<boolean>>;
  /** The task of the newest call. What shows its `state` is shown again when that task, or another one, has ended. */
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
    if (last.value === action.last) triggerRef(last);
    else last.value = action.last;
  };
  detached(() => action.subscribe(show));
  onScopeDispose(() => {
    action[Symbol.dispose]();
    isRunning.value = false;
  });
  return {
    perform: (...args) => callOf(action.perform(...args)),
    cancel: (reason) => action.cancel(reason),
    isRunning: shallowReadonly(isRunning),
    last: shallowReadonly(last),
  };
}

function callOf<T>(task: Task<T> | undefined): PerformedCall<T> | undefined {
  if (task === undefined) return undefined;
  return { task, then: (onFulfilled, onRejected) => task.then(onFulfilled, onRejected) };
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
