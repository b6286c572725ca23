import { enter, park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { refused } from './refused.ts';
import { taken } from './taken.ts';
import { Waits } from './waits.ts';

/** An item that was taken; boxed, since an item may be undefined. */
export interface Taken<T> {
  /** The item. */
  readonly value: T;
}

/** Where items come from, one after the other. */
export interface Feed<T> {
  /** What is waited for, in the task tree. */
  readonly label: string;
  /** Takes an item if there is one; throws once there will be no more. */
  poll(): Taken<T> | undefined;
  /** Puts a waker into the line for the next item. Answers the undo. */
  enlist(waker: Waker<T>): () => void;
  /** Whether an error says that there are no more items. */
  isEnd(error: unknown): boolean;
  /** Nobody will ask any more. */
  close?(): void;
}

/** The items of a subscriber. Leaving the loop, or disposing it, ends the subscription. */
export interface Subscription<T> extends AsyncIterableIterator<T>, Disposable, AsyncDisposable {
  // The types are said here: `AsyncIterableIterator` has one parameter before TypeScript 5.6.
  /**
   * Waits for the next item. A checkpoint.
   *
   * @returns the item; `done` once the subscription has ended
   * @throws (rejects) LaggedError if items were missed; the ambient scope's CancelledError
   */
  next(): Promise<IteratorResult<T, undefined>>;
  /**
   * Ends the subscription, and whoever waits in `next()`. Waits for nothing, and never rejects.
   *
   * @returns that it is done
   */
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): Subscription<T>;
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Iterates a feed. Not a generator, whose `return()` would have to wait until a pending `next()` is
 * through: here `return()` ends it.
 */
export class FeedIterator<T> implements Subscription<T> {
  readonly #feed: Feed<T>;
  readonly #waits = new Waits<IteratorResult<T, undefined>>();
  #isOver = false;

  constructor(feed: Feed<T>) {
    this.#feed = feed;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    try {
      enter();
      const result = this.#poll();
      if (result !== undefined) return taken(result);
    } catch (error) {
      return refused(error);
    }
    return park<IteratorResult<T, undefined>>(
      (waker) => this.#waits.add(waker, (wait) => this.#feed.enlist(new Next(wait, this.#feed))),
      { name: this.#feed.label },
    );
  }

  #poll(): IteratorResult<T, undefined> | undefined {
    if (this.#isOver) return END;
    try {
      const item = this.#feed.poll();
      return item && { done: false, value: item.value };
    } catch (error) {
      if (this.#feed.isEnd(error)) return END;
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
    this.#feed.close?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** Wakes a pending `next()`. */
class Next<T> implements Waker<T> {
  readonly #waker: Waker<IteratorResult<T, undefined>>;
  readonly #feed: Feed<T>;

  constructor(waker: Waker<IteratorResult<T, undefined>>, feed: Feed<T>) {
    this.#waker = waker;
    this.#feed = feed;
  }

  wake(value: T): boolean {
    return this.#waker.wake({ done: false, value });
  }

  fail(error: unknown): boolean {
    return this.#feed.isEnd(error) ? this.#waker.wake(END) : this.#waker.fail(error);
  }
}
