import { noteCall } from '../loop/note-call.ts';
import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { drainReasonOf, onDrain } from '../scope/draining.ts';
import { checkFunction } from '../internal/check.ts';
import { checkSignalOptions } from '../internal/signal-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { refuseIfCancelled } from './park.ts';

/**
 * Calls back when the ambient scope begins to drain, or is cancelled, as its `draining` signal would abort: synchronously, once,
 * in the async context of this call; at once if it drains already. For sources of work, which end quietly then. Does not keep a
 * scope open.
 *
 * @param callback - gets the reason; what it throws becomes an uncaught exception
 * @returns disposing it takes the callback back
 * @throws TypeError if it is not a function
 * @example
 * const registration = onDraining(() => server.close());
 */
export function onDraining(callback: (reason: unknown) => void): Disposable {
  checkFunction('onDraining', 'callback', callback);
  return onDrain(currentFrame()._scope, callback);
}

/** As {@link endsByDraining}, for a scope. */
export function drains(scope: CancelScope, signal: AbortSignal | undefined): boolean {
  refuseIfCancelled(scope, signal);
  // As it was found just now. `isDraining` would look at the clock once more, and a deadline that has passed meanwhile is a
  // cancellation, not the end of a source.
  return drainReasonOf(scope) !== undefined;
}

/**
 * Throws if the ambient scope is cancelled, and otherwise tells whether it drains: what a source asks before each item.
 *
 * @param options - `signal`: throws its reason if it has aborted
 * @returns true if there is nothing more to come
 * @throws the ambient scope's CancelledError; `signal.reason`; TypeError for bad options
 * @example
 * if (endsByDraining(options)) return { done: true, value: undefined };
 */
export function endsByDraining(options?: SignalOptions): boolean {
  checkSignalOptions('endsByDraining', options);
  return drains(currentFrame()._scope, options?.signal);
}

class DrainingScope<U> extends AnyScope {
  readonly #drained: U;

  constructor(drained: U) {
    super();
    this.#drained = drained;
  }

  override _absorbed(): U {
    return this.#drained;
  }
}

/**
 * Runs a wait that ends quietly when the ambient scope drains: what waits is cancelled then, and has taken nothing. In a scope
 * that drains already the first checkpoint in the body ends it.
 *
 * @param body - the wait
 * @param drained - the result if the draining has ended the wait
 * @returns what the body returns
 * @throws (rejects) what the body throws; the ambient scope's CancelledError
 * @example
 * const job = await untilDraining(() => queue.get(), undefined);
 */
export async function untilDraining<T, U>(
  body: () => T | PromiseLike<T>,
  drained: U,
): Promise<T | U> {
  checkFunction('untilDraining', 'body', body);
  noteCall('untilDraining');
  const scope = new DrainingScope(drained);
  const draining = onDraining(() => {
    scope.cancel();
  });
  try {
    return await scope._enter<T, U>(body);
  } finally {
    draining[Symbol.dispose]();
  }
}
