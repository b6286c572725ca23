import { nameErrors } from '@ambit/core/lowlevel';

/** A budget does not suffice: for what was spent, or for what was asked for. */
export class BudgetExceededError extends Error {
  static {
    nameErrors(this, 'BudgetExceededError');
  }

  /** The total of the budget. */
  readonly total: number;
  /** All that was spent of it. */
  readonly spent: number;
  /** How much is missing. */
  readonly by: number;

  constructor(
    message: string,
    numbers: { readonly total: number; readonly spent: number; readonly by: number },
  ) {
    super(message);
    this.total = numbers.total;
    this.spent = numbers.spent;
    this.by = numbers.by;
  }
}
