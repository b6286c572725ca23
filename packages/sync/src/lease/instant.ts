import type { EventLoop } from '@ambit/core';

/** Differences between the clocks below this are their noise. */
const NOISE = 5;

/**
 * A moment from which time is counted: on the loop's clock, plus what that slept through. While a machine is
 * suspended its monotonic clock stands still and the wall clock goes on, and so does the lease in its store.
 */
export class Instant {
  /** On the loop's clock. */
  readonly at: number;
  readonly #loop: EventLoop;
  readonly #wall = Date.now();
  readonly #monotonic = performance.now();

  /** @param age - milliseconds that it lies in the past */
  constructor(loop: EventLoop, age = 0) {
    this.#loop = loop;
    this.at = loop.now() - age;
  }

  /** Milliseconds since then. */
  get passed(): number {
    const slept = Date.now() - this.#wall - (performance.now() - this.#monotonic);
    return this.#loop.now() - this.at + (slept > NOISE ? slept : 0);
  }
}
