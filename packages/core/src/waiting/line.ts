import { keepShape } from '../internal/keep-shapes.ts';
import { append } from '../internal/linked-list.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { parkIn } from './park.ts';
import type { ParkOptions } from './park-options.ts';
import { Parked } from './parked.ts';
import type { Tally } from './tally.ts';
import type { Waiter } from './waiter.ts';
import type { Waker } from './waker.ts';

/** Options for {@link ParkingLot.park}. */
export interface LotOptions<D> extends ParkOptions {
  /** Kept with the wait: how many permits it asks for, for example. */
  readonly data?: D | undefined;
  /** Called in the same tick when the wait is cancelled, after it has left the lot. */
  readonly onAbandon?: (() => void) | undefined;
}

/**
 * The part of a {@link ParkingLot} that groups need: callers wait in it and are woken. A bundle with a group has no more of it.
 *
 * @example
 * const line: Line = new ParkingLot();
 */
export class Line<T = void, D = undefined> {
  static {
    keepShape(this, new Line());
  }

  /** @internal */ _first: Parked<T, D> | undefined;
  /** @internal */ _size = 0;
  /** @internal */ _peak = 0;
  /** Counts along, for lines that are one to their users: set it before a call waits. */
  tally: Tally | undefined = undefined;

  /** @internal */
  _parkIn(scope: CancelScope, options?: LotOptions<D>): Promise<T> {
    return parkIn<T, LotOptions<D>, Line<T, D>>(scope, join, options, this);
  }

  /** @internal */
  _append(waker: Waker<T>, data: D, onAbandon: (() => void) | undefined): Parked<T, D> {
    const parked = new Parked<T, D>(waker, data, onAbandon);
    this._add(parked);
    return parked;
  }

  /** @internal */
  _add(parked: Parked<T, D>): void {
    append(this, parked);
    this._size += 1;
    if (this._size > this._peak) this._peak = this._size;
    if (this.tally !== undefined) this.tally.joined();
  }

  /** @internal Wakes as many as there are, the longest waiting first; returns how many were woken. */
  _wake(most: number, value: T): number {
    let woken = 0;
    while (woken < most) {
      const parked = this._front();
      if (parked === undefined) break;
      if (parked.wake(value)) woken += 1;
    }
    return woken;
  }

  /** @internal In the tick of a cancellation, waiters that it claimed may still be in the line. */
  _front(): Parked<T, D> | undefined {
    while (this._first?.isDeserted === true) this._first.leave();
    return this._first;
  }
}

// One for all waits in lines, as is each one's place for its undo: no closure for each wait.
function join<T, D>(
  waiter: Waiter<T>,
  options: LotOptions<D> | undefined,
  line: Line<T, D> | undefined,
): void {
  waiter.undo = line?._append(waiter, options?.data as D, options?.onAbandon);
}
