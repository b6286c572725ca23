import { checkOptions, checkSignal, isThenable, show } from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';
import { park } from '../waiting/park.ts';
import { letBe, wakeWith } from '../waiting/reaction.ts';
import type { Waker } from '../waiting/waker.ts';
import type { SignalOptions } from '../internal/signal-options.ts';

/** Options for {@link abortable}. */
export interface AbortableOptions extends SignalOptions {
  /** Shows in the task tree: what is waited for. Default `abortable`. */
  readonly name?: string | undefined;
}

/**
 * Waits for a promise that knows nothing of cancellation. A promise cannot be stopped: when the wait is
 * cancelled, the work behind the promise goes on, and its outcome is dropped. A checkpoint.
 *
 * @param promise - a promise, or another thenable: one that begins when it is asked begins once, and not if the scope is
 *   cancelled already
 * @param options - `signal`: ends the wait too; `name`: of the wait, in the task tree
 * @returns the promise's value
 * @throws (rejects) the promise's error; the ambient scope's CancelledError; `signal.reason`; TypeError
 *   for what is not a promise
 * @example
 * const rows = await timeout(500, () => abortable(legacyClient.query('select 1')));
 */
export function abortable<T>(promise: PromiseLike<T>, options?: AbortableOptions): Promise<T> {
  try {
    if (!isThenable(promise)) {
      throw new TypeError(`abortable: promise is ${show(promise)}, not a promise; give a promise`);
    }
    checkOptions('abortable', options);
    checkSignal('abortable', options?.signal);
    checkText('abortable', 'name', options?.name);
  } catch (error) {
    return Promise.reject(error);
  }
  const { signal, name = 'abortable' } = options ?? {};
  const call = { isRefused: true };
  const register = (waker: Waker<T>): (() => void) => {
    call.isRefused = false;
    return wakeWith(waker, promise);
  };
  const waiting = park(register, { signal, name });
  if (call.isRefused) letBe(promise);
  return waiting;
}
