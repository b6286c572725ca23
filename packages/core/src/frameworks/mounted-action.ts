import { Action } from '../actions/action.ts';
import type { ActionOptions } from '../actions/action-options.ts';
import { detached } from '../combinators/detached.ts';
import type { Task } from '../tasks/task.ts';

/** What a component shows of its action. */
export interface ActionView<T> {
  readonly isRunning: boolean;
  readonly last: Task<T> | undefined;
}

/**
 * An action that lives as long as its component is mounted, and again if that is mounted again. Between two lives a call is dropped. Its
 * view is one object until something changes in it.
 */
export class MountedAction<A extends unknown[], T> {
  /** The function of the newest render. */
  fn: (...args: A) => T | PromiseLike<T>;
  readonly #options: ActionOptions;
  readonly #listeners = new Set<() => void>();
  #action: Action<A, T> | undefined;
  #view: ActionView<T> = { isRunning: false, last: undefined };

  constructor(fn: (...args: A) => T | PromiseLike<T>, options: ActionOptions) {
    this.fn = fn;
    this.#options = options;
  }

  get view(): ActionView<T> {
    return this.#view;
  }

  readonly perform = (...args: A): Task<T> | undefined => this.#action?.perform(...args);

  readonly cancel = (reason?: unknown): void => this.#action?.cancel(reason);

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  };

  /** Begins a life. Returns how to end it. */
  readonly mount = (): (() => void) => {
    const options = { ...this.#options, name: this.#options.name ?? this.fn.name };
    // The component outlives the scope in which it is rendered.
    const action = detached(() => new Action<A, T>((...args) => this.fn(...args), options));
    this.#action = action;
    const stop = detached(() => action.subscribe(() => this.#look(action)));
    return () => {
      stop();
      action[Symbol.dispose]();
      if (this.#action !== action) return;
      this.#action = undefined;
      this.#show({ ...this.#view, isRunning: false });
    };
  };

  #look({ isRunning, last }: Action<A, T>): void {
    this.#show({ isRunning, last });
  }

  #show(view: ActionView<T>): void {
    if (view.isRunning === this.#view.isRunning && view.last === this.#view.last) return;
    this.#view = view;
    for (const listener of [...this.#listeners]) listener();
  }
}
