import { keepShape } from '../internal/keep-shapes.ts';
import { remove } from '../internal/linked-list.ts';
import type { Host, Link } from '../internal/linked-list.ts';
import type { Tally } from './tally.ts';
import { settled, Waiter } from './waiter.ts';
import type { Undo, Waker } from './waker.ts';

/** A place in the line. Each way out of it returns false if another came first. */
export interface Place<T, D> {
  /** What was kept with it. */
  readonly data: D;
  /**
   * Leaves the line, and wakes the caller at this place.
   *
   * @param value - what the wait resolves with
   * @returns false if it was woken or cancelled before
   */
  wake(value: T): boolean;
  /**
   * Leaves the line, and lets the wait at this place reject.
   *
   * @param error - what the wait rejects with
   * @returns false if it was woken or cancelled before
   */
  fail(error: unknown): boolean;
  /**
   * Leaves the line; the wait goes on.
   *
   * @returns false if it had left before
   */
  leave(): boolean;
}

/** What counts the places of a line. */
interface Counted {
  _size: number;
  tally: Tally | undefined;
}

/** A place in a {@link ParkingLot}. */
export class Parked<T, D> implements Place<T, D>, Undo, Link<Parked<T, D>> {
  _previous: Parked<T, D> | undefined;
  _next: Parked<T, D> | undefined;
  _host: Host<Parked<T, D>> | undefined;
  readonly data: D;
  readonly #waker: Waker<T> & { readonly isSettled?: boolean };
  readonly #onAbandon: (() => void) | undefined;

  static {
    keepShape(this, new Parked(settled(new Waiter<unknown>()), undefined, undefined));
  }

  constructor(waker: Waker<T>, data: D, onAbandon: (() => void) | undefined) {
    this.#waker = waker;
    this.data = data;
    this.#onAbandon = onAbandon;
  }

  /** True if it is known that no call waits here any more. */
  get isDeserted(): boolean {
    return this.#waker.isSettled === true;
  }

  wake(value: T): boolean {
    this.leave();
    return this.#waker.wake(value);
  }

  fail(error: unknown): boolean {
    this.leave();
    return this.#waker.fail(error);
  }

  abandon(): void {
    this.leave();
    const onAbandon = this.#onAbandon;
    onAbandon?.();
  }

  leave(): boolean {
    const lot = this._host as (Host<Parked<T, D>> & Counted) | undefined;
    if (lot === undefined) return false;
    remove<Parked<T, D>>(this);
    lot._size -= 1;
    if (lot.tally !== undefined) lot.tally.left();
    return true;
  }
}
