import { currentScope } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import {
  endsByDraining,
  giveTo,
  onDraining,
  ParkingLot,
  untilDraining,
  yieldIfDue,
  refused,
} from '@ambit/core/lowlevel';
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
  /** Stops what the events come from; called once. What it returns is waited for where the stream is closed. */
  readonly stop: () => Promise<void> | void;
}

/**
 * Events as they come, none lost in between. They end when the scope around the call drains: what came before is still given.
 * In a scope that drains, `next()` gives what is there, and then the end. A `for await` loop that ends in any way stops listening; so do
 * `return()`, `close()`, disposal, and the group around the call. A call of `next()` that is cancelled stops nothing.
 *
 * @example
 * await using lines = events(readline, 'line');
 * for await (const [line] of lines) console.log(line);
 */
export class EventStream<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #parts: EventStreamParts;
  readonly #waiting = new ParkingLot<IteratorResult<T, undefined>>();
  readonly #holding = own(this);
  readonly #draining: Disposable | undefined;
  // Those before `#first` were taken.
  #events: T[] = [];
  #first = 0;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  #stopping: Promise<void> | undefined;

  /** @internal */
  constructor(parts: EventStreamParts) {
    this.#parts = parts;
    const scope = currentScope();
    // Where it drains already, or is cancelled, `next()` and the group around see to it.
    if (!scope.isDraining) {
      this.#draining = onDraining(() => {
        if (scope.reason === undefined) this._end();
      });
    }
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

  /** @internal Nothing more comes; what came before is still given. */
  _end(): void {
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
    const { signal } = this.#parts;
    try {
      const isOver = endsByDraining({ signal });
      const result = this.#take() ?? (isOver ? END : undefined);
      if (result === undefined) return await this.#wait();
      await yieldIfDue();
      return result;
    } catch (error) {
      if (signal?.aborted === true) this.#close();
      return refused(error);
    }
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    const { signal, label } = this.#parts;
    return untilDraining(() => this.#waiting.park({ signal, name: label }), END);
  }

  #take(): IteratorResult<T, undefined> | undefined {
    if (this.#events.length > this.#first) return { done: false, value: this.#shift() };
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return this.#isClosed ? END : undefined;
  }

  /**
   * Stops listening; a call of `next()` that waits returns that it is over. The second time does nothing.
   * Waits for nothing but a connection that the events came over. Never rejects.
   */
  close(): Promise<void> {
    this.#close();
    return this.#stopping ?? Promise.resolve();
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
    this.#holding.release();
    this.#draining?.[Symbol.dispose]();
    this.#stopping = this.#parts.stop() ?? undefined;
    this.#waiting.unparkAll(END);
  }

  /**
   * The same as `close()`, for loops: ends each `next()` that waits. Never rejects.
   *
   * @returns that it is done
   */
  async return(): Promise<IteratorResult<T, undefined>> {
    await this.close();
    return END;
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
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
      const result = await this.#stream.next();
      if (result.done === true) await this.#stream.close();
      return result;
    } catch (error) {
      await this.#stream.close();
      throw error;
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return this.#stream.return();
  }
}
