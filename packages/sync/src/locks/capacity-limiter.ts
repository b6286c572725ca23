import { InvalidStateError } from '@ambit/core';
import { checkCount, checkFunction, refused, show } from '@ambit/core/lowlevel';
import type { Guard } from './guard-of.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';
import { Permits } from './permits.ts';
import type { PermitKeeper } from './permits.ts';

/** Returned by {@link CapacityLimiter.statistics}. */
export interface CapacityLimiterStatistics {
  /** How many tokens are free. */
  readonly available: number;
  /** How many tokens are borrowed. */
  readonly borrowed: number;
  /** How many tokens there are. */
  readonly total: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * Limits how many callers do something at a time, by tokens that are lent one to a borrower. Unlike a
 * semaphore it knows the number of tokens in all, which can be changed at any time, and the borrower of a
 * token, if one was given. After Trio's and AnyIO's.
 *
 * @example
 * const limiter = new CapacityLimiter(8, { name: 'threads' });
 * await limiter.run(() => digest(file));
 * limiter.total = 4; // the load is high: lend no more until fewer than 4 are out
 */
export class CapacityLimiter {
  readonly #tokens: Permits;
  /** The token of each borrower; undefined while it is waited for. */
  readonly #borrowers = new Map<unknown, Guard | undefined>();
  readonly #label: string;
  /** How many tokens are borrowed without a borrower's name. */
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
   * How many tokens there are, borrowed ones included. Raising it serves callers that wait, at once;
   * lowering it below the number that is borrowed is allowed: none is lent until enough have come back.
   */
  get total(): number {
    return this.#tokens.total;
  }

  set total(total: number) {
    checkCount('CapacityLimiter', 'total', total, 0);
    this.#tokens.total = total;
  }

  /** How many tokens are borrowed. */
  get borrowed(): number {
    return this.#tokens.borrowed;
  }

  /** How many tokens are free. */
  get available(): number {
    return this.#tokens.available;
  }

  /**
   * Waits for a token, behind all earlier callers. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it gives the token back, whichever task does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then none is taken
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    return this.#acquire('CapacityLimiter.acquire', options);
  }

  #acquire(where: string, options: WaitOptions | undefined): Promise<Guard> {
    return this.#tokens.take(where, 1, options, this.#anonymousKeeper);
  }

  /**
   * Takes a token if one is free and no caller waits. Never waits.
   *
   * @returns the guard, or undefined
   */
  tryAcquire(): Guard | undefined {
    return this.#tokens.tryTake(1, this.#anonymousKeeper);
  }

  /**
   * Gives back a token of `acquire` or `tryAcquire`. Not for one that its guard will give back.
   *
   * @throws InvalidStateError if no such token is borrowed
   */
  release(): void {
    if (this.#anonymous === 0) {
      throw new InvalidStateError(
        `CapacityLimiter.release: no token of the ${this.#label} was acquired without a borrower; ` +
          'release each token once',
      );
    }
    this.#anonymous -= 1;
    this.#tokens.give(1);
  }

  /**
   * Waits for a token, calls the body, and gives it back when the body has ended, by success or failure.
   *
   * @returns the body's value
   * @throws (rejects) as {@link CapacityLimiter.acquire}; what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction('CapacityLimiter.run', 'body', body);
    const guard = await this.#acquire('CapacityLimiter.run', options);
    try {
      return await this.#tokens.during(1, body);
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /**
   * As {@link CapacityLimiter.acquire}, on behalf of a borrower, which can have one token.
   *
   * @param borrower - a connection, a request, a task, for example: compared by identity
   * @returns the guard: disposing it gives the token back
   * @throws (rejects) InvalidStateError if it has a token, or waits for one
   */
  acquireOnBehalfOf(borrower: unknown, options?: WaitOptions): Promise<Guard> {
    if (this.#borrowers.has(borrower)) {
      return refused(
        new InvalidStateError(
          `CapacityLimiter.acquireOnBehalfOf: borrower is ${show(borrower)}, which has a token of the ` +
            `${this.#label} or waits for one; acquire one token for each borrower`,
        ),
      );
    }
    this.#borrowers.set(borrower, undefined);
    return this.#tokens.take('CapacityLimiter.acquireOnBehalfOf', 1, options, {
      lent: (token) => this.#borrowers.set(borrower, token),
      returned: () => this.#borrowers.delete(borrower),
      refused: () => this.#borrowers.delete(borrower),
    });
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
        `CapacityLimiter.releaseOnBehalfOf: borrower is ${show(borrower)}, which has no token of ` +
          `the ${this.#label}; release each token once`,
      );
    }
    token[Symbol.dispose]();
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): CapacityLimiterStatistics {
    const { available, borrowed, total, waiting, peak } = this.#tokens;
    return { available, borrowed, total, waiting, peak };
  }

  /** Tokens that are lent without a borrower's name. A guard whose token was given back by `release()` does nothing. */
  readonly #anonymousKeeper: PermitKeeper = {
    lent: () => {
      this.#anonymous += 1;
    },
    returned: () => {
      if (this.#anonymous === 0) return false;
      this.#anonymous -= 1;
      return true;
    },
  };
}
