import { onDestroy, untrack } from 'svelte';
import { createSubscriber } from 'svelte/reactivity';
import { Action } from '../actions/action.ts';
import type { ActionOptions } from '../actions/action-options.ts';
import { detached } from '../combinators/detached.ts';
import type { Task } from '../tasks/task.ts';

/**
 * Options for {@link action}: those of an `Action`. The tasks belong to the component.
 *
 * @beta
 */
export type ComponentActionOptions = Omit<ActionOptions, 'group'>;

/**
 * What {@link action} gives. Its getters are reactive: markup and effects that read them run again when they change.
 *
 * @beta
 */
export interface ComponentAction<A extends unknown[], T> {
  /**
   * As `Action.perform`; does nothing once the component is destroyed. An effect that calls it depends on the arguments that it gives, not
   * on what the function reads: that would depend on whether the call has to wait for its turn.
   */
  readonly perform: (...args: A) => Task<T> | undefined;
  /** As `Action.cancel`. */
  readonly cancel: (reason?: unknown) => void;
  /** Whether a call has not ended. */
  readonly isRunning: boolean;
  /** How many calls have not ended. */
  readonly running: number;
  /** The task of the newest call: for `{#await}`. */
  readonly last: Task<T> | undefined;
}

/**
 * Makes an action of a component: a function that a user asks for again and again. Its calls are tasks of the component: all are cancelled when it is
 * destroyed. To be called while the component is initialised. A failure that neither `onError` nor code that awaits the task gets is
 * reported as an uncaught error. No scope around the initialisation owns the calls.
 *
 * @param fn - what each call runs
 * @param options - `mode`, `delay`, `throttle`, `limit`, `name`, `onError`
 * @returns `perform` and `cancel`, and reactive getters
 * @throws TypeError or RangeError for bad arguments; Svelte's error outside of a component
 * @example
 * const search = action((text: string) => fetchResults(text), { mode: 'restartable', delay: 250 });
 * // in the markup: {#if search.isRunning}…{/if}
 * @beta
 */
export function action<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  options?: ComponentActionOptions,
): ComponentAction<A, T> {
  // The component outlives the scope in which it is initialised, and that of the code that has it drawn again.
  const own = detached(() => new Action(fn, options));
  const read = createSubscriber((update) => detached(() => own.subscribe(update)));
  onDestroy(() => own[Symbol.dispose]());
  return {
    perform: (...args) => untrack(() => own.perform(...args)),
    cancel: (reason) => own.cancel(reason),
    get isRunning() {
      read();
      return own.isRunning;
    },
    get running() {
      read();
      return own.running;
    },
    get last() {
      read();
      return own.last;
    },
  };
}
