import { currentTask } from '@ambit/core';
import { BusyResourceError, show } from '@ambit/core/lowlevel';
import { GuardOf } from './guard-of.ts';
import type { Guard } from './guard-of.ts';

/** Returned by the `statistics()` of a guard. */
export interface BusyGuardStatistics {
  /** Whether a use is under way. */
  readonly busy: boolean;
  /** The name of the task that uses it; undefined if none does, or it is used outside of tasks. */
  readonly owner: string | undefined;
  /** No caller ever waits. */
  readonly waiting: 0;
  /** No caller ever waited. */
  readonly peak: 0;
}

/** Made by {@link guard}. */
export interface BusyGuard {
  /**
   * Begins the use. Never waits.
   *
   * @returns disposing it ends the use; the second time does nothing
   * @throws BusyResourceError if a use is under way
   */
  enter(): Guard;
  /** Returns a snapshot for diagnostics. */
  statistics(): BusyGuardStatistics;
}

/**
 * Detects concurrent use of a resource that does not support it, where waiting would only hide the mistake.
 * As AnyIO's `ResourceGuard`.
 *
 * @param action - what the user does, for the message: 'reading from this stream'
 * @returns the guard, of which `enter()` begins a use
 * @throws TypeError if the action is no text
 * @example
 * const reading = guard('reading from this stream');
 * async function read() {
 *   using use = reading.enter();
 *   return await source.pull();
 * }
 */
export function guard(action: string): BusyGuard {
  if (typeof action !== 'string') {
    throw new TypeError(`guard: action is ${show(action)}, not a string; say what the user does`);
  }
  return new UseGuard(action);
}

class UseGuard implements BusyGuard {
  readonly #action: string;
  #use: { readonly by: string | undefined } | undefined;

  constructor(action: string) {
    this.#action = action;
  }

  enter(): Guard {
    if (this.#use !== undefined) {
      const user = this.#use.by === undefined ? 'another caller' : `the task ${show(this.#use.by)}`;
      throw new BusyResourceError(
        `${user} is already ${this.#action}; let one end before the next begins, or use a Lock`,
      );
    }
    this.#use = { by: currentTask()?.name };
    return new GuardOf(() => {
      this.#use = undefined;
    });
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): BusyGuardStatistics {
    return { busy: this.#use !== undefined, owner: this.#use?.by, waiting: 0, peak: 0 };
  }
}
