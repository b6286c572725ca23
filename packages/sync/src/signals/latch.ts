import { checkWhole, ParkingLot, ready, refusalOf } from '@ambit/core/lowlevel';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** Returned by {@link Latch.statistics}. */
export interface LatchStatistics {
  /** How many are still to be counted down. */
  readonly count: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * Opens for good once it has been counted down to 0 (as Java's `CountDownLatch`).
 *
 * @example
 * const loaded = new Latch(files.length);
 * for (const file of files) group.spawn(() => load(file).then(() => loaded.countDown()));
 * await loaded.wait();
 */
export class Latch {
  readonly #lot = new ParkingLot();
  readonly #label: string;
  #count: number;

  /**
   * @param count - a whole number from 0; with 0 it is open from the beginning
   * @param options - `name`: shown in the task tree
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  constructor(count: number, options?: NameOptions) {
    checkWhole('Latch', 'count', count, 0);
    this.#count = count;
    this.#label = labelOf('Latch', 'latch', options);
  }

  /** How many are still to be counted down. */
  get count(): number {
    return this.#count;
  }

  /**
   * Counts down; at 0 wakes all callers that wait. Does nothing once it is open.
   *
   * @param count - by how many: a whole number from 1
   */
  countDown(count = 1): void {
    checkWhole('Latch.countDown', 'count', count, 1);
    this.#count = Math.max(this.#count - count, 0);
    if (this.#count === 0) this.#lot.unparkAll();
  }

  /**
   * Waits until it is open. A checkpoint, also if it is already.
   *
   * @param options - `signal`: ends the wait too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`
   */
  wait(options?: WaitOptions): Promise<void> {
    const refusal = refusalOf('Latch.wait', options);
    if (refusal !== undefined) return refusal;
    if (this.#count === 0) return ready(undefined);
    return this.#lot.park({ signal: options?.signal, name: this.#label });
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): LatchStatistics {
    const { size: waiting, peak } = this.#lot;
    return { count: this.#count, waiting, peak };
  }
}
