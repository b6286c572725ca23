import { ParkingLot, throwIfCancelled } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';

/**
 * One at a time, first come, first served: the statements of a transaction. A cancel request names a connection, so that
 * only one statement may be on it; and a statement that is cancelled while it waits is never sent.
 */
export class Line {
  readonly #waiting = new ParkingLot();
  #isBusy = false;

  /** Waits for its turn, and calls the function. */
  async run<T>(fn: () => Promise<T>, wait?: WaitOptions): Promise<T> {
    throwIfCancelled({ signal: wait?.signal });
    if (this.#isBusy) {
      await this.#waiting.park({
        signal: wait?.signal,
        name: 'the statement before, in its transaction',
      });
    }
    this.#isBusy = true;
    try {
      return await fn();
    } finally {
      // The turn is handed over: no newcomer takes it in between.
      if (this.#waiting.unpark() === 0) this.#isBusy = false;
    }
  }

  /** Lets those that wait fail. */
  fail(error: unknown): void {
    while (this.#waiting.head !== undefined) this.#waiting.head.fail(error);
  }
}
