import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { late, Runtime } from '../loop/runtime.ts';
import { isDue } from '../loop/slice.ts';
import { refusal } from './park.ts';

/**
 * Lets others run, timers and I/O too, if this turn of the host's loop has used up its slice (10 ms).
 * Never throws, and nothing cancels it: what was taken just before is not lost.
 *
 * @returns a promise to await, or undefined if there is no need to
 * @example
 * const pause = yieldIfDue();
 * if (pause !== undefined) await pause;
 */
export function yieldIfDue(): Promise<void> | undefined {
  if (Runtime.areAllPacedByHost && !isDue()) return undefined;
  return currentRuntime().pause();
}

/**
 * Waits for what was begun, and lets others run before its outcome comes out: for calls that end in many ways.
 *
 * @param promise - of the outcome
 * @returns the value
 * @throws (rejects) what the promise rejects with
 * @example
 * return paced(this.#close());
 */
export async function paced<T>(promise: PromiseLike<T>): Promise<T> {
  try {
    return await promise;
  } finally {
    await yieldIfDue();
  }
}

// For the many calls that return nothing: one promise serves all.
const DONE: Promise<void> = Promise.resolve();

/**
 * Makes the promise of a waiting call that found its result ready. Lets others run as {@link yieldIfDue}
 * does, so that a loop of such calls does not starve other tasks.
 *
 * @param value - what was taken; is not lost in a cancellation
 * @returns a promise of the value: never rejects, and nothing cancels it
 * @example
 * if (this.#items.length > 0) return ready(this.#items.shift());
 */
export function ready<T>(value: T): Promise<T> {
  const pause = yieldIfDue();
  if (pause !== undefined) return late(pause, value);
  return value === undefined ? (DONE as Promise<T>) : Promise.resolve(value);
}

/**
 * Makes the promise of a waiting call that is refused on entry. It may go unseen if the error is the
 * ambient cancellation, as a wait that is cancelled later may; any other error that is not handled is an
 * unhandled rejection.
 *
 * @param error - what `throwIfCancelled` threw, or a check after it
 * @returns a promise that rejects with the error
 * @throws (rejects) the error
 * @example
 * try {
 *   throwIfCancelled(options);
 * } catch (error) {
 *   return refused(error);
 * }
 */
export function refused(error: unknown): Promise<never> {
  return refusal(currentFrame()._scope, error);
}
