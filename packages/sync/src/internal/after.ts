import { isCancelled } from '@ambit/core';
import { late, yieldIfDue } from '@ambit/core/lowlevel';

function ignore(): void {
  // The scope is cancelled, and its next checkpoint says so.
}

/** `promise.then(next)`, where a cancellation may go unseen, as it may in a wait. */
export function after<T, R>(
  promise: Promise<T>,
  next: (value: T) => R | PromiseLike<R>,
): Promise<R> {
  const derived: Promise<R> = promise.then(next, (error: unknown) => {
    if (isCancelled(error)) derived.catch(ignore);
    return fail(error);
  });
  return derived;
}

function pass<T>(value: T): T | Promise<T> {
  const pause = yieldIfDue();
  return pause === undefined ? value : late(pause, value);
}

function fail(error: unknown): Promise<never> {
  const failure = (): never => {
    throw error;
  };
  return yieldIfDue()?.then(failure) ?? failure();
}

/**
 * Makes one waiting call of several steps: its cancellation may go unseen, and it lets others run if it found its result ready,
 * as for a call that is a single wait.
 */
export function inSteps<T>(steps: () => Promise<T>): Promise<T> {
  return after(steps(), pass<T>);
}
