import { enter, ParkingLot } from '@ambit/core/lowlevel';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** What `Event.statistics()` tells: how it stands at this moment. */
export interface EventStatistics {
  /** Whether it is set. */
  readonly isSet: boolean;
  /** How many wait. */
  readonly waiting: number;
}

/**
 * Something that has happened, or not yet; any number of tasks can wait for it.
 *
 * @example
 * const ready = new Event({ name: 'ready' });
 * group.spawn(() => connect().then(() => ready.set()));
 * await ready.wait();
 */
export class Event {
  /** @internal */ readonly _lot: ParkingLot = new ParkingLot();
  /** @internal */ readonly _label: string;
  #isSet = false;

  /**
   * @param options - `name`: shown in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: NameOptions) {
    this._label = labelOf('Event', 'event', options);
  }

  /** Ask this: the event itself is an object, and always truthy. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** Wakes all who wait, and lets pass who comes from now on. */
  set(): void {
    this.#isSet = true;
    this._lot.unparkAll();
  }

  /** From now on who comes waits again. Who has been woken by `set()` stays woken. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Waits until it is set. A checkpoint, also if it is already.
   *
   * @param options - `signal`: ends the wait too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`
   */
  wait(options?: WaitOptions): Promise<void> {
    try {
      enter(options);
    } catch (error) {
      return refused(error);
    }
    if (this.#isSet) return taken(undefined);
    return this._lot.park({ signal: options?.signal, name: this._label });
  }

  /** How it stands: who waits, and what is held. */
  statistics(): EventStatistics {
    return { isSet: this.#isSet, waiting: this._lot.size };
  }
}
