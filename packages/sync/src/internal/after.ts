import { isCancelled } from '@ambit/core';

function ignore(): void {
  // The scope is cancelled, and its next checkpoint says so.
}

/** `promise.then(next)`, where a cancellation may go unseen, as it may in a wait. */
export function after<T, R>(promise: Promise<T>, next: (value: T) => R): Promise<R> {
  const derived = promise.then(next);
  promise.catch((error: unknown) => {
    if (isCancelled(error)) derived.catch(ignore);
  });
  return derived;
}
