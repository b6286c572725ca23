import { currentTask } from '@ambit/core';
import { show } from './check.ts';
import { GuardOf } from './guard-of.ts';
import type { Guard } from './guard-of.ts';

/** Two at a time used what is for one. */
export class BusyResourceError extends Error {
  static {
    this.prototype.name = 'BusyResourceError';
  }
}

/** Made by `guard`. */
export interface BusyGuard {
  /**
   * Begins the use. Never waits.
   *
   * @returns disposing it ends the use; the second time does nothing
   * @throws BusyResourceError if a use is under way
   */
  enter(): Guard;
  /** How it stands: who waits, and what is held. */
  statistics(): { readonly busy: boolean; readonly owner: string | undefined; readonly waiting: 0 };
}

/**
 * Finds out when what is not made for it is used twice at a time, where waiting for each other would only
 * hide the mistake. As AnyIO's `ResourceGuard`.
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
      const who = this.#use.by === undefined ? 'somebody' : `the task ${show(this.#use.by)}`;
      throw new BusyResourceError(
        `${who} is ${this.#action} already; let one end before the next begins, or use a Lock`,
      );
    }
    this.#use = { by: currentTask()?.name };
    return new GuardOf(() => {
      this.#use = undefined;
    });
  }

  /** How it stands: who waits, and what is held. */
  statistics(): {
    readonly busy: boolean;
    readonly owner: string | undefined;
    readonly waiting: 0;
  } {
    return { busy: this.#use !== undefined, owner: this.#use?.by, waiting: 0 };
  }
}
