import { currentFrame } from './cancel-scope.ts';
import type { CancelScope } from './cancel-scope.ts';
import { checkCount, checkFunction, checkOptions, checkSignal } from './check.ts';
import { append, remove } from './internal/linked-list.ts';
import type { Host, Link } from './internal/linked-list.ts';
import { parkIn, Waiter } from './park.ts';
import type { ParkOptions, Undo, Waker } from './park.ts';

/** What `ParkingLot.park` takes besides. */
export interface LotOptions<D> extends ParkOptions {
  /** Kept with the wait: how many permits it asks for, say. */
  readonly data?: D | undefined;
  /** Called in the same tick when the wait is cancelled, after it has left the lot. */
  readonly onAbandon?: (() => void) | undefined;
}

/** A place in the line. Each way out of it answers false if another came first. */
export interface Place<T, D> {
  /** What was kept with it. */
  readonly data: D;
  /**
   * Leaves the line, and wakes who stood here.
   *
   * @param value - what the wait resolves with
   * @returns false if it was woken or cancelled before
   */
  wake(value: T): boolean;
  /**
   * Leaves the line, and lets the wait of who stood here reject.
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

class Parked<T, D> implements Place<T, D>, Undo, Link<Parked<T, D>> {
  _previous: Parked<T, D> | undefined;
  _next: Parked<T, D> | undefined;
  _host: Host<Parked<T, D>> | undefined;
  readonly data: D;
  readonly #waker: Waker<T> & { readonly isSettled?: boolean };
  readonly #onAbandon: (() => void) | undefined;

  /** One that stays, as that of Waiter. */
  static readonly _sample: Parked<unknown, unknown> = new Parked(
    Waiter._sample,
    undefined,
    undefined,
  );

  constructor(waker: Waker<T>, data: D, onAbandon: (() => void) | undefined) {
    this.#waker = waker;
    this.data = data;
    this.#onAbandon = onAbandon;
  }

  /** True if it is known that nobody waits here any more. */
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
    this.#onAbandon?.();
  }

  leave(): boolean {
    const lot = this._host as ParkingLot<T, D> | undefined;
    if (lot === undefined) return false;
    remove<Parked<T, D>>(this);
    lot._size -= 1;
    return true;
  }
}

/**
 * A line of parked callers, first in, first out: the one wait queue under every primitive. Everything
 * costs the same with one caller in it as with a million. Who was cancelled is skipped; who was woken
 * keeps what it got. After Trio's `ParkingLot`.
 *
 * @example
 * class Gate {
 *   readonly #lot = new ParkingLot<void>();
 *   #isOpen = false;
 *   open(): void {
 *     this.#isOpen = true;
 *     this.#lot.unparkAll();
 *   }
 *   async pass(): Promise<void> {
 *     enter();
 *     if (!this.#isOpen) await this.#lot.park({ name: 'gate' });
 *   }
 * }
 */
export class ParkingLot<T = void, D = undefined> {
  /** @internal One that stays, as that of Waiter. */
  static readonly _sample: ParkingLot = new ParkingLot();

  /** @internal */ _first: Parked<T, D> | undefined;
  /** @internal */ _last: Parked<T, D> | undefined;
  /** @internal */ _size = 0;

  /**
   * Waits in the line until woken. A checkpoint.
   *
   * @param options - as those of `park`, and `data`, `onAbandon`
   * @returns the value given to the waking call
   * @throws (rejects) the ambient scope's CancelledError, or `signal.reason`
   */
  park(options?: LotOptions<D>): Promise<T> {
    try {
      checkOptions('ParkingLot.park', options);
      checkSignal('ParkingLot.park', options?.signal);
      if (options?.onAbandon !== undefined) {
        checkFunction('ParkingLot.park', 'onAbandon', options.onAbandon);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    return this._parkIn(currentFrame()._scope, options);
  }

  /** @internal */
  _parkIn(scope: CancelScope, options?: LotOptions<D>): Promise<T> {
    return parkIn(scope, join<T, D>, options, this);
  }

  /**
   * Puts a waker at the end of the line, beside those who `park` here: for a wait that stands in several
   * lines, or ends by other means too. A checkpoint is the `park` that the waker is from.
   *
   * @param waker - that of a `park`, or one made around it
   * @param data - kept with the place
   * @returns the place; leaving it is the undo
   * @example
   * return park<Key>((waker) => {
   *   const places = doors.map((door) => door.line.enlist(waker));
   *   return () => places.forEach((place) => place.leave());
   * });
   */
  enlist(waker: Waker<T>, ...[data]: D extends undefined ? [data?: D] : [data: D]): Place<T, D> {
    return this._append(waker, data as D, undefined);
  }

  /** @internal */
  _append(waker: Waker<T>, data: D, onAbandon: (() => void) | undefined): Parked<T, D> {
    const parked = new Parked<T, D>(waker, data, onAbandon);
    append(this, parked);
    this._size += 1;
    return parked;
  }

  /** The place of the longest waiting caller. */
  get head(): Place<T, D> | undefined {
    return this._front();
  }

  /**
   * Wakes the callers that wait longest.
   *
   * @param count - how many at most
   * @param value - what their `park` resolves with
   * @returns how many were woken
   */
  unpark(count = 1, ...[value]: T extends void ? [value?: T] : [value: T]): number {
    checkCount('ParkingLot.unpark', 'count', count, 0);
    let woken = 0;
    while (woken < count) {
      const parked = this._front();
      if (parked === undefined) break;
      if (parked.wake(value as T)) woken += 1;
    }
    return woken;
  }

  /**
   * Wakes everybody who waits now.
   *
   * @param value - what their `park` resolves with
   * @returns how many were woken
   */
  unparkAll(...[value]: T extends void ? [value?: T] : [value: T]): number {
    let woken = 0;
    for (let parked = this._front(); parked !== undefined; parked = this._front()) {
      if (parked.wake(value as T)) woken += 1;
    }
    return woken;
  }

  /**
   * Moves the callers that wait longest, in order, to the end of another line. They go on waiting.
   *
   * @param to - may be this line itself
   * @param count - how many at most
   * @returns how many were moved
   */
  repark(to: ParkingLot<T, D>, count = 1): number {
    checkCount('ParkingLot.repark', 'count', count, 0);
    let moved = 0;
    // Not more than are here: a lot may be reparked to itself.
    const most = Math.min(count, this._size);
    while (moved < most) {
      const parked = this._front();
      if (parked === undefined) break;
      parked.leave();
      append(to, parked);
      to._size += 1;
      moved += 1;
    }
    return moved;
  }

  /** How many callers wait. */
  get size(): number {
    return this._size;
  }

  // In the tick of a cancellation, those who were claimed by it may still stand in the line.
  private _front(): Parked<T, D> | undefined {
    while (this._first?.isDeserted === true) this._first.leave();
    return this._first;
  }
}

// One for all who wait in lines, as is each one's place for its undo: no closure for each wait.
function join<T, D>(
  waiter: Waiter<T>,
  options: LotOptions<D> | undefined,
  lot: ParkingLot<T, D> | undefined,
): void {
  waiter.undo = lot?._append(waiter, options?.data as D, options?.onAbandon);
}
