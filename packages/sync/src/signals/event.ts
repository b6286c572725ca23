import { ParkingLot, ready, refusalOf } from '@ambit/core/lowlevel';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** Returned by {@link Event.statistics}. */
export interface EventStatistics {
  /** Whether it is set. */
  readonly isSet: boolean;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
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

  /** Whether it is set. The event itself is an object, and always truthy. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** Sets the event: wakes all callers that wait, and lets later ones pass. */
  set(): void {
    this.#isSet = true;
    this._lot.unparkAll();
  }

  /** Clears the event: later callers wait again. Callers that `set()` has woken stay woken. */
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
    const refusal = refusalOf('Event.wait', options);
    if (refusal !== undefined) return refusal;
    if (this.#isSet) return ready(undefined);
    return this._lot.park({ signal: options?.signal, name: this._label });
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): EventStatistics {
    const { size: waiting, peak } = this._lot;
    return { isSet: this.#isSet, waiting, peak };
  }
}
