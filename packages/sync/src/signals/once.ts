import { captureOwner, checkFunction, refused } from '@ambit/core/lowlevel';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';
import { SingleFlight } from './single-flight.ts';

/** Returned by {@link Once.statistics}. */
export interface OnceStatistics {
  /** Whether the value is there, is being made, or was not asked for. */
  readonly state: 'empty' | 'running' | 'done';
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * A value that is made once, for the first caller; callers that come meanwhile wait for the same. If
 * making it fails or is cancelled, the next caller in line makes it: only success is kept (as in tokio's
 * `OnceCell`). What `init` opens belongs to the `Once`: to the group in which it was constructed, not to
 * the group of the caller that happened to ask first.
 *
 * @example
 * const connection = new Once<Connection>();
 * const query = async (text: string) => (await connection.get(() => connect())).query(text);
 */
export class Once<T> {
  readonly #flight: SingleFlight<T>;

  /**
   * @param options - `name`: shown in messages and in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: NameOptions) {
    this.#flight = new SingleFlight<T>(labelOf('Once', 'once', options), captureOwner());
  }

  /**
   * Returns the value; calls `init` to make it if there is none yet and no other call is making it. Waits
   * while another call makes it. A checkpoint, also if the value is there.
   *
   * @param init - called in the context in which the `Once` was constructed; cancelled with this call
   * @param options - `signal`: ends the wait too, and cancels `init` if this call made it
   * @throws (rejects) what `init` throws, if this call made it; the ambient scope's CancelledError or
   *   `signal.reason`; InvalidStateError inside its own `init`
   */
  get(init: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    try {
      checkFunction('Once.get', 'init', init);
    } catch (error) {
      return refused(error);
    }
    return this.#flight.get('Once.get', () => init(), options);
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): OnceStatistics {
    const { state, lot } = this.#flight;
    return { state, waiting: lot.size, peak: lot.peak };
  }
}
