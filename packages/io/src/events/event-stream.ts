import { breathe, enter, ParkingLot } from '@ambit/core/lowlevel';
import { own } from '../ownership.ts';

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** What to do with an event that comes while `limit` of them wait to be taken. */
export type OnFull = 'drop-oldest' | 'drop-newest';

export interface EventStreamParts {
  /** What is waited for, in the task tree. */
  readonly label: string;
  readonly limit: number;
  readonly onFull: OnFull;
  readonly signal: AbortSignal | undefined;
  /** Stops what the events come from; called once. */
  readonly stop: () => void;
}

/**
 * Events as they come, none lost in between. A `for await` loop that ends, in whatever way, stops listening; so do
 * `return()`, `close()`, disposal, and the group around the call. A call of `next()` that is cancelled stops nothing.
 *
 * @example
 * await using lines = events(readline, 'line');
 * for await (const [line] of lines) console.log(line);
 */
export class EventStream<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #parts: EventStreamParts;
  readonly #waiting = new ParkingLot<IteratorResult<T, undefined>>();
  readonly #owner = own(this);
  // Those before `#first` were taken.
  #events: T[] = [];
  #first = 0;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;

  /** @internal */
  constructor(parts: EventStreamParts) {
    this.#parts = parts;
  }

  /** @internal */
  _put(event: T): void {
    if (this.#isClosed || this.#waiting.unpark(1, { done: false, value: event }) > 0) return;
    if (this.#events.length - this.#first >= this.#parts.limit) {
      if (this.#parts.onFull === 'drop-newest') return;
      this.#shift();
    }
    this.#events.push(event);
  }

  /** @internal The last thing that comes, after the events that came before it. */
  _fail(error: unknown): void {
    if (this.#isClosed) return;
    if (this.#waiting.head?.fail(error) !== true) this.#failure = { error };
    this.#stop();
  }

  #shift(): T {
    const event = this.#events[this.#first] as T;
    this.#events[this.#first] = undefined as T;
    this.#first += 1;
    // Moved once it is half empty: what is moved was paid for by what was taken.
    if (this.#first * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
    return event;
  }

  /**
   * Waits for the next event.
   *
   * @returns the event; done once it is over
   * @throws (rejects) the error of an emitter's 'error' event; the ambient scope's CancelledError; `signal.reason`
   */
  async next(): Promise<IteratorResult<T, undefined>> {
    const { signal, label } = this.#parts;
    try {
      enter({ signal });
      const result = this.#take();
      if (result === undefined) return await this.#waiting.park({ signal, name: label });
      await breathe();
      return result;
    } catch (error) {
      if (signal?.aborted === true) this.#close();
      throw error;
    }
  }

  #take(): IteratorResult<T, undefined> | undefined {
    if (this.#events.length > this.#first) return { done: false, value: this.#shift() };
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return this.#isClosed ? END : undefined;
  }

  /**
   * Stops listening; who waits is told that it is over. The second time does nothing.
   * Waits for nothing, and never rejects.
   */
  close(): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #close(): void {
    this.#events = [];
    this.#first = 0;
    this.#failure = undefined;
    this.#stop();
  }

  #stop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#owner?.release(this);
    this.#parts.stop();
    this.#waiting.unparkAll(END);
  }

  /**
   * The same as `close()`, for loops: waits for nothing, and never rejects.
   *
   * @returns that it is done
   */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#close();
    return Promise.resolve(END);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new Loop(this);
  }
}

/** A `for await` loop, which does not call `return()` when `next()` rejects. */
class Loop<T> implements AsyncIterableIterator<T> {
  readonly #stream: EventStream<T>;

  constructor(stream: EventStream<T>) {
    this.#stream = stream;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    try {
      return await this.#stream.next();
    } catch (error) {
      await this.#stream.close();
      throw error;
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return this.#stream.return();
  }
}
