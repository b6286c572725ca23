import { ambient } from '../loop/ambient.ts';
import { checkFunction, checkSignal, show } from '../internal/check.ts';
import { callSafely } from '../internal/report-later.ts';
import { adopt } from '../scope/signal-subscription.ts';
import type { Adopter, Adoption } from '../scope/signal-subscription.ts';

class AbortCallback implements Adopter, Disposable {
  readonly #callback: (reason: unknown) => void;
  readonly #restore = ambient.snapshot();
  readonly #adoption: Adoption;

  constructor(signal: AbortSignal, callback: (reason: unknown) => void) {
    this.#callback = callback;
    this.#adoption = adopt(signal, this);
  }

  _aborted(signal: AbortSignal): void {
    const callback = this.#callback;
    this.#restore(() => {
      callback(signal.reason);
    });
  }

  [Symbol.dispose](): void {
    this.#adoption.release();
  }
}

const spent: Disposable = { [Symbol.dispose]: () => undefined };

/**
 * Calls back when a signal aborts: synchronously, once, in the async context of this call; at once if it
 * is aborted already. An error of the callback does not stop other callbacks, and becomes an uncaught exception.
 * However many callbacks there are, the signal has one listener, and none when the last is gone.
 *
 * @param callback - gets `signal.reason`
 * @returns disposing it takes the callback back
 * @throws TypeError for what is not a signal or not a function
 * @example
 * const registration = onAbort(signal, () => socket.destroy());
 * try {
 *   await pump(socket);
 * } finally {
 *   registration[Symbol.dispose]();
 * }
 */
export function onAbort(signal: AbortSignal, callback: (reason: unknown) => void): Disposable {
  checkGiven('onAbort', signal);
  checkFunction('onAbort', 'callback', callback);
  if (!signal.aborted) return new AbortCallback(signal, callback);
  callSafely(callback, signal.reason);
  return spent;
}

function checkGiven(where: string, signal: unknown): void {
  checkSignal(where, signal);
  if (signal === undefined) {
    throw new TypeError(`${where}: signal is ${show(signal)}; give controller.signal`);
  }
}
