import { callSafely, ParkingLot } from '@ambit/core/lowlevel';
import { GuardOf } from './guard-of.ts';
import type { Reservation } from './reservation.ts';

/** A call that waits to reserve. */
export interface Request {
  readonly amount: number;
  /** When it came, among all requests of the tree. */
  readonly order: number;
}

/** A budget has gone over. */
export interface Excess {
  /** All that was spent. */
  readonly spent: number;
  /** By how much what is spent and reserved is above the total. */
  readonly by: number;
}

/** One budget in a tree of budgets: its amounts, and the requests that wait at it. */
export class BudgetLevel {
  readonly label: string;
  readonly total: number;
  /** This one, and those around it up to the root. */
  readonly path: readonly BudgetLevel[];
  readonly line: ParkingLot<Reservation, Request> = new ParkingLot();
  readonly #listeners = new Set<(excess: Excess) => void>();
  /** No request in the line is for more. */
  largest = 0;
  spent = 0;
  #reserved = 0;
  /** How many reservations are open. */
  #open = 0;
  #wasOver = false;

  constructor(label: string, total: number, parent: BudgetLevel | undefined) {
    this.label = label;
    this.total = total;
    this.path = [this, ...(parent?.path ?? [])];
  }

  get reserved(): number {
    return this.#reserved;
  }

  /** What can be reserved at this level now; below 0 if it is over. */
  get free(): number {
    return this.total - this.spent - this.#reserved;
  }

  /** What there would be if all reservations were given back. */
  get left(): number {
    return this.total - this.spent;
  }

  get excess(): Excess | undefined {
    const by = this.spent + this.#reserved - this.total;
    return by > 0 ? { spent: this.spent, by } : undefined;
  }

  reserve(amount: number): void {
    this.#reserved += amount;
    this.#open += 1;
  }

  unreserve(amount: number): void {
    this.#open -= 1;
    // Sums of fractions drift: with nothing open, nothing is reserved.
    this.#reserved = this.#open === 0 ? 0 : this.#reserved - amount;
  }

  /** After a change: the excess, if the budget was not over before. */
  newExcess(): Excess | undefined {
    const { excess } = this;
    const isNew = excess !== undefined && !this.#wasOver;
    this.#wasOver = excess !== undefined;
    return isNew ? excess : undefined;
  }

  /** Calls back each time the budget goes over, and at once if it is over. */
  listen(listener: (excess: Excess) => void): Disposable {
    this.#listeners.add(listener);
    if (this.excess !== undefined) callSafely(listener, this.excess);
    return new GuardOf(() => this.#listeners.delete(listener));
  }

  /** The other listeners are called if one throws, and the spender has an error of its own. */
  tell(excess: Excess): void {
    for (const listener of [...this.#listeners]) callSafely(listener, excess);
  }
}

/** The smallest value of a level on the path. */
export function least(level: BudgetLevel, value: 'free' | 'left'): number {
  return Math.min(...level.path.map((each) => each[value]));
}
