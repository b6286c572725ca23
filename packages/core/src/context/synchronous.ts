/**
 * The ambient slot where the runtime has no `AsyncLocalStorage` (browsers today): its value holds for
 * the synchronous part of a call, up to the first `await`. Beyond it, pass scopes by hand.
 */
export class Ambient<F> {
  /** Whether the value holds beyond an `await`. */
  readonly isFollowing: boolean = false;

  #value: F | undefined;

  get(): F | undefined {
    return this.#value;
  }

  run<A extends unknown[], R>(value: F, fn: (...args: A) => R, ...args: A): R {
    const outer = this.#value;
    this.#value = value;
    try {
      return fn(...args);
    } finally {
      this.#value = outer;
    }
  }

  /** Everything ambient as of now. */
  snapshot(): <R>(fn: () => R) => R {
    const value = this.#value;
    return (fn) => {
      const outer = this.#value;
      this.#value = value;
      try {
        return fn();
      } finally {
        this.#value = outer;
      }
    };
  }
}
