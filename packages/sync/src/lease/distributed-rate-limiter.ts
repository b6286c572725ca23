import { getRunningLoop } from '@ambit/core';
import { checkCall, checkFunction, checkOptions, throwIfCancelled } from '@ambit/core/lowlevel';
import { inSteps } from '../internal/after.ts';
import type { WaitOptions } from '../internal/options.ts';
import { checkLeaseName, checkMilliseconds, checkPermits, checkStore } from './arguments.ts';
import { reportStoreFailure } from './channels.ts';
import { LeaseStoreError } from './errors.ts';
import type { LeaseStore } from './lease-store.ts';
import { backoff } from './backoff.ts';
import { lineOf } from './line.ts';
import type { Line } from './line.ts';
import { ask, request, StoreFailure } from './request.ts';
import type { RequestOutcome } from './request.ts';

/** Options for {@link DistributedRateLimiter}. @beta */
export interface DistributedRateLimiterOptions {
  /** How many permits grow in each `per`: a whole number from 1. */
  readonly permits: number;
  /** Milliseconds above 0. */
  readonly per: number;
  /** How many can be taken at once after a pause: a whole number from 1. Default: `permits`. */
  readonly burst?: number | undefined;
  /** Milliseconds that giving permits back may hold up a cancelled caller. Default 1000. */
  readonly grace?: number | undefined;
}

/** Options for taking permits of a {@link DistributedRateLimiter}. @beta */
export interface TakeOptions extends WaitOptions {
  /** How many: a whole number from 1 to `burst`. Default 1. */
  readonly permits?: number | undefined;
}

/** Milliseconds that one question may take. */
const PATIENCE = 10_000;
const LEAST_BACKOFF = 200;
const MOST_BACKOFF = 5000;

/**
 * Hands out a number of permits per time, on all nodes that use the same store: a token bucket that starts full, kept
 * as the one instant at which it is full (the generic cell rate algorithm), on the store's clock.
 *
 * In a process, callers are served in the order they came; among processes no order is promised.
 *
 * @beta
 * @example
 * const limiter = new DistributedRateLimiter(store, 'partner API', { permits: 50, per: 1000 });
 * await limiter.run(() => fetch(url));
 */
export class DistributedRateLimiter {
  readonly #store: LeaseStore;
  readonly #name: string;
  readonly #label: string;
  readonly #interval: number;
  readonly #burst: number;
  readonly #grace: number;
  #waiting = 0;

  /**
   * @param store - where the rate is kept
   * @param name - what is limited: 1 to 512 characters
   * @param options - `permits` in `per` milliseconds, the same on all nodes; `burst`: how many at once
   * @throws TypeError or RangeError if an argument is not what it should be
   */
  constructor(store: LeaseStore, name: string, options: DistributedRateLimiterOptions) {
    const where = 'DistributedRateLimiter';
    checkStore(where, store);
    checkLeaseName(where, 'name', name);
    checkOptions(where, options);
    const given = options as Partial<DistributedRateLimiterOptions> | undefined;
    const { permits, per, burst = permits, grace = 1000 } = given ?? {};
    checkPermits(where, 'permits', permits);
    checkMilliseconds(where, 'per', per);
    if (per === 0) throw new RangeError(`${where}: per is 0; give milliseconds above 0`);
    checkPermits(where, 'burst', burst);
    checkMilliseconds(where, 'grace', grace);
    this.#store = store;
    this.#name = name;
    this.#label = `rate limiter ${JSON.stringify(name)}`;
    this.#interval = (per as number) / (permits as number);
    this.#burst = burst as number;
    this.#grace = grace;
  }

  /** What is limited. */
  get name(): string {
    return this.#name;
  }

