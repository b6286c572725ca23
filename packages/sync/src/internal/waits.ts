import { keepShape } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';

/** Puts a waker into a line. Returns the undo. */
export type Enlist<T> = (waker: Waker<T>) => () => void;

/** The waits of one owner, in any number of lines, so that it can end them when it closes. */
export class Waits<T> {
  readonly #all = new Set<Wait<T>>();

  /** Puts a waker into a line, and remembers it. Returns the undo. */
  add(waker: Waker<T>, enlist: Enlist<T>): () => void {
    const wait = new Wait(waker, this.#all);
    this.#all.add(wait);
    wait.leave = enlist(wait);
    return () => {
      this.#all.delete(wait);
      wait.leave();
    };
  }

  /** Takes each out of its line, and ends it. */
  end(finish: (waker: Waker<T>) => void): void {
    for (const wait of this.#all) {
      wait.leave();
      finish(wait);
    }
  }
}

function nothing(): void {
  // It is in no line yet.
}

class Wait<T> implements Waker<T> {
  static {
    keepShape(this, new Wait<unknown>({ wake: () => true, fail: () => true }, new Set()));
  }

  leave: () => void = nothing;
  readonly #waker: Waker<T>;
  readonly #all: Set<Wait<T>>;

  constructor(waker: Waker<T>, all: Set<Wait<T>>) {
    this.#waker = waker;
    this.#all = all;
  }

  wake(value: T): boolean {
    this.#all.delete(this);
    return this.#waker.wake(value);
  }

  fail(error: unknown): boolean {
    this.#all.delete(this);
    return this.#waker.fail(error);
  }
}
