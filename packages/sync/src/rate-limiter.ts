import { currentLoop, enter, ParkingLot } from '@ambit/core/lowlevel';
import type { EventLoop, Handle } from '@ambit/core';
import { checkFinite, checkFunction, checkWhole } from './check.ts';
import { labelOf } from './options.ts';
import type { NameOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';
import type { AcquireOptions } from './semaphore.ts';

/** What `RateLimiter` takes besides. */
export interface RateLimiterOptions extends NameOptions {
  /** How many in each `per`, in the long run: a whole number from 1. */
  readonly permits: number;
  /** Milliseconds above 0, fractions allowed. */
  readonly per: number;
  /** How many at once, after a time without any: a whole number from 1. Default: `permits`. */
  readonly burst?: number | undefined;
}

/** What `RateLimiter.statistics()` tells: how it stands at this moment. */
export interface RateLimiterStatistics {
  /** Whole permits that could be taken now if nobody waited. */
  readonly available: number;
  /** How many wait. */
  readonly waiting: number;
}

/**
 * So many in a time, first come first served: a token bucket, which starts full, on the loop's clock.
 * Kept as the one instant at which the bucket will be full (as in the generic cell rate algorithm), so
 * that nothing ticks while nobody waits. Who is cancelled has taken nothing.
 *
 * @example
 * const limiter = new RateLimiter({ permits: 10, per: 1000 });
 * await concurrentForEach(urls, (url) => limiter.run(() => fetch(url)), { limit: 4 });
 */
export class RateLimiter {
  readonly #lot = new ParkingLot<void, number>();
  readonly #label: string;
  /** Milliseconds in which one permit grows. */
  readonly #interval: number;
  readonly #burst: number;
  #loop: EventLoop | undefined;
  /** The instant at which the bucket is full. */
  #fullAt = -Infinity;
  /** There is one while somebody waits. */
  #timer: Handle | undefined;

  /**
   * @param options - `permits` in `per` milliseconds; `burst`: how many at once; `name`: shown in messages and
   *   in the task tree
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options: RateLimiterOptions) {
    this.#label = labelOf('RateLimiter', 'rate limiter', options);
    const { permits, per, burst = permits } = (options as RateLimiterOptions | undefined) ?? {};
    checkWhole('RateLimiter', 'permits', permits, 1);
    checkFinite('RateLimiter', 'per', per);
    checkWhole('RateLimiter', 'burst', burst, 1);
    this.#interval = (per as number) / (permits as number);
    this.#burst = burst as number;
  }

  /** Whole permits that could be taken now if nobody waited. */
  get available(): number {
    const growing = Math.max(this.#fullAt - this.#now(), 0) / this.#interval;
    return Math.max(Math.floor(this.#burst - growing), 0);
  }

  /**
   * Waits until so many permits have grown, behind all who came before. A checkpoint.
   *
   * @param options - `permits`: how many, default 1; `signal`: ends the wait too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then none is taken;
   *   RangeError for more than `burst`, which could never be
   */
  acquire(options?: AcquireOptions): Promise<void> {
    const { permits = 1 } = options ?? {};
    try {
      this.#check('RateLimiter.acquire', permits);
      enter(options);
    } catch (error) {
      return refused(error);
    }
    if (this.#take(permits)) return taken(undefined);
    const turn = this.#lot.park({
      signal: options?.signal,
      name: this.#label,
      data: permits,
      // It may have held back others who ask for less, or was the last that the timer was for.
      onAbandon: this.#serve,
    });
    if (this.#timer === undefined) this.#serve();
    return turn;
  }

  /**
   * Takes so many permits if they are there and nobody waits. Never waits.
   *
   * @returns whether it took them
   * @throws RangeError for more than `burst`
   */
  tryAcquire(permits = 1): boolean {
    this.#check('RateLimiter.tryAcquire', permits);
    return this.#take(permits);
  }

  /**
   * Waits as {@link RateLimiter.acquire}, then calls the body.
   *
   * @returns the body's value
   * @throws (rejects) as {@link RateLimiter.acquire}; what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T> {
    checkFunction('RateLimiter.run', 'body', body);
    await this.acquire(options);
    return body();
  }

  /** How it stands: who waits, and what is held. */
  statistics(): RateLimiterStatistics {
    return { available: this.available, waiting: this.#lot.size };
  }

  #take(permits: number): boolean {
    const now = this.#now();
    if (this.#lot.head !== undefined || this.#readyAt(permits) > now) return false;
    this.#spend(permits, now);
    return true;
  }

  /** The instant at which so many permits will be there. */
  #readyAt(permits: number): number {
    return this.#fullAt - (this.#burst - permits) * this.#interval;
  }

  #spend(permits: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + permits * this.#interval;
  }

  readonly #serve = (): void => {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#loop === undefined) return;
    const now = this.#loop.now();
    for (let next = this.#lot.head; next !== undefined; next = this.#lot.head) {
      const readyAt = this.#readyAt(next.data);
      if (readyAt > now) {
        this.#timer = this.#loop.callAt(readyAt, this.#serve);
        return;
      }
      if (next.wake()) this.#spend(next.data, now);
    }
  };

  // A limiter may outlive a run(), and clocks do not agree: what is to grow is carried over.
  #now(): number {
    // While somebody waits it is theirs, whoever asks.
    if (this.#loop !== undefined && this.#lot.head !== undefined) return this.#loop.now();
    const loop = currentLoop();
    if (this.#loop !== undefined && this.#loop !== loop) {
      this.#fullAt += loop.now() - this.#loop.now();
    }
    this.#loop = loop;
    return loop.now();
  }

  #check(where: string, permits: number): void {
    checkWhole(where, 'permits', permits, 1);
    if (permits <= this.#burst) return;
    throw new RangeError(
      `${where}: permits is ${permits}, and the ${this.#label} gives at most ${this.#burst} at once; ` +
        'ask for fewer, or give it a larger burst',
    );
  }
}
