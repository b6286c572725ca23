import { checkCount, checkFunction, checkOptions, checkWhole } from './check.ts';
import type { Guard } from './guard-of.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { Permits } from './permits.ts';

/** What `Semaphore` takes besides. */
export interface SemaphoreOptions extends NameOptions {
  /** The most permits there may ever be. Without it, `release()` may raise the count for ever. */
  readonly max?: number | undefined;
}

/** What acquiring permits takes besides. */
export interface AcquireOptions extends WaitOptions {
  /** How many at once: a whole number from 1. Default 1. */
  readonly permits?: number | undefined;
}

/** What `Semaphore.statistics()` tells: how it stands at this moment. */
export interface SemaphoreStatistics {
  /** How many are free. */
  readonly available: number;
  /** How many are taken. */
  readonly borrowed: number;
  /** How many wait. */
  readonly waiting: number;
}

/**
 * So many permits, handed out in the order they are asked for. Who asks for many at once holds back
 * those who came later and ask for few, so that nobody starves (as in Go's weighted semaphore).
 *
 * @example
 * const connections = new Semaphore(4, { name: 'connections' });
 * await Promise.all(urls.map((url) => connections.run(() => fetch(url))));
 */
export class Semaphore {
  readonly #permits: Permits;
  /** @internal */ _max: number | undefined;
  /** @internal */ readonly _label: string;

  /**
   * @param permits - how many there are: a whole number from 0, or `Infinity`
   * @param options - `max`: the most there may be; `name`: shown in messages and in the task tree
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  constructor(permits: number, options?: SemaphoreOptions) {
    checkCount('Semaphore', 'permits', permits, 0);
    this._label = labelOf('Semaphore', 'semaphore', options);
    if (options?.max !== undefined) {
      checkCount('Semaphore', 'max', options.max, Math.max(permits, 1));
      this._max = options.max;
    }
    this.#permits = new Permits(permits, this._label);
  }

  /** How many are free; those in line before a newcomer may be waiting for just these. */
  get available(): number {
    return this.#permits.available;
  }

  /** True if a newcomer would have to wait. */
  get locked(): boolean {
    return this.available === 0 || this.#permits.waiting > 0;
  }

  /**
   * Waits until so many permits are free and all who came before have theirs. A checkpoint.
   *
   * @param options - `permits`: how many, default 1; `signal`: ends the wait too
   * @returns the guard: disposing it gives them back, whoever does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then none is taken;
   *   RangeError for more than `max`, which could never be
   * @example
   * using permit = await semaphore.acquire({ permits: 2 });
   */
  acquire(options?: AcquireOptions): Promise<Guard> {
    const { permits = 1 } = options ?? {};
    try {
      checkOptions('Semaphore.acquire', options);
      this.#check('Semaphore.acquire', permits);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#permits.take(permits, options);
  }

  /**
   * Takes so many permits if they are free and nobody waits. Never waits.
   *
   * @returns the guard, or undefined if it would have to wait
   * @throws RangeError for more than `max`
   */
  tryAcquire(permits = 1): Guard | undefined {
    this.#check('Semaphore.tryAcquire', permits);
    return this.#permits.tryTake(permits);
  }

  /**
   * Gives permits back, or adds new ones if none are out. They go to who waits longest. Not for those
   * that a guard will give back.
   *
   * @param permits - a whole number from 1
   * @throws RangeError if there would be more than `max`; nothing is released then
   */
  release(permits = 1): void {
    checkWhole('Semaphore.release', 'permits', permits, 1);
    const added = Math.max(permits - this.#permits.borrowed, 0);
    if (this._max !== undefined && this.#permits.total + added > this._max) {
      throw new RangeError(
        `Semaphore.release: with ${permits} more the ${this._label} would have over ${this._max}, ` +
          'its most; release what was acquired, once',
      );
    }
    this.#permits.give(permits);
  }

  /**
   * Acquires one permit, calls the body, and gives it back when the body has ended, however it ends.
   *
   * @returns the body's value
   * @throws (rejects) as {@link Semaphore.acquire}; what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T> {
    checkFunction('Semaphore.run', 'body', body);
    const guard = await this.acquire(options);
    try {
      return await body();
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /**
   * Changes how many permits there are, those that are out included. More of them wake who waits, at
   * once; with fewer, none is handed out until enough have come back.
   *
   * @param permits - the new total: a whole number from 0, or `Infinity`
   * @throws RangeError if that is more than `max`
   */
  resize(permits: number): void {
    checkCount('Semaphore.resize', 'permits', permits, 0);
    if (this._max !== undefined && permits > this._max) {
      throw new RangeError(
        `Semaphore.resize: permits is ${permits}, more than the most of the ${this._label}; ` +
          `give ${this._max} at most`,
      );
    }
    this.#permits.total = permits;
  }

  /** How it stands: who waits, and what is held. */
  statistics(): SemaphoreStatistics {
    const { available, borrowed, waiting } = this.#permits;
    return { available, borrowed, waiting };
  }

  #check(where: string, permits: number): void {
    checkWhole(where, 'permits', permits, 1);
    if (this._max === undefined || permits <= this._max) return;
    throw new RangeError(
      `${where}: permits is ${permits}, and the ${this._label} has never more than ${this._max}; ` +
        'ask for fewer',
    );
  }
}

/**
 * A semaphore that finds out if more is released than was acquired.
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
    this._max = permits;
  }

  /**
   * As {@link Semaphore.resize}; what may be released changes with it.
   *
   * @param permits - the new total: a whole number from 0, or `Infinity`
   */
  override resize(permits: number): void {
    checkCount('BoundedSemaphore.resize', 'permits', permits, 0);
    this._max = permits;
    super.resize(permits);
  }
}
