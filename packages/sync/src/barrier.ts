import { enter, ParkingLot } from '@ambit/core/lowlevel';
import { checkWhole } from './check.ts';
import { failAll } from './fail-all.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** A barrier was reset while somebody waited at it, or was aborted. */
export class BrokenBarrierError extends Error {
  static {
    this.prototype.name = 'BrokenBarrierError';
  }
}

/** What `Barrier.statistics()` tells: how it stands at this moment. */
export interface BarrierStatistics {
  /** Whether it is broken. */
  readonly broken: boolean;
  /** How many have to come. */
  readonly parties: number;
  /** How many wait. */
  readonly waiting: number;
}

/**
 * Lets so many tasks go on together once all of them have come. Usable again at once: who comes next
 * belongs to the next round. Who is let go stays let go, whatever becomes of the barrier then; who is
 * cancelled merely leaves, and the barrier goes on counting.
 *
 * @example
 * const barrier = new Barrier(3);
 * const index = await barrier.wait();
 * if (index === 0) console.log('all three are here');
 */
export class Barrier {
  /** How many have to come. */
  readonly parties: number;
  readonly #lot = new ParkingLot<number>();
  readonly #label: string;
  #isBroken = false;

  /**
   * @param parties - how many have to come: a whole number from 1
   * @param options - `name`: shown in messages and in the task tree
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  constructor(parties: number, options?: NameOptions) {
    checkWhole('Barrier', 'parties', parties, 1);
    this.parties = parties;
    this.#label = labelOf('Barrier', 'barrier', options);
  }

  /** How many wait. */
  get waiting(): number {
    return this.#lot.size;
  }

  /** True from `abort()` to `reset()`. */
  get broken(): boolean {
    return this.#isBroken;
  }

  /**
   * Waits until all parties have come. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns which of them this one is: 0 came first, `parties - 1` last
   * @throws (rejects) BrokenBarrierError if it is reset or aborted meanwhile, or was aborted; the
   *   ambient scope's CancelledError or `signal.reason`, and then this one does not count
   */
  wait(options?: WaitOptions): Promise<number> {
    try {
      enter(options);
      if (this.#isBroken) throw this.#broken('was aborted; reset() it first');
    } catch (error) {
      return refused(error);
    }
    if (!this.#letGo()) return this.#lot.park({ signal: options?.signal, name: this.#label });
    return taken(this.parties - 1);
  }

  /** Who waits gets a BrokenBarrierError; then the barrier is as new. */
  reset(): void {
    this.#isBroken = false;
    this.#breakUp('was reset');
  }

  /** Who waits, and who comes from now on until `reset()`, gets a BrokenBarrierError. */
  abort(): void {
    this.#isBroken = true;
    this.#breakUp('was aborted');
  }

  /** How it stands: who waits, and what is held. */
  statistics(): BarrierStatistics {
    return { broken: this.#isBroken, parties: this.parties, waiting: this.waiting };
  }

  /** For one who comes: if that makes all of them, lets those before go. */
  #letGo(): boolean {
    if (this.#lot.size + 1 < this.parties) return false;
    let index = 0;
    for (let next = this.#lot.head; next !== undefined; next = this.#lot.head) {
      if (next.wake(index)) index += 1;
    }
    return true;
  }

  #breakUp(what: string): void {
    failAll(this.#lot, () => this.#broken(what));
  }

  #broken(what: string): BrokenBarrierError {
    return new BrokenBarrierError(`Barrier.wait: the ${this.#label} ${what}`);
  }
}
