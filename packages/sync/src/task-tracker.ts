import { enter, ParkingLot } from '@ambit/core/lowlevel';
import { show } from './check.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** What `TaskTracker.statistics()` tells: how it stands at this moment. */
export interface TaskTrackerStatistics {
  /** Whether it is closed. */
  readonly closed: boolean;
  /** Work that has not ended. */
  readonly size: number;
  /** How many wait. */
  readonly waiting: number;
}

/**
 * Follows work that others own, for a graceful end: stop taking in, `close()`, `wait()` until what was
 * taken in has ended. Holds on to nothing that has ended. After tokio's `TaskTracker`.
 *
 * @example
 * server.on('request', (request, response) => tracker.track(handle(request, response)));
 * // at the end
 * server.close();
 * tracker.close();
 * await tracker.wait();
 */
export class TaskTracker {
  readonly #lot = new ParkingLot();
  readonly #label: string;
  #size = 0;
  #isClosed = false;

  /**
   * @param options - `name`: shown in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: NameOptions) {
    this.#label = labelOf('TaskTracker', 'task tracker', options);
  }

  /** How much work has not ended. */
  get size(): number {
    return this.#size;
  }

  /** True from `close()` to `reopen()`. */
  get closed(): boolean {
    return this.#isClosed;
  }

  /**
   * Follows work until it has ended, well or not; also when closed. Its error stays the business of
   * whoever has the promise; but followed it counts as handled, and is no `unhandledRejection`.
   *
   * @param work - a task or a promise
   * @returns the same
   * @throws TypeError if it is no promise
   */
  track<P extends PromiseLike<unknown>>(work: P): P {
    if (typeof (work as Partial<P> | null | undefined)?.then !== 'function') {
      throw new TypeError(
        `TaskTracker.track: work is ${show(work)}; give a task or a promise, as what an async function ` +
          'returns when called',
      );
    }
    this.#size += 1;
    work.then(this.#end, this.#end);
    return work;
  }

  /** Lets `wait()` end, now or as soon as nothing is left. Who waits while nothing is left goes on at once. */
  close(): void {
    this.#isClosed = true;
    this.#look();
  }

  /** Undoes `close()`: who waits, waits on for the next one. Who has been let go stays let go. */
  reopen(): void {
    this.#isClosed = false;
  }

  /**
   * Waits for an instant at which it is closed and no work is left. A checkpoint.
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
    if (this.#isClosed && this.#size === 0) return taken(undefined);
    return this.#lot.park({ signal: options?.signal, name: this.#label });
  }

  /** How it stands: who waits, and what is held. */
  statistics(): TaskTrackerStatistics {
    return { closed: this.#isClosed, size: this.#size, waiting: this.#lot.size };
  }

  readonly #end = (): void => {
    this.#size -= 1;
    this.#look();
  };

  #look(): void {
    if (this.#isClosed && this.#size === 0) this.#lot.unparkAll();
  }
}
