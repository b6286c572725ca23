import { checkCount, checkFunction, checkWhole, refused } from '@ambit/core/lowlevel';
import type { Guard } from './guard-of.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';
import { Permits } from './permits.ts';

/** Options for {@link Semaphore}. */
export interface SemaphoreOptions extends NameOptions {
  /** The most permits there may ever be. Without it, `release()` may raise the number without limit. */
  readonly max?: number | undefined;
}

/** Options for calls that acquire permits. */
export interface AcquireOptions extends WaitOptions {
  /** How many permits to acquire at once: a whole number from 1. Default 1. */
  readonly permits?: number | undefined;
}

/** Returned by {@link Semaphore.statistics}. */
export interface SemaphoreStatistics {
  /** How many permits are free. */
  readonly available: number;
  /** How many permits are taken. */
  readonly borrowed: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * Hands out a fixed number of permits, first come, first served. A caller that asks for many at once holds
 * back later callers that ask for few, so that no caller starves (as in Go's weighted semaphore).
 *
 * @example
 * const connections = new Semaphore(4, { name: 'connections' });
 * await Promise.all(urls.map((url) => connections.run(() => fetch(url))));
 */
export class Semaphore {
  readonly #permits: Permits;
  /** @internal */ readonly _label: string;

  /**
   * @param permits - how many there are: a whole number from 0, or `Infinity`
   * @param options - `max`: the most there may be; `name`: shown in messages and in the task tree
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  constructor(permits: number, options?: SemaphoreOptions) {
    checkCount('Semaphore', 'permits', permits, 0);
    this._label = labelOf('Semaphore', 'semaphore', options);
    const max = options?.max;
    if (max !== undefined) checkCount('Semaphore', 'max', max, Math.max(permits, 1));
    this.#permits = new Permits(permits, this._label);
    if (max !== undefined) this._bound(max);
  }

  /** @internal Sets the most permits there may be. */
  _bound(max: number): void {
    this.#permits.most = max;
  }

  get #max(): number {
    return this.#permits.most;
  }

  /** How many permits are free; callers in line may be waiting for just these. */
  get available(): number {
    return this.#permits.available;
  }

  /** True if a new caller would have to wait. */
  get locked(): boolean {
    return this.available === 0 || this.#permits.waiting > 0;
  }

  /**
   * Waits until enough permits are free and all earlier callers have theirs. A checkpoint.
   *
   * @param options - `permits`: how many, default 1; `signal`: ends the wait too
   * @returns the guard: disposing it gives them back, whichever task does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then none is taken;
   *   RangeError for more than `max`, which could never be
   * @example
   * using permit = await semaphore.acquire({ permits: 2 });
   */
  acquire(options?: AcquireOptions): Promise<Guard> {
    return this.#acquire('Semaphore.acquire', options);
  }

  #acquire(where: string, options: AcquireOptions | undefined): Promise<Guard> {
    const { permits = 1 } = options ?? {};
    try {
      this.#check(where, permits);
    } catch (error) {
      return refused(error);
    }
    return this.#permits.take(where, permits, options);
  }

  /**
   * Takes permits if they are free and no caller waits. Never waits.
   *
   * @returns the guard, or undefined if it would have to wait
   * @throws RangeError for more than `max`
   */
  tryAcquire(permits = 1): Guard | undefined {
    this.#check('Semaphore.tryAcquire', permits);
    return this.#permits.tryTake(permits);
  }

  /**
   * Gives permits back, or adds new ones if none are taken. They go to the caller that waits longest. Not
   * for permits that a guard will give back.
   *
   * @param permits - a whole number from 1
   * @throws RangeError if there would be more than `max`; nothing is released then
   */
  release(permits = 1): void {
    checkWhole('Semaphore.release', 'permits', permits, 1);
    const added = Math.max(permits - this.#permits.borrowed, 0);
    if (this.#permits.total + added > this.#max) {
      throw new RangeError(
        `Semaphore.release: ${permits} more would exceed max (${this.#max}) of the ${this._label}; ` +
          'release each permit once',
      );
    }
    this.#permits.give(permits);
  }

  /**
   * Waits for one permit, calls the body, and gives it back when the body has ended, by success or failure.
   *
   * @returns the body's value
   * @throws (rejects) as {@link Semaphore.acquire}; what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T> {
    checkFunction('Semaphore.run', 'body', body);
    const guard = await this.#acquire('Semaphore.run', options);
    try {
      return await this.#permits.during(options?.permits ?? 1, body);
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /**
   * Changes how many permits there are, those that are taken included. If there are more, they go to the
   * callers that wait, at once; if there are fewer, none is handed out until enough have come back.
   *
   * @param permits - the new total: a whole number from 0, or `Infinity`
   * @throws RangeError if that is more than `max`
   */
  resize(permits: number): void {
    checkCount('Semaphore.resize', 'permits', permits, 0);
    if (permits > this.#max) {
      throw new RangeError(
        `Semaphore.resize: permits is ${permits}, more than max (${this.#max}) of the ${this._label}; ` +
          'give max or fewer',
      );
    }
    this.#permits.total = permits;
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): SemaphoreStatistics {
    const { available, borrowed, waiting, peak } = this.#permits;
    return { available, borrowed, waiting, peak };
  }

  /** @internal Refuses the callers that wait for more than there can ever be. */
  _refuseAbove(most: number): void {
    this.#permits.refuseAbove(most, (count) => this.#tooMany('Semaphore.acquire', count));
  }

  #check(where: string, permits: number): void {
    checkWhole(where, 'permits', permits, 1);
    if (permits <= this.#max) return;
    throw this.#tooMany(where, permits);
  }

  #tooMany(where: string, permits: number): RangeError {
    return new RangeError(
      `${where}: permits is ${permits}, more than max (${this.#max}) of the ${this._label}; ` +
        'ask for max or fewer',
    );
  }
}

/**
 * A semaphore that detects if more permits are released than were acquired.
 *
 * @example
 * const seats = new BoundedSemaphore(2);
 * seats.release(); // RangeError
 */
export class BoundedSemaphore extends Semaphore {
  /**
   * @param permits - how many there are, and ever will be: a whole number from 0, or `Infinity`
   * @param options - `name`: shown in messages and in the task tree
   */
  constructor(permits: number, options?: NameOptions) {
    checkCount('BoundedSemaphore', 'permits', permits, 0);
    super(permits, options);
    this._bound(permits);
  }

  /**
   * As {@link Semaphore.resize}; changes what may be released as well. A waiting caller that asked for
   * more than `permits` gets a RangeError at once, and does not hold back the callers behind it.
   *
   * @param permits - the new total: a whole number from 0, or `Infinity`
   */
  override resize(permits: number): void {
    checkCount('BoundedSemaphore.resize', 'permits', permits, 0);
    this._bound(permits);
    this._refuseAbove(permits);
    super.resize(permits);
  }
}
