import { unlimitListeners } from '#platform';
import { checkSignal } from '../internal/check.ts';
import { adopt } from '../scope/signal-subscription.ts';
import type { Adopter, Adoption } from '../scope/signal-subscription.ts';

class AnySignal implements Adopter, Disposable {
  readonly #controller = new AbortController();
  readonly #adoptions: Adoption[] = [];

  constructor(signals: Iterable<AbortSignal>) {
    unlimitListeners(this.signal);
    for (const signal of signals) {
      if (signal.aborted) {
        this._aborted(signal);
        return;
      }
      this.#adoptions.push(adopt(signal, this));
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  _aborted(signal: AbortSignal): void {
    this[Symbol.dispose]();
    this.#controller.abort(signal.reason);
  }

  [Symbol.dispose](): void {
    for (const adoption of this.#adoptions.splice(0)) adoption.release();
  }
}

/**
 * Makes a signal that aborts with the first of several, and with its reason. What `AbortSignal.any` is for,
 * without its faults: that one keeps memory for as long as the longest-lived signal lives, and on some
 * runtimes loses aborts. In return the caller has to dispose of it when it is no longer needed.
 *
 * @param signals - any number; undefined ones are passed over; none: it never aborts
 * @returns the signal; disposing takes it off the others, after which it aborts no more
 * @throws TypeError for what is not a signal
 * @example
 * const either = anySignal(request.signal, currentScope().signal);
 * try {
 *   return await fetch(url, { signal: either.signal });
 * } finally {
 *   either[Symbol.dispose]();
 * }
 */
export function anySignal(
  ...signals: readonly (AbortSignal | undefined)[]
): { readonly signal: AbortSignal } & Disposable {
  for (const signal of signals) checkSignal('anySignal', signal);
  return new AnySignal(new Set(signals.filter((signal) => signal !== undefined)));
}
