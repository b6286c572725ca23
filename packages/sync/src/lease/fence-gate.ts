import { checkWhole } from '@ambit/core/lowlevel';
import { StaleFenceError } from './errors.ts';

/**
 * Guards a resource that lives in this process against writers that have lost their lease: admits a fence unless a
 * newer one has been here.
 *
 * @beta
 * @example
 * const gate = new FenceGate();
 * function write(fence: number, text: string): void {
 *   gate.admit(fence);
 *   file.write(text);
 * }
 */
export class FenceGate {
  #newest: number;

  /**
   * @param newest - the newest fence that was admitted before, from where the resource is stored; default 0
   * @throws TypeError or RangeError unless it is a whole number from 0
   */
  constructor(newest = 0) {
    checkWhole('FenceGate', 'newest', newest, 0);
    this.#newest = newest;
  }

  /** The newest fence that was admitted. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Lets the fence pass if it is the newest, or the same as the newest. Never waits.
   *
   * @throws StaleFenceError for an older one; TypeError or RangeError unless it is a whole number from 0
   */
  admit(fence: number): void {
    checkWhole('FenceGate.admit', 'fence', fence, 0);
    if (fence < this.#newest) throw new StaleFenceError(fence, this.#newest);
    this.#newest = fence;
  }
}
