import { isThenable, ParkingLot, ready, show, refusalOf } from '@ambit/core/lowlevel';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** Returned by {@link TaskTracker.statistics}. */
export interface TaskTrackerStatistics {
  /** Whether it is closed. */
  readonly closed: boolean;
  /** How much work has not ended. */
  readonly size: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * Follows work that others own, for a graceful end: stop accepting work, `close()`, then `wait()` until the
 * accepted work has ended. Keeps nothing that has ended. After tokio's `TaskTracker`.
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
   * Follows work until it has ended, by success or failure; also when closed. The error stays with the
   * promise; but followed work counts as handled, and causes no `unhandledRejection`.
   *
   * @param work - a task or a promise
   * @returns the same
   * @throws TypeError if it is no promise
   */
  track<P extends PromiseLike<unknown>>(work: P): P {
    if (!isThenable(work)) {
      throw new TypeError(
        `TaskTracker.track: work is ${show(work)}; give a task or a promise, for example what ` +
          'an async function returns when called',
      );
    }
    this.#size += 1;
    // By a promise of the platform: one of a user may call back twice, or throw.
    Promise.resolve(work).then(this.#end, this.#end);
    return work;
  }

  /** Lets `wait()` end as soon as no work is left, or at once if none is. */
  close(): void {
    this.#isClosed = true;
    this.#look();
  }

  /** Undoes `close()`: callers that wait go on waiting for the next one. Callers that were let go stay so. */
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
    const refusal = refusalOf('TaskTracker.wait', options);
    if (refusal !== undefined) return refusal;
    if (this.#isClosed && this.#size === 0) return ready(undefined);
    return this.#lot.park({ signal: options?.signal, name: this.#label });
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): TaskTrackerStatistics {
    const { size: waiting, peak } = this.#lot;
    return { closed: this.#isClosed, size: this.#size, waiting, peak };
  }

  readonly #end = (): void => {
    this.#size -= 1;
    this.#look();
  };

  #look(): void {
    if (this.#isClosed && this.#size === 0) this.#lot.unparkAll();
  }
}
