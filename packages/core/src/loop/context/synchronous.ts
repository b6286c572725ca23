import type { Slot } from '../slot.ts';
import type { LossWatch } from './loss-watch.ts';
import { watchOf } from './loss-watch.ts';

interface Variable<F> {
  get(): F | undefined;
  run<A extends unknown[], R>(value: F | undefined, fn: (...args: A) => R, ...args: A): R;
}
interface AsyncContext {
  Variable: new <F>() => Variable<F>;
  Snapshot: new () => { run<R>(fn: () => R): R };
}

/** TC39's proposal, where the runtime has it. */
const { AsyncContext } = globalThis as { AsyncContext?: AsyncContext };
const platform = typeof AsyncContext?.Variable === 'function' ? AsyncContext : undefined;

/**
 * The ambient slot where the runtime has no `AsyncLocalStorage` (browsers today): its value holds for the synchronous part of a
 * call, up to the first `await`, and beyond it in code that the build has rewritten. With `AsyncContext.Variable` it holds anywhere.
 */
export class Ambient<F> {
  /** Whether the value holds beyond an `await`. */
  readonly isFollowing: boolean = platform !== undefined;

  /** Tells what is lost behind an `await`; not in production, where it costs nothing. */
  readonly watch: LossWatch | undefined;

  readonly #slot: { value: F | undefined; readonly home: object | undefined };
  readonly #variable: Variable<F> | undefined = platform && new platform.Variable<F>();

  constructor(slot?: Slot) {
    this.#slot = (slot as { value: F | undefined; home: object } | undefined) ?? {
      value: undefined,
      home: undefined,
    };
    const isLost = slot !== undefined && platform === undefined;
    this.watch = isLost ? watchOf(slot) : undefined;
  }

  get(): F | undefined {
    if (this.#variable !== undefined) return this.#variable.get();
    const { value, home } = this.#slot;
    return value === home ? undefined : value;
  }

  run<A extends unknown[], R>(value: F | undefined, fn: (...args: A) => R, ...args: A): R {
    if (this.#variable !== undefined) return this.#variable.run(value, fn, ...args);
    const slot = this.#slot;
    const outer = slot.value;
    slot.value = value;
    try {
      return fn(...args);
    } finally {
      slot.value = outer;
    }
  }

  /** Everything ambient as of now. */
  snapshot(): <R>(fn: () => R) => R {
    if (platform !== undefined) {
      const all = new platform.Snapshot();
      return (fn) => all.run(fn);
    }
    const { value } = this.#slot;
    return (fn) => this.run(value, fn);
  }
}

/** Frames that were there before this package was are only where there is an `AsyncLocalStorage`. */
export function offerScopes(_Scope: unknown): void {
  // See above.
}
