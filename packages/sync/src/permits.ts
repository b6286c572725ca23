import { enter, ParkingLot } from '@ambit/core/lowlevel';
import type { Guard } from './guard-of.ts';
import type { WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** So many permits asked for, waited for, held: the guard. */
class Claim implements Disposable {
  readonly count: number;
  readonly #permits: Permits;
  #isHeld = true;

  constructor(permits: Permits, count: number) {
    this.#permits = permits;
    this.count = count;
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#permits.give(this.count);
  }
}

/**
 * Permits under semaphores, limiters and pools. Who asks for many holds back those who came later and
 * ask for few, so that nobody starves: as Go's `x/sync/semaphore` does. Arguments have been checked.
 *
 * I4: a permit is in one place: `free + borrowed = total`.
 */
export class Permits {
  readonly #lot = new ParkingLot<Guard, Claim>();
  /** Negative while more are borrowed than there are since the total was lowered. */
  #free: number;
  #borrowed = 0;
  readonly #label: string;

  /** @internal One that stays, as that of a lock. */
  static readonly _sample: Disposable = new Claim(new Permits(0, ''), 0);

  constructor(total: number, label: string) {
    this.#free = total;
    this.#label = label;
  }

  get available(): number {
    return Math.max(this.#free, 0);
  }

  get borrowed(): number {
    return this.#borrowed;
  }

  get waiting(): number {
    return this.#lot.size;
  }

  get total(): number {
    return this.#free + this.#borrowed;
  }

  set total(total: number) {
    this.#free = total - this.#borrowed;
    this.#serve();
  }

  /** Waits until the permits are there and all who came before have theirs. */
  take(count: number, options: WaitOptions | undefined): Promise<Guard> {
    try {
      enter(options);
    } catch (error) {
      return refused(error);
    }
    const guard = this.tryTake(count);
    return guard === undefined ? this.#wait(count, options) : taken(guard);
  }

  tryTake(count: number): Guard | undefined {
    if (count > this.#free || this.#lot.head !== undefined) return undefined;
    this.#move(count);
    return new Claim(this, count);
  }

  /** What was not borrowed raises the total. */
  give(count: number): void {
    this.#free += count;
    this.#borrowed = Math.max(this.#borrowed - count, 0);
    this.#serve();
  }

  #wait(count: number, options: WaitOptions | undefined): Promise<Guard> {
    return this.#lot.park({
      signal: options?.signal,
      name: this.#label,
      data: new Claim(this, count),
      // It may have held back others who ask for less.
      onAbandon: this.#serve,
    });
  }

  readonly #serve = (): void => {
    for (let next = this.#lot.head; next !== undefined; next = this.#lot.head) {
      const claim = next.data;
      if (claim.count > this.#free) return;
      if (next.wake(claim)) this.#move(claim.count);
    }
  };

  #move(count: number): void {
    this.#free -= count;
    this.#borrowed += count;
  }
}
