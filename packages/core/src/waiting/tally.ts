/**
 * Counts the callers that wait in several lines together; see {@link ParkingLot.tally}.
 *
 * @example
 * const tally = new Tally();
 * readers.tally = tally;
 * writers.tally = tally;
 * tally.peak; // the most callers that waited in both at one time
 */
export class Tally {
  #size = 0;
  #peak = 0;

  /** How many wait now. */
  get size(): number {
    return this.#size;
  }

  /** The most that ever waited at one time. */
  get peak(): number {
    return this.#peak;
  }

  /** A caller has begun to wait. */
  joined(): void {
    this.#size += 1;
    if (this.#size > this.#peak) this.#peak = this.#size;
  }

  /** A caller waits no longer. */
  left(): void {
    this.#size -= 1;
  }
}
