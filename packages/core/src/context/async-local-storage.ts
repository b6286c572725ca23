import { AsyncLocalStorage } from 'node:async_hooks';

/** The ambient slot where the runtime has `AsyncLocalStorage`: its value follows every `await`. */
export class Ambient<F> {
  /** Whether the value holds beyond an `await`. */
  readonly isFollowing: boolean = true;

  readonly #storage = new AsyncLocalStorage<F>();

  get(): F | undefined {
    return this.#storage.getStore();
  }

  run<A extends unknown[], R>(value: F, fn: (...args: A) => R, ...args: A): R {
    return this.#storage.run(value, fn, ...args);
  }

  /** Everything ambient as of now, other libraries' stores too. */
  snapshot(): <R>(fn: () => R) => R {
    return AsyncLocalStorage.snapshot();
  }
}
