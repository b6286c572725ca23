import { currentFrame } from './cancel-scope.ts';
import type { CancelScope } from './cancel-scope.ts';
import { checkCount, checkFunction, checkOptions, checkSignal } from './check.ts';
import { append, remove } from './internal/linked-list.ts';
import type { Host, Link } from './internal/linked-list.ts';
import { parkIn } from './park.ts';
import type { ParkOptions, Waiter } from './park.ts';

export interface LotOptions<D> extends ParkOptions {
  /** Kept with the wait: how many permits it asks for, say. */
  readonly data?: D | undefined;
  /** Called in the same tick when the wait is cancelled, after it has left the lot. */
  readonly onAbandon?: (() => void) | undefined;
}

/** A place in the line. */
class Parked<T, D> implements Link<Parked<T, D>> {
  _previous: Parked<T, D> | undefined;
  _next: Parked<T, D> | undefined;
  _host: Host<Parked<T, D>> | undefined;
  readonly waiter: Waiter<T>;
  readonly data: D;

  constructor(waiter: Waiter<T>, data: D) {
    this.waiter = waiter;
    this.data = data;
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
    return parkIn<T>(scope, (waiter) => this.#queue(waiter, options), options);
  }

  #queue(waiter: Waiter<T>, options: LotOptions<D> | undefined): () => void {
    const parked = new Parked<T, D>(waiter, options?.data as D);
    append(this, parked);
    this._size += 1;
    return () => {
      leave(parked);
      options?.onAbandon?.();
    };
  }

  /** The longest waiting caller, with the data it gave. */
  get head(): { readonly data: D; wake(value: T): boolean } | undefined {
    const parked = this.#front();
    if (parked === undefined) return undefined;
    return {
      data: parked.data,
      wake: (value) => {
        leave(parked);
        return parked.waiter.wake(value);
      },
    };
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
      const parked = this.#front();
      if (parked === undefined) break;
      leave(parked);
      parked.waiter.wake(value as T);
      woken += 1;
    }
    return woken;
  }

  /** Wakes everybody who waits now; returns how many. */
  unparkAll(...[value]: T extends void ? [value?: T] : [value: T]): number {
    let woken = 0;
    for (let parked = this.#front(); parked !== undefined; parked = this.#front()) {
      leave(parked);
      parked.waiter.wake(value as T);
      woken += 1;
    }
    return woken;
  }

  /** Moves the callers that wait longest, in order, to the end of another line. They go on waiting. */
  repark(to: ParkingLot<T, D>, count = 1): number {
    checkCount('ParkingLot.repark', 'count', count, 0);
    let moved = 0;
    // Not more than are here: a lot may be reparked to itself.
    const most = Math.min(count, this._size);
    while (moved < most) {
      const parked = this.#front();
      if (parked === undefined) break;
      leave(parked);
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
  #front(): Parked<T, D> | undefined {
    while (this._first?.waiter.isSettled === true) leave(this._first);
    return this._first;
  }
}

function leave<T, D>(parked: Parked<T, D>): void {
  const lot = parked._host as ParkingLot<T, D> | undefined;
  if (remove(parked) && lot !== undefined) lot._size -= 1;
}
