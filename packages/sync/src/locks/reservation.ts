import { InvalidStateError } from '@ambit/core';
import { checkAmount } from './budget-check.ts';

/**
 * A part of a budget that is set aside until it is known what is spent. Disposing it gives all of it back,
 * whichever task does it; once it is settled, that does nothing.
 */
export interface Reservation extends Disposable {
  /** How much is reserved. */
  readonly amount: number;
  /**
   * Says what was spent; the rest goes back. More than was reserved is taken from the budget if there is
   * any left.
   *
   * @param actual - a finite number from 0
   * @throws BudgetExceededError if there is not enough left: it is recorded as spent anyway;
   *   InvalidStateError if the reservation was settled or disposed before
   */
  settle(actual: number): void;
}

/** Ends a reservation: `actual` was spent; undefined: it was given back. */
export type EndReservation = (actual: number | undefined) => void;

export class OpenReservation implements Reservation {
  readonly amount: number;
  readonly #label: string;
  #end: EndReservation | undefined;

  constructor(amount: number, label: string, end: EndReservation) {
    this.amount = amount;
    this.#label = label;
    this.#end = end;
  }

  settle(actual: number): void {
    checkAmount('settle', 'actual', actual);
    const end = this.#end;
    if (end === undefined) {
      throw new InvalidStateError(
        `settle: this reservation of the ${this.#label} was settled or given back before; settle it once`,
      );
    }
    this.#end = undefined;
    end(actual);
  }

  [Symbol.dispose](): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(undefined);
  }
}
