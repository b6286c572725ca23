import { isCancelled } from '@ambit/core';
import { yieldIfDue } from '@ambit/core/lowlevel';

function ignore(): void {
  // The scope is cancelled, and its next checkpoint says so.
}

/** Marks a promise that follows another one as seen, if a cancellation comes: it may go unseen, as it may in a wait. */
function excuse(derived: Promise<unknown>, from: Promise<unknown>): void {
  from.catch((error: unknown) => {
    if (isCancelled(error)) derived.catch(ignore);
  });
}

/** `promise.then(next)`, where a cancellation may go unseen, as it may in a wait. */
export function after<T, R>(promise: Promise<T>, next: (value: T) => R): Promise<R> {
  const derived = promise.then(next);
  excuse(derived, promise);
  return derived;
}

function pass<T>(value: T): T | Promise<T> {
  return yieldIfDue()?.then(() => value) ?? value;
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
  const work = steps();
  const derived = work.then(pass, fail);
  excuse(derived, work);
  return derived;
}
