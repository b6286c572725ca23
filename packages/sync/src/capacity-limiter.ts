import { InvalidStateError } from '@ambit/core';
import { checkCount, checkFunction, show } from './check.ts';
import { GuardOf } from './guard-of.ts';
import type { Guard } from './guard-of.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { Permits } from './permits.ts';
import { after } from './refused.ts';

/** What `CapacityLimiter.statistics()` tells: how it stands at this moment. */
export interface CapacityLimiterStatistics {
  /** How many are free. */
  readonly available: number;
  /** How many are taken. */
  readonly borrowed: number;
  /** How many there are. */
  readonly total: number;
  /** How many wait. */
  readonly waiting: number;
}

/**
 * Limits how many are at something at a time, by tokens that are lent one to a borrower. Unlike a
 * semaphore it knows how many there are in all, which can be changed as it goes, and who has one, if
 * it was borrowed on behalf of somebody. After Trio's and AnyIO's.
 *
 * @example
 * const limiter = new CapacityLimiter(8, { name: 'threads' });
 * await limiter.run(() => digest(file));
 * limiter.total = 4; // the load is high: lend no more until fewer than 4 are out
 */
export class CapacityLimiter {
  readonly #tokens: Permits;
  /** On whose behalf a token is out; undefined while it is waited for. */
  readonly #borrowers = new Map<unknown, Guard | undefined>();
  readonly #label: string;
  /** Tokens out on nobody's behalf. */
  #anonymous = 0;

  /**
   * @param total - how many tokens there are: a whole number from 0, or `Infinity`
   * @param options - `name`: shown in messages and in the task tree
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  constructor(total: number, options?: NameOptions) {
    checkCount('CapacityLimiter', 'total', total, 0);
    this.#label = labelOf('CapacityLimiter', 'capacity limiter', options);
    this.#tokens = new Permits(total, this.#label);
  }

  /**
   * How many tokens there are, those that are out included. Raising it wakes who waits, at once;
   * lowering it below what is out is allowed: none is lent until enough have come back.
   */
  get total(): number {
    return this.#tokens.total;
  }

  set total(total: number) {
    checkCount('CapacityLimiter', 'total', total, 0);
    this.#tokens.total = total;
  }

  /** How many are out. */
  get borrowed(): number {
    return this.#tokens.borrowed;
  }

  /** How many are not. */
  get available(): number {
    return this.#tokens.available;
  }

  /**
   * Waits for a token, on nobody's behalf, behind all who came before. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it gives the token back, whoever does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then none is taken
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    return after(this.#tokens.take(1, options), this.#lend);
  }

  /** Takes a token if one is free and nobody waits. Never waits. @returns the guard, or undefined */
  tryAcquire(): Guard | undefined {
    const token = this.#tokens.tryTake(1);
    return token === undefined ? undefined : this.#lend();
  }

  /**
   * Gives back a token that was taken on nobody's behalf. Not for one that its guard will give back.
   *
   * @throws InvalidStateError if no such token is out
   */
  release(): void {
    if (this.#anonymous === 0) {
      throw new InvalidStateError(
        `CapacityLimiter.release: no token of the ${this.#label} is out on nobody's behalf; ` +
          'release what was acquired, once',
      );
    }
    this.#anonymous -= 1;
    this.#tokens.give(1);
  }

  /**
   * Acquires a token, calls the body, and gives it back when the body has ended, however it ends.
   *
   * @returns the body's value
   * @throws (rejects) as {@link CapacityLimiter.acquire}; what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction('CapacityLimiter.run', 'body', body);
    const guard = await this.acquire(options);
    try {
      return await body();
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /**
   * As {@link CapacityLimiter.acquire}, on behalf of anything: one token for each borrower.
   *
   * @param borrower - a connection, a request, a task: compared by identity
   * @returns the guard: disposing it gives the token back
   * @throws (rejects) InvalidStateError if it has a token, or waits for one
   */
  async acquireOnBehalfOf(borrower: unknown, options?: WaitOptions): Promise<Guard> {
    if (this.#borrowers.has(borrower)) {
      throw new InvalidStateError(
        `CapacityLimiter.acquireOnBehalfOf: ${show(borrower)} has a token of the ${this.#label}, or ` +
          'waits for one; one for each borrower',
      );
    }
    this.#borrowers.set(borrower, undefined);
    try {
      const token = await this.#tokens.take(1, options);
      this.#borrowers.set(borrower, token);
      return new GuardOf(() => {
        if (this.#borrowers.get(borrower) === token) this.releaseOnBehalfOf(borrower);
      });
    } catch (error) {
      this.#borrowers.delete(borrower);
      throw error;
    }
  }

  /**
   * Gives back the token of this borrower.
   *
   * @throws InvalidStateError if it has none
   */
  releaseOnBehalfOf(borrower: unknown): void {
    const token = this.#borrowers.get(borrower);
    if (token === undefined) {
      throw new InvalidStateError(
        `CapacityLimiter.releaseOnBehalfOf: ${show(borrower)} has no token of the ${this.#label}; ` +
          'release what was acquired, once',
      );
    }
    this.#borrowers.delete(borrower);
    token[Symbol.dispose]();
  }

  /** How it stands: who waits, and what is held. */
  statistics(): CapacityLimiterStatistics {
    const { available, borrowed, total, waiting } = this.#tokens;
    return { available, borrowed, total, waiting };
  }

  readonly #lend = (): Guard => {
    this.#anonymous += 1;
    return new GuardOf(() => {
      this.release();
    });
  };
}
