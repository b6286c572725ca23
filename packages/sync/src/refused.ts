import { isCancelled } from '@ambit/core';

function ignore(): void {
  // The scope is cancelled, and its next checkpoint says so.
}

/**
 * The promise of a call that is refused on entry. A refusal by cancellation may go unseen, as a wait
 * that is cancelled later may; anything else that nobody handles is an unhandled rejection.
 */
export function refused(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  if (isCancelled(error)) promise.catch(ignore);
  return promise;
}

/** `promise.then(next)`, where a cancellation may go unseen, as it may in a wait. */
export function after<T, R>(promise: Promise<T>, next: (value: T) => R): Promise<R> {
  const derived = promise.then(next);
  promise.catch((error: unknown) => {
    if (isCancelled(error)) derived.catch(ignore);
  });
  return derived;
}
