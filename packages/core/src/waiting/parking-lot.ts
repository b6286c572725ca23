/*
 * The wait queue under every primitive. After Trio's `ParkingLot`.
 *
 * A lock, a semaphore, a queue and an event differ in when a caller may go on, and agree in how it waits: in order, cancellable,
 * shown in the task tree. This class is the part they agree in. It has no idea of permits or items: a primitive checks its own
 * state first, parks only if it has to, and calls `unpark` when that state changes.
 *
 * - The line is an intrusive linked list. A place in its middle leaves in one step, which a cancellation needs, and draining
 *   100,000 callers takes 0.5 ms; it took 1,030 ms from a Set and 413 ms from an array with `shift`.
 * - `wake` hands over: the woken caller has what it waited for before any code of its own runs. A primitive that put a
 *   permit back first, and then woke a caller, would let a newcomer take it in between (I4).
 * - A wake may come too late, since a cancellation took the waiter in the same tick, before its undo has left the line.
 *   Such a place is deserted: `_front` drops it, and the next caller gets the value (I2).
 * - A wait can be in several lines. `enlist` then adds a place for a waker that is parked elsewhere, and the first line
 *   that wakes it wins; the caller leaves the other lines in its undo.
 * - `repark` moves a caller to another line without waking it: a condition has the woken caller queue for its lock.
 */
import { keepShape } from '../internal/keep-shapes.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { checkCount, checkFunction, checkOptions, checkSignal, show } from '../internal/check.ts';
import { checkFlag } from '../internal/check-values.ts';
import { membersOf } from '../internal/linked-list.ts';
import { sharingStack } from '../internal/sharing-stack.ts';
import { noteCall } from '../loop/note-call.ts';
import { Line } from './line.ts';
import type { LotOptions } from './line.ts';
import type { Place } from './parked.ts';
import type { Waker } from './waker.ts';

/**
 * A line of parked callers, first in, first out: the one wait queue under every primitive. Everything
 * costs the same with one caller in it as with a million. A cancelled caller is skipped; a woken one
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
 *     throwIfCancelled();
 *     if (!this.#isOpen) await this.#lot.park({ name: 'gate' });
 *   }
 * }
 */
export class ParkingLot<T = void, D = undefined> extends Line<T, D> {
  static {
    keepShape(this, new ParkingLot());
  }

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
      checkFlag('ParkingLot.park', 'shield', options?.shield);
      if (options?.onAbandon !== undefined) {
        checkFunction('ParkingLot.park', 'onAbandon', options.onAbandon);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    noteCall('park', options);
    return this._parkIn(currentFrame()._scope, options);
  }

  /**
   * Puts a waker at the end of the line, beside the callers that `park` here: for a wait that is in several
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
    return this._wake(count, value as T);
  }

  /**
   * Wakes all callers that wait now.
   *
   * @param value - what their `park` resolves with
   * @returns how many were woken
   */
  unparkAll(...[value]: T extends void ? [value?: T] : [value: T]): number {
    return this._wake(Infinity, value as T);
  }

  /**
   * Ends the waits of those whose data meets a condition, or of all, each with an error of its own. The others keep their
   * places.
   *
   * @param make - makes the error of one of them; errors of one call that say the same share a stack
   * @param where - the condition; called once for each place, in order
   * @returns how many waits were ended
   * @throws TypeError for arguments that are no functions
   * @example
   * this.#lot.failAll(() => new ClosedError('gate: it was closed'));
   */
  failAll(make: (data: D) => Error, where?: (data: D) => boolean): number {
    checkFunction('ParkingLot.failAll', 'make', make);
    if (where !== undefined) checkFunction('ParkingLot.failAll', 'where', where);
    const errorFor = sharingStack(make);
    let failed = 0;
    // As they stand now: a wait in several places leaves them all when it ends at one, also the one that would be next.
    for (const parked of membersOf(this)) {
      if (parked._host !== this) continue;
      if (where !== undefined && !where(parked.data)) continue;
      if (parked.fail(errorFor(parked.data))) failed += 1;
    }
    return failed;
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
    if (!(to instanceof ParkingLot)) {
      throw new TypeError(
        `ParkingLot.repark: to is ${show(to)}, not a ParkingLot; give a ParkingLot`,
      );
    }
    let moved = 0;
    // Not more than are here: a lot may be reparked to itself.
    const most = Math.min(count, this._size);
    while (moved < most) {
      const parked = this._front();
      if (parked === undefined) break;
      parked.leave();
      to._add(parked);
      moved += 1;
    }
    return moved;
  }

  /** How many callers wait. */
  get size(): number {
    return this._size;
  }

  /** The most callers that ever waited at one time. */
  get peak(): number {
    return this._peak;
  }
}
