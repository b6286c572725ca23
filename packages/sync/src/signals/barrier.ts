import {
  checkWhole,
  nameErrors,
  ParkingLot,
  ready,
  refused,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** A barrier was aborted, or was reset while the caller waited at it. */
export class BrokenBarrierError extends Error {
  static {
    nameErrors(this, 'BrokenBarrierError');
  }
}

/** Returned by {@link Barrier.statistics}. */
export interface BarrierStatistics {
  /** Whether it is broken. */
  readonly broken: boolean;
  /** How many callers make a round. */
  readonly parties: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * Lets a number of tasks go on together once all of them have arrived. Usable again at once: the next
 * arrival belongs to the next round. Callers that were let go stay so, also if the barrier is reset or
 * aborted then. A cancelled caller leaves, and the barrier goes on counting.
 *
 * @example
 * const barrier = new Barrier(3);
 * const index = await barrier.wait();
 * if (index === 0) console.log('all three have arrived');
 */
export class Barrier {
  /** How many callers make a round. */
  readonly parties: number;
  readonly #lot = new ParkingLot<number>();
  readonly #label: string;
  #isBroken = false;

  /**
   * @param parties - how many callers make a round: a whole number from 1
   * @param options - `name`: shown in messages and in the task tree
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  constructor(parties: number, options?: NameOptions) {
    checkWhole('Barrier', 'parties', parties, 1);
    this.parties = parties;
    this.#label = labelOf('Barrier', 'barrier', options);
  }

  /** How many callers wait. */
  get waiting(): number {
    return this.#lot.size;
  }

  /** True from `abort()` to `reset()`. */
  get broken(): boolean {
    return this.#isBroken;
  }

  /**
   * Waits until all parties have arrived. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the place of this caller: 0 arrived first, `parties - 1` last
   * @throws (rejects) BrokenBarrierError if it is reset or aborted meanwhile, or was aborted; the
   *   ambient scope's CancelledError or `signal.reason`, and then this one does not count
   */
  wait(options?: WaitOptions): Promise<number> {
    try {
      throwIfCancelled(options, 'Barrier.wait');
      if (this.#isBroken) throw this.#broken('was aborted; reset() it first');
    } catch (error) {
      return refused(error);
    }
    if (!this.#letGo()) return this.#lot.park({ signal: options?.signal, name: this.#label });
    return ready(this.parties - 1);
  }

  /** Breaks up the present round: callers that wait get a BrokenBarrierError. Then the barrier is as new. */
  reset(): void {
    this.#isBroken = false;
    this.#breakUp('was reset');
  }

  /** Breaks the barrier: callers that wait, and all later ones until `reset()`, get a BrokenBarrierError. */
  abort(): void {
    this.#isBroken = true;
    this.#breakUp('was aborted');
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): BarrierStatistics {
    const { size: waiting, peak } = this.#lot;
    return { broken: this.#isBroken, parties: this.parties, waiting, peak };
  }

  /** For a caller that arrives: if it is the last, lets the others go. */
  #letGo(): boolean {
    if (this.#lot.size + 1 < this.parties) return false;
    let index = 0;
    for (let next = this.#lot.head; next !== undefined; next = this.#lot.head) {
      if (next.wake(index)) index += 1;
    }
    return true;
  }

  #breakUp(what: string): void {
    this.#lot.failAll(() => this.#broken(what));
  }

  #broken(what: string): BrokenBarrierError {
    return new BrokenBarrierError(`Barrier.wait: the ${this.#label} ${what}`);
  }
}
