import { park, ready, refused, throwIfCancelled } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { Waits } from './waits.ts';

/** An item that is ready, in a box: the item itself may be undefined. */
export interface Ready<T> {
  /** The item. */
  readonly value: T;
}

/** A source of items, for {@link SourceIterator}. */
export interface ItemSource<T> {
  /** Shown in the task tree where a task waits for an item. */
  readonly label: string;
  /** Takes an item if there is one; throws if there will be no more. */
  poll(): Ready<T> | undefined;
  /** Puts a waker into the line for the next item. Returns the undo. */
  enlist(waker: Waker<T>): () => void;
  /** Whether an error says that there are no more items. */
  isEnd(error: unknown): boolean;
  /** No more items will be asked for. */
  close?(): void;
}

/** The items of a subscriber. Leaving the loop, or disposing it, ends the subscription. */
export interface Subscription<T> extends AsyncIterableIterator<T>, Disposable, AsyncDisposable {
  // The types are given here: `AsyncIterableIterator` has one parameter before TypeScript 5.6.
  /**
   * Waits for the next item. A checkpoint.
   *
   * @returns the item; `done` once the subscription has ended
   * @throws (rejects) LaggedError if items were missed; the ambient scope's CancelledError
   */
  next(): Promise<IteratorResult<T, undefined>>;
  /**
   * Ends the subscription; calls of `next()` that wait get `done`. Does not wait, and never rejects.
   *
   * @returns `done`
   */
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): Subscription<T>;
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Iterates a source. Not a generator, whose `return()` would have to wait until a pending `next()` is
 * through: here `return()` ends it.
 */
export class SourceIterator<T> implements Subscription<T> {
  readonly #source: ItemSource<T>;
  readonly #waits = new Waits<IteratorResult<T, undefined>>();
  #isOver = false;

  constructor(feed: ItemSource<T>) {
    this.#source = feed;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    try {
      throwIfCancelled();
      const result = this.#poll();
      if (result !== undefined) return ready(result);
    } catch (error) {
      return refused(error);
    }
    return this.#wait();
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    return park<IteratorResult<T, undefined>>(
      (waker) =>
        this.#waits.add(waker, (wait) => this.#source.enlist(new Next(wait, this.#source))),
      { name: this.#source.label },
    );
  }

  #poll(): IteratorResult<T, undefined> | undefined {
    if (this.#isOver) return END;
    try {
      const item = this.#source.poll();
      return item && { done: false, value: item.value };
    } catch (error) {
      if (this.#source.isEnd(error)) return END;
      throw error;
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this[Symbol.dispose]();
    return Promise.resolve(END);
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waits.end((waker) => waker.wake(END));
    this.#source.close?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** Wakes a pending `next()`. */
class Next<T> implements Waker<T> {
  readonly #waker: Waker<IteratorResult<T, undefined>>;
  readonly #source: ItemSource<T>;

  constructor(waker: Waker<IteratorResult<T, undefined>>, feed: ItemSource<T>) {
    this.#waker = waker;
    this.#source = feed;
  }

  wake(value: T): boolean {
    return this.#waker.wake({ done: false, value });
  }

  fail(error: unknown): boolean {
    return this.#source.isEnd(error) ? this.#waker.wake(END) : this.#waker.fail(error);
  }
}
