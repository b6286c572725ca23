import { currentFrame } from '../scope/any-scope.ts';
import { contextSnapshot } from '../scope/context-var.ts';
import { callSafely, reportLater } from '../internal/report-later.ts';
import { checkFunction } from '../internal/check.ts';
import { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';
import { checkAction } from './action-options.ts';
import type { ActionOptions } from './action-options.ts';
import { Turns } from './turns.ts';
import type { Call } from './turns.ts';
import { ownedUntil } from './owned-until.ts';

/**
 * A function that is asked for again and again: by each key of a search field, each click of a button. Each call is a task, and the
 * `mode` says what happens to a call that comes while others run. After ember-concurrency's tasks.
 *
 * Without `group` its tasks belong to a group of its own, a child of the scope around the constructor, which ends when the action is
 * disposed of, and with the group around it at the latest. A failure there that neither `onError` nor code that awaits the task gets is
 * reported as an uncaught error, as is that of a resource which a call has left to the group.
 *
 * @example
 * const search = new Action((text: string) => fetch(`/search?q=${text}`), { mode: 'restartable', delay: 250 });
 * input.addEventListener('input', () => search.perform(input.value));
 *
 * @beta
 */
export class Action<A extends unknown[], T> implements Disposable {
  readonly #fn: (...args: A) => T | PromiseLike<T>;
  readonly #options: ActionOptions;
  readonly #name: string;
  readonly #turns: Turns;
  readonly #group: TaskGroup;
  readonly #here = contextSnapshot();
  readonly #listeners = new Set<() => void>();
  #last: Task<T> | undefined;
  /** Takes the action from the group around it. */
  readonly #disown: () => void;
  #isDisposed = false;
  /** The group around waits for the end of the action, and gets what fails there. */
  #hasOwner = false;
  #over: Promise<void> | undefined;

  /**
   * @param fn - what each call runs
   * @param options - see {@link ActionOptions}
   * @throws TypeError or RangeError for bad arguments
   */
  constructor(fn: (...args: A) => T | PromiseLike<T>, options?: ActionOptions) {
    checkAction(fn, options);
    this.#fn = fn;
    this.#options = options ?? {};
    this.#name = this.#options.name ?? fn.name;
    this.#turns = new Turns(this.#options, this.#name === '' ? 'an action' : this.#name);
    const { group } = this.#options;
    this.#group = group ?? new TaskGroup({ name: this.#name });
    this.#disown = group === undefined ? ownedUntil(() => this.#endForOwner()) : () => undefined;
  }

  /**
   * Performs the function, now or when its turn has come. Does not wait.
   *
   * @param args - for the function
   * @returns the task of this call: it ends `cancelled` if a newer call takes its place while it waits. Undefined: the call was
   *   dropped, or the action was disposed of, or its group has ended
   * @example
   * const results = await search.perform('ambit');
   */
  perform(...args: A): Task<T> | undefined {
    if (this.#isDisposed || this.#group._isEnded) return undefined;
    const call = this.#turns.join();
    if (call === undefined) return undefined;
    const task = this.#spawn(call, args);
    this.#last = task;
    call.task = task;
    if (task.done) this.#ended(call, task);
    else task._listen(() => this.#ended(call, task));
    this.#tell();
    return task;
  }

  /**
   * Cancels all calls that have not ended. Does not wait.
   *
   * @param reason - why: the `reason` of their CancelledError
   */
  cancel(reason?: unknown): void {
    this.#turns.cancel(reason);
  }

  /** How many calls have not ended, those that wait for their turn among them. */
  get running(): number {
    return this.#turns.size;
  }

  /** Whether a call has not ended. */
  get isRunning(): boolean {
    return this.#turns.size > 0;
  }

  /** The task of the newest call. */
  get last(): Task<T> | undefined {
    return this.#last;
  }

  /**
   * Has a function called after each change of `running` and `last`; the shape of React's `useSyncExternalStore`.
   *
   * @param listener - called with nothing, in the context of this call
   * @returns takes it back
   * @throws TypeError if it is not a function
   */
  subscribe(listener: () => void): () => void {
    checkFunction('Action.subscribe', 'listener', listener);
    // Each subscription ends by itself, also if one listener has several.
    const here = contextSnapshot();
    const own = (): void => here(listener);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Cancels all calls; later ones are dropped. Does not wait: the group does. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.cancel('the action was disposed of');
    // Also if one of its own tasks disposes of it: the group does not end in there.
    if (this.#options.group !== undefined) return;
    this.#here(() => this.#end()).catch((error: unknown) => {
      if (!this.#hasOwner) reportLater(error);
    });
  }

  #endForOwner(): Promise<void> {
    this.#hasOwner = true;
    return this.#end();
  }

  #end(): Promise<void> {
    this.#over ??= this.#endGroup();
    return this.#over;
  }

  async #endGroup(): Promise<void> {
    try {
      await this.#group.stop('the action is over');
      await this.#group[Symbol.asyncDispose]();
    } finally {
      this.#disown();
    }
  }

  #spawn(call: Call, args: A): Task<T> {
    const run = (task: Task<never>): T | PromiseLike<T> => {
      call.task = task;
      const fn = this.#fn;
      return this.#turns.take(call) ? fn(...args) : this.#later(call, () => fn(...args));
    };
    const { group, onError } = this.#options;
    const isApart = group === undefined || onError !== undefined;
    if (!isApart) return this.#group.spawn(run, { name: this.#name });
    return this.#group._spawnApart(run, {
      name: this.#name,
      variables: currentFrame()._variables,
    });
  }

  async #later(call: Call, fn: () => T | PromiseLike<T>): Promise<T> {
    const scope = (call.task as Task<unknown>).scope;
    await this.#turns.wait(call, scope);
    scope.throwIfCancelled();
    return fn();
  }

  #ended(call: Call, task: Task<T>): void {
    this.#turns.leave(call);
    if (task.state === 'rejected') this.#failed(task);
    this.#tell();
  }

  #failed(task: Task<T>): void {
    const { group, onError } = this.#options;
    const error = task._result;
    if (onError !== undefined)
      callSafely(() => this.#here(() => onError.call(this.#options, error, task)), undefined);
    else if (group === undefined) this.#reportUnlessSeen(task, error);
  }

  // The caller of `perform` gets the task only afterwards.
  #reportUnlessSeen(task: Task<T>, error: unknown): void {
    this.#group.scope._runtime.loop.callNext(() => {
      if (!task._isObserved) reportLater(error);
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) callSafely(listener, undefined);
  }
}