  /**
   * Waits until that number of permits has grown, behind the callers of this process that came before. A checkpoint.
   *
   * @param options - `permits`: how many, default 1; `signal`: ends the wait too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then no permit is taken;
   *   RangeError for more than `burst`, which could never be; LeaseStoreError if the first question failed
   */
  acquire(options?: TakeOptions): Promise<void> {
    return inSteps(() => this.#acquire('acquire', options));
  }

  async #acquire(method: string, options: TakeOptions | undefined): Promise<void> {
    checkCall(`DistributedRateLimiter.${method}`, options);
    const { permits = 1, signal } = options ?? {};
    this.#check(method, permits);
    throwIfCancelled({ signal });
    const line = this.#line();
    line.enter();
    this.#waiting += 1;
    try {
      const turn = await line.turn.acquire({ signal });
      try {
        await this.#askUntilTaken(line, permits, signal);
      } finally {
        turn[Symbol.dispose]();
      }
    } finally {
      this.#waiting -= 1;
      line.leave();
    }
  }

  /**
   * Asks once. Passes no caller that waits in this process.
   *
   * @param permits - how many; default 1
   * @param options - `signal`: ends the wait for the answer too
   * @returns whether it took them
   * @throws (rejects) as {@link acquire}
   */
  tryAcquire(permits = 1, options?: WaitOptions): Promise<boolean> {
    return inSteps(() => this.#tryAcquire(permits, options));
  }

  async #tryAcquire(permits: number, options: WaitOptions | undefined): Promise<boolean> {
    checkCall('DistributedRateLimiter.tryAcquire', options);
    this.#check('tryAcquire', permits);
    throwIfCancelled(options);
    const line = this.#line();
    if (line.turn.locked) return false;
    line.enter();
    try {
      return (await this.#take(permits, options?.signal)) === 0;
    } catch (error) {
      throw this.#thrown(error);
    } finally {
      line.leave();
    }
  }

  /**
   * Waits as {@link acquire}, then calls the body.
   *
   * @returns the body's value
   * @throws (rejects) as {@link acquire}; what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: TakeOptions): Promise<T> {
    checkFunction('DistributedRateLimiter.run', 'body', body);
    await this.#acquire('run', options);
    return body();
  }

  /** Returns a snapshot for diagnostics: how many callers of this object wait. */
  statistics(): { readonly waiting: number } {
    return { waiting: this.#waiting };
  }

  async #askUntilTaken(
    line: Line,
    permits: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let wasAnswered = false;
    for (let failures = 0; ;) {
      let wait: number;
      try {
        wait = await this.#take(permits, signal);
        wasAnswered = true;
        failures = 0;
      } catch (error) {
        if (!(error instanceof StoreFailure) || !wasAnswered) throw this.#thrown(error);
        reportStoreFailure('take', this.#name, this.#thrown(error));
        wait = backoff(failures, LEAST_BACKOFF, MOST_BACKOFF);
        failures += 1;
      }
      if (wait === 0) return;
      await line.pause(wait, { loop: getRunningLoop(), signal, name: this.#label });
    }
  }

  #take(permits: number, signal: AbortSignal | undefined): Promise<number> {
    return request<number>({
      loop: getRunningLoop(),
      patience: PATIENCE,
      grace: this.#grace,
      signal,
      label: this.#label,
      send: () => this.#ask(permits),
      undo: (outcome) => this.#giveBack(outcome, permits),
    });
  }

  #ask(permits: number): Promise<number> {
    const bucket = { name: this.#name, interval: this.#interval, burst: this.#burst };
    return ask(() => this.#store.take({ ...bucket, permits }));
  }

  // Whether a failed question took any is unknown: rather too few are handed out than too many.
  async #giveBack(outcome: RequestOutcome<number>, permits: number): Promise<void> {
    if (outcome.is === 'failed' || outcome.value !== 0) return;
    try {
      await this.#ask(-permits);
    } catch (error) {
      reportStoreFailure('take', this.#name, error);
    }
  }

  #line(): Line {
    return lineOf(this.#store, 'rate', this.#name);
  }

  #thrown(error: unknown): unknown {
    if (!(error instanceof StoreFailure)) return error;
    return new LeaseStoreError('take', this.#name, error.cause);
  }

  #check(method: string, permits: number): void {
    checkPermits(`DistributedRateLimiter.${method}`, 'permits', permits);
    if (permits <= this.#burst) return;
    throw new RangeError(
      `DistributedRateLimiter.${method}: permits is ${permits}, and the ${this.#label} gives at most ${this.#burst} ` +
        'at once; ask for fewer, or give it a larger burst',
    );
  }
}
