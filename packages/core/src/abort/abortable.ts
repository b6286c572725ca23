import { checkOptions, checkSignal, isThenable, show } from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';
import { whenSettled } from '../internal/native-promise.ts';
import { ambient } from '../loop/ambient.ts';
import { park } from '../waiting/park.ts';
import { wakeWith } from '../waiting/reaction.ts';
import type { SignalOptions } from '../internal/signal-options.ts';

function ignore(): void {
  // The caller has left: no caller is left for the result of the promise.
}

/** Options for {@link abortable}. */
export interface AbortableOptions extends SignalOptions {
  /** Shows in the task tree: what is waited for. Default `abortable`. */
  readonly name?: string | undefined;
}

/**
 * Waits for a promise that knows nothing of cancellation. A promise cannot be stopped: when the wait is
 * cancelled, the work behind the promise goes on, and its outcome is dropped. A checkpoint.
 *
 * @param promise - a promise, or another thenable
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
  // Also if the call is refused: the promise's rejection has been taken over by then.
  ambient.run(undefined, whenSettled, promise, ignore, ignore);
  const { signal, name = 'abortable' } = options ?? {};
  return park((waker) => wakeWith(waker, promise), { signal, name });
}
