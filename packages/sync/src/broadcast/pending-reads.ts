import { ParkingLot } from '@ambit/core/lowlevel';
import type { Tally, Waker } from '@ambit/core/lowlevel';
import { handOver } from '../internal/hand-over.ts';

/**
 * The calls of `next()` that wait at one subscriber. While there are any, the subscriber is in the set of
 * waiting ones: publishing costs nothing for subscribers that are busy.
 */
export class PendingReads<T, S> {
  readonly #lot = new ParkingLot<T>();
  readonly #waiting: Set<S>;
  readonly #owner: S;

  constructor(waiting: Set<S>, owner: S, waits: Tally) {
    this.#lot.tally = waits;
    this.#waiting = waiting;
    this.#owner = owner;
  }

  enlist(waker: Waker<T>): () => void {
    const place = this.#lot.enlist(waker);
    this.#waiting.add(this.#owner);
    return () => {
      place.leave();
      this.#forgetIfEmpty();
    };
  }

  /** Wakes the call that waits longest. Returns false if there is none. */
  wake(value: T): boolean {
    const isTaken = handOver(this.#lot, value);
    this.#forgetIfEmpty();
    return isTaken;
  }

  failAll(error: () => Error): void {
    this.#lot.failAll(error);
    this.#forgetIfEmpty();
  }

  #forgetIfEmpty(): void {
    if (this.#lot.size === 0) this.#waiting.delete(this.#owner);
  }
}
