import { AsyncLocalStorage } from 'node:async_hooks';

/** The ambient slot where the runtime has `AsyncLocalStorage`: its value follows every `await`. */
export class Ambient<F> {
  /** Whether the value holds beyond an `await`. */
  readonly isFollowing: boolean = true;

  readonly #storage = new AsyncLocalStorage<F>();

  get(): F | undefined {
    return this.#storage.getStore();
  }

  run<A, R>(value: F, fn: (argument: A) => R, argument: A): R {
    return this.#storage.run(value, fn, argument);
  }

  /** Everything ambient as of now, other libraries' stores too. */
  snapshot(): <R>(fn: () => R) => R {
    return AsyncLocalStorage.snapshot();
  }
}
