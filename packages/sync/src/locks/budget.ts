import { contextSnapshot, CancelScope } from '@ambit/core';
import { checkFunction, ready, refused, show, throwIfCancelled } from '@ambit/core/lowlevel';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';
import { checkAmount, checkTotal } from './budget-check.ts';
import { BudgetExceededError } from './budget-exceeded-error.ts';
import { BudgetLevel, least } from './budget-level.ts';
import type { Excess } from './budget-level.ts';
import { BudgetTree, refuseIfHopeless } from './budget-tree.ts';
import type { Reservation } from './reservation.ts';

/** Given to the callback of {@link Budget.onExceeded}. */
export interface BudgetExcess extends Excess {
  /** The budget that has gone over. */
  readonly budget: Budget;
}

/** Returned by {@link Budget.statistics}. */
export interface BudgetStatistics {
  /** The amount it was made with. */
  readonly total: number;
  /** What has been spent. */
  readonly spent: number;
  /** What is reserved and not settled yet. */
  readonly reserved: number;
  /** What can be reserved now, here and in every budget above. */
  readonly remaining: number;
  /** How many callers wait at this budget. */
  readonly waiting: number;
  /** The most callers that ever waited at it at one time. */
  readonly peak: number;
}

/**
 * A limited amount that is used up: tokens, money, bytes, retries. What something will cost is reserved
 * before and settled afterwards, so that work that runs at the same time does not spend the same rest
 * twice. Amounts are numbers from 0; fractions are added as numbers are, so count money in whole cents.
 *
 * @example
 * const tokens = new Budget(100_000, { name: 'tokens' });
 * using reservation = await tokens.reserve(4000);
 * const answer = await ask(question, { maxTokens: 4000 });
 * reservation.settle(answer.usage);
 */
export class Budget {
  #tree = new BudgetTree();
  #level: BudgetLevel;

  /**
   * @param total - how much there is: a number from 0, or `Infinity`
   * @param options - `name`: shown in messages and in the task tree
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  constructor(total: number, options?: NameOptions) {
    checkTotal('Budget', total);
    this.#level = new BudgetLevel(labelOf('Budget', 'budget', options), total, undefined);
  }

  /** How much there is in all. */
  get total(): number {
    return this.#level.total;
  }

  /** How much was spent. More than the total, once it is exceeded. */
  get spent(): number {
    return this.#level.spent;
  }

  /** How much is reserved and not settled. */
  get reserved(): number {
    return this.#level.reserved;
  }

  /** `total - spent - reserved`, of this budget or of one around it, whichever is less. */
  get remaining(): number {
    return least(this.#level, 'free');
  }

  /**
   * Reserves an amount if it is there and no earlier call waits for it. Never waits.
   *
   * @param amount - a finite number from 0
   * @returns the reservation, or undefined
   * @throws RangeError or TypeError if it is no amount
   */
  tryReserve(amount: number): Reservation | undefined {
    checkAmount('Budget.tryReserve', 'amount', amount);
    return this.#tree.tryReserve(this.#level, amount);
  }

  /**
   * Reserves an amount: waits, behind all earlier callers, until others have given back enough. A
   * checkpoint.
   *
   * @param amount - a finite number from 0
   * @param options - `signal`: ends the wait too
   * @returns the reservation: settle it with what was spent, or dispose it
   * @throws (rejects) BudgetExceededError if so much can never be left, also because others spend more
   *   meanwhile; the ambient scope's CancelledError or `signal.reason`, and then nothing is reserved
   */
  reserve(amount: number, options?: WaitOptions): Promise<Reservation> {
    try {
      checkAmount('Budget.reserve', 'amount', amount);
      throwIfCancelled(options, 'Budget.reserve');
      refuseIfHopeless('Budget.reserve', this.#level, amount);
    } catch (error) {
      return refused(error);
    }
    const reservation = this.#tree.tryReserve(this.#level, amount);
    if (reservation !== undefined) return ready(reservation);
    return this.#tree.wait(this.#level, amount, options);
  }

  /**
   * Records what was spent without a reservation. Never waits.
   *
   * @param amount - a finite number from 0
   * @throws BudgetExceededError if more is spent and reserved then than there is, here or in a budget
   *   around it; it is recorded anyway
   */
  spend(amount: number): void {
    checkAmount('Budget.spend', 'amount', amount);
    this.#tree.spend('Budget.spend', this.#level, amount);
  }

  /**
   * Makes a budget that draws on this one as well: what is reserved or spent of it is so here too, in one
   * step.
   *
   * @param total - the most that may be drawn: a number from 0, or `Infinity`
   * @param options - `name`: shown in messages and in the task tree
   * @returns the budget
   * @throws RangeError or TypeError if an argument is not what it should be
   */
  child(total: number, options?: NameOptions): Budget {
    checkTotal('Budget.child', total);
    const child = new Budget(total, options);
    child.#tree = this.#tree;
    child.#level = new BudgetLevel(child.#level.label, total, this.#level);
    return child;
  }

  /**
   * Calls back each time the budget goes over: synchronously, before the error of the call that spent too
   * much, in the async context of this call; at once if it is over already. What the callback throws
   * becomes an uncaught exception.
   *
   * @param callback - gets `budget`, `spent`, and `by` how much it is over
   * @returns disposing it takes the callback back
   */
  onExceeded(callback: (excess: BudgetExcess) => void): Disposable {
    checkFunction('Budget.onExceeded', 'callback', callback);
    const restore = contextSnapshot();
    return this.#level.listen((excess) => {
      restore(() => {
        callback({ budget: this, ...excess });
      });
    });
  }

  /**
   * Cancels a scope as soon as the budget goes over, with a BudgetExceededError as the reason.
   *
   * @param scope - what spends the budget
   * @returns disposing it ends that
   * @throws TypeError if it is no scope
   */
  cancelWhenExceeded(scope: CancelScope): Disposable {
    if (!(scope instanceof CancelScope)) {
      throw new TypeError(
        `Budget.cancelWhenExceeded: scope is ${show(scope)}, not a CancelScope; give a CancelScope, such as group.scope`,
      );
    }
    return this.#level.listen(({ spent, by }) => {
      const message = `the ${this.#level.label} is over its total (${this.total}) by ${by}`;
      scope.cancel(new BudgetExceededError(message, { total: this.total, spent, by }));
    });
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): BudgetStatistics {
    const { total, spent, reserved, remaining } = this;
    const { size: waiting, peak } = this.#level.line;
    return { total, spent, reserved, remaining, waiting, peak };
  }
}
