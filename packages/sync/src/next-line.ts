import { ParkingLot } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { failAll } from './fail-all.ts';

/**
 * The calls of `next()` that wait at one subscriber. While there are any, the subscriber is in the set of
 * those to be fed: publishing costs nothing for subscribers that are busy.
 */
export class NextLine<T, S> {
  readonly #lot = new ParkingLot<T>();
  readonly #hungry: Set<S>;
  readonly #owner: S;

  constructor(hungry: Set<S>, owner: S) {
    this.#hungry = hungry;
    this.#owner = owner;
  }

  get size(): number {
    return this.#lot.size;
  }

  enlist(waker: Waker<T>): () => void {
    const place = this.#lot.enlist(waker);
    this.#hungry.add(this.#owner);
    return () => {
      place.leave();
      this.#forgetIfEmpty();
    };
  }

  /** Wakes who waits longest; false if nobody does. */
  wake(value: T): boolean {
    let isTaken = false;
    for (let place = this.#lot.head; place !== undefined && !isTaken; place = this.#lot.head) {
      isTaken = place.wake(value);
    }
    this.#forgetIfEmpty();
    return isTaken;
  }

  failAll(error: () => Error): void {
    failAll(this.#lot, error);
    this.#forgetIfEmpty();
  }

  #forgetIfEmpty(): void {
    if (this.#lot.size === 0) this.#hungry.delete(this.#owner);
  }
}
