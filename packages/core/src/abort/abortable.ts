import { abortable as abandonable } from 'abort-controller-x';
import { isThenable, show } from '../check.ts';
import { callWithSignal } from './foreign-work.ts';
import type { SignalOption } from './foreign-work.ts';

function ignore(): void {
  // The caller has left: nobody is there to be told what became of the promise.
}

/**
 * Waits for a promise that knows nothing of cancellation. A promise cannot be stopped: when the wait is
 * cancelled, what stands behind the promise goes on, and its outcome is dropped. A checkpoint.
 *
 * @param promise - a promise, or another thenable
 * @param options - `signal`: ends the wait too
 * @returns the promise's value
 * @throws (rejects) the promise's error; the ambient scope's CancelledError; `signal.reason`; TypeError
 *   for what is not a promise
 * @example
 * const rows = await timeout(500, () => abortable(legacyClient.query('select 1')));
 */
export function abortable<T>(promise: PromiseLike<T>, options?: SignalOption): Promise<T> {
  try {
    if (!isThenable(promise)) {
      throw new TypeError(`abortable: promise is ${show(promise)}, not a promise; give a promise`);
    }
    // Also if the call is refused: the promise's rejection has been taken over by then.
    promise.then(undefined, ignore);
  } catch (error) {
    return Promise.reject(error);
  }
  return callWithSignal('abortable', options, (signal) => abandonable(signal, promise));
}
