import { END } from '../pieces.ts';
import type { Results } from '../pieces.ts';
import type { ReadHalf } from './read-half.ts';

/**
 * Iterates what a stream of our own receives: as `Pieces`, for the connections that are idle by the ten thousand. Its
 * `next()` is the wait itself, with no promise around it.
 */
export class ByteIterator implements AsyncIterableIterator<Uint8Array>, Results {
  readonly #reading: ReadHalf;
  #isOver = false;

  constructor(reading: ReadHalf) {
    this.#reading = reading;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#isOver ? Promise.resolve(END) : this.#reading.receiveFor(this);
  }

  /** @internal */
  _resultOf(bytes: Uint8Array | undefined): IteratorResult<Uint8Array, undefined> {
    if (bytes !== undefined) return { done: false, value: bytes };
    this.#isOver = true;
    return END;
  }

  /** Ends a `next()` that waits, which takes nothing; another call may receive, where this does not. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#isOver = true;
    this.#reading.interrupt(this);
    return Promise.resolve(END);
  }
}
