import type { Handle } from '@ambit/core';
import {
  checkFunction,
  checkWhole,
  ParkingLot,
  ready,
  refused,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import { LoopClock } from '../internal/loop-clock.ts';
import { labelOf } from '../internal/options.ts';
import { checkInstant, checkWindow, rateOf, settingsOf } from './rate-limiter-options.ts';
import type { RateLimiterOptions, RateOptions, RateSettings } from './rate-limiter-options.ts';
import { Bucket, Sliding } from './rate-window.ts';
import type { Rate, RateWindow } from './rate-window.ts';
import type { AcquireOptions } from './semaphore.ts';

/** Returned by {@link RateLimiter.statistics}. */
export interface RateLimiterStatistics {
  /** How many whole permits could be taken now if no caller waited. */
  readonly available: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * Hands out a number of permits in a time, first come, first served, by the loop's clock. Nothing ticks
 * while no caller waits. A cancelled call has taken nothing.
 *
 * @example
 * const limiter = new RateLimiter({ permits: 10, per: 1000 });
 * await concurrentForEach(urls, (url) => limiter.run(() => fetch(url)), { limit: 4 });
 */
export class RateLimiter {
  readonly #lot = new ParkingLot<void, number>();
  readonly #label: string;
  readonly #clock = new LoopClock();
  readonly #kind: 'bucket' | 'sliding';
  readonly #window: RateWindow;
  #settings: RateSettings;
  #rate: Rate;
  #pausedUntil = -Infinity;
  /** There is one while callers wait. */
  #timer: Handle | undefined;

  /**
   * @param options - see {@link RateLimiterOptions}
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options: RateLimiterOptions) {
    const where = 'RateLimiter';
    this.#label = labelOf(where, 'rate limiter', options);
    this.#settings = settingsOf(where, options);
    const { window = 'bucket' } = options;
    checkWindow(window);
    this.#kind = window;
    this.#rate = rateOf(where, this.#settings, this.#kind);
    this.#window = this.#kind === 'bucket' ? new Bucket(this.#rate) : new Sliding(this.#rate);
  }

  /** How many whole permits could be taken now if no caller waited. */
  get available(): number {
    const now = this.#now();
    return this.#pausedUntil > now ? 0 : Math.max(Math.floor(this.#window.available(now)), 0);
  }

  /**
   * Waits until enough permits are there, behind all earlier callers. A checkpoint.
   *
   * @param options - `permits`: how many, default 1; `signal`: ends the wait too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then none is taken;
   *   RangeError for more than `burst`, which could never be
   */
  acquire(options?: AcquireOptions): Promise<void> {
    return this.#acquire('RateLimiter.acquire', options);
  }

  #acquire(where: string, options: AcquireOptions | undefined): Promise<void> {
    const { permits = 1 } = options ?? {};
    try {
      this.#check(where, permits);
      throwIfCancelled(options, where);
    } catch (error) {
      return refused(error);
    }
    if (this.#take(permits)) return ready(undefined);
    const turn = this.#lot.park({
      signal: options?.signal,
      name: this.#label,
      data: permits,
      // It may have held back others that ask for less, or was the last that the timer was for.
      onAbandon: this.#serve,
    });
    if (this.#timer === undefined) this.#serve();
    return turn;
  }

  /**
   * Takes permits if they are free and no caller waits. Never waits.
   *
   * @param permits - how many, default 1
   * @returns whether it took them
   * @throws RangeError for more than `burst`
   */
  tryAcquire(permits = 1): boolean {
    this.#check('RateLimiter.tryAcquire', permits);
    return this.#take(permits);
  }

  /**
   * Waits as {@link RateLimiter.acquire}, then calls the body. A checkpoint.
   *
   * @param body - called once the permits are taken; they do not come back
   * @param options - as for `acquire`
   * @returns the body's value
   * @throws (rejects) as {@link RateLimiter.acquire}; what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T> {
    checkFunction('RateLimiter.run', 'body', body);
    await this.#acquire('RateLimiter.run', options);
    return body();
  }

  /**
   * Changes the rate from now on; what is not given stays. Permits that have been saved up are kept, up to
   * the new `burst`. Callers that wait are served by the new rate; a caller that waits for more than the
   * new `burst` gets a RangeError at once.
   *
   * @param options - `permits`, `per` in milliseconds, `burst`
   * @throws RangeError or TypeError if an option is not what it should be; nothing changes then
   * @example
   * limiter.configure({ permits: Number(response.headers.get('x-ratelimit-limit')) });
   */
  configure(options: RateOptions): void {
    const where = 'RateLimiter.configure';
    const settings = settingsOf(where, options, this.#settings);
    const rate = rateOf(where, settings, this.#kind);
    this.#window.change(rate, this.#now());
    this.#settings = settings;
    this.#rate = rate;
    this.#lot.failAll(
      (permits) => this.#tooMany('RateLimiter.acquire', permits),
      (permits) => permits > rate.burst,
    );
    this.#serve();
  }

  /**
   * Hands out nothing before an instant: what a server asks for by `Retry-After`. Callers wait until then;
   * permits go on growing. The latest instant that was ever given holds.
   *
   * @param instant - milliseconds of the loop's clock, `getRunningLoop().now()`; one in the past does nothing
   * @throws RangeError or TypeError if it is no instant
   * @example
   * const seconds = Number(response.headers.get('retry-after'));
   * limiter.pauseUntil(getRunningLoop().now() + seconds * 1000);
   */
  pauseUntil(instant: number): void {
    checkInstant('RateLimiter.pauseUntil', instant);
    this.#now();
    this.#pausedUntil = Math.max(this.#pausedUntil, instant);
    this.#serve();
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): RateLimiterStatistics {
    const { size: waiting, peak } = this.#lot;
    return { available: this.available, waiting, peak };
  }

  #take(permits: number): boolean {
    const now = this.#now();
    if (this.#lot.head !== undefined || this.#readyAt(permits, now) > now) return false;
    this.#window.take(permits, now);
    return true;
  }

  #readyAt(permits: number, now: number): number {
    return Math.max(this.#window.readyAt(permits, now), this.#pausedUntil);
  }

  readonly #serve = (): void => {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let next = this.#lot.head; next !== undefined; next = this.#lot.head) {
      const now = this.#clock.now();
      const readyAt = this.#readyAt(next.data, now);
      if (readyAt > now) {
        this.#timer = this.#clock.callAt(readyAt, this.#serve);
        return;
      }
      if (next.wake()) this.#window.take(next.data, now);
    }
  };

  // A limiter may outlive a run(). While callers wait, the clock is theirs.
  #now(): number {
    if (this.#lot.head === undefined) {
      const shift = this.#clock.follow();
      if (shift !== 0) {
        this.#window.shift(shift);
        this.#pausedUntil += shift;
      }
    }
    return this.#clock.now();
  }

  #check(where: string, permits: number): void {
    checkWhole(where, 'permits', permits, 1);
    if (permits > this.#rate.burst) throw this.#tooMany(where, permits);
  }

  #tooMany(where: string, permits: number): RangeError {
    return new RangeError(
      `${where}: permits is ${permits}, more than the ${this.#label} hands out at once (${this.#rate.burst}); ` +
        'ask for fewer, or raise burst',
    );
  }
}
