import type { WaitOptions } from './cancellable.ts';

export const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Thrown in the receive that `_interrupt` ends, and caught here. Never seen by users. */
export const INTERRUPTED: unique symbol = Symbol('interrupted');

/** Makes the results of an iterator whose receive ends with one. */
export interface Results {
  _resultOf(bytes: Uint8Array | undefined): IteratorResult<Uint8Array, undefined>;
}

/** Where pieces come from: a stream, the lines of a reader, signals. */
export interface PieceSource<T> {
  /** Waits for the next piece; undefined at the end. */
  receive(max?: undefined, options?: WaitOptions): Promise<T | undefined>;
  /** Ends a receive that waits, with {@link INTERRUPTED}: it has taken nothing. Without it, a signal does so. */
  readonly _interrupt?: (() => void) | undefined;
}

/** How to interrupt a stream, if it is one of ours. */
export function interruptOf(stream: object): (() => void) | undefined {
  const { _interrupt } = stream as { _interrupt?: () => void };
  return _interrupt === undefined ? undefined : () => _interrupt.call(stream);
}

/**
 * Iterates what a source gives. `return()` ends a `next()` that waits, which takes nothing.
 *
 * No generator: its `return()` would wait for the pending `next()`. No scope or signal for each `next()`: each idle
 * connection would keep it, so that our own streams are interrupted by hand.
 */
export class Pieces<T> implements AsyncIterableIterator<T> {
  readonly #source: PieceSource<T>;
  #controller: AbortController | undefined;
  #pending: Promise<IteratorResult<T, undefined>> | undefined;
  #isOver = false;

  constructor(source: PieceSource<T>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // No async function, whose frame every idle connection would keep.
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isOver) return Promise.resolve(END);
    const pending = this.#receive().then(
      (value) => {
        this.#settled(pending);
        if (value !== undefined) return { done: false as const, value };
        this.#isOver = true;
        return END;
      },
      (error: unknown) => {
        this.#settled(pending);
        if (error === INTERRUPTED) return END;
        throw error;
      },
    );
    this.#pending = pending;
    return pending;
  }

  #receive(): Promise<T | undefined> {
    if (this.#source._interrupt !== undefined) return this.#source.receive();
    this.#controller ??= new AbortController();
    return this.#source.receive(undefined, { signal: this.#controller.signal });
  }

  #settled(pending: Promise<unknown>): void {
    if (this.#pending === pending) this.#pending = undefined;
  }

  /** With our own streams, resolves once the `next()` that waits has ended: the next receive is not refused then. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isOver = true;
    // Another call may receive, where this does not.
    if (this.#pending === undefined) return END;
    this.#controller?.abort(INTERRUPTED);
    if (this.#source._interrupt === undefined) return END;
    this.#source._interrupt();
    // What comes of it is for the caller of `next()`.
    await this.#pending.catch(() => undefined);
    return END;
  }
}
