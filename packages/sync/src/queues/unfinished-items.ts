import { InvalidStateError } from '@ambit/core';
import { ParkingLot, ready, refusalOf } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';

/** Counts the items of a queue that were put and not yet reported as done, and wakes callers that wait for zero. */
export class UnfinishedItems {
  readonly #label: string;
  readonly #joiners = new ParkingLot();
  #count = 0;

  constructor(label: string) {
    this.#label = label;
  }

  get count(): number {
    return this.#count;
  }

  /** How many callers wait. */
  get waiting(): number {
    return this.#joiners.size;
  }

  add(): void {
    this.#count += 1;
  }

  /** @throws InvalidStateError if all items are done */
  done(): void {
    if (this.#count === 0) {
      throw new InvalidStateError(
        `Queue.taskDone: every item of the ${this.#label} is already done; call it once for each item`,
      );
    }
    this.finish(1);
  }

  finish(count: number): void {
    this.#count -= count;
    if (this.#count === 0) this.#joiners.unparkAll();
  }

  untilNone(options: WaitOptions | undefined): Promise<void> {
    const refusal = refusalOf('Queue.join', options);
    if (refusal !== undefined) return refusal;
    if (this.#count === 0) return ready(undefined);
    return this.#joiners.park({ signal: options?.signal, name: `${this.#label} join` });
  }
}
