import { currentFrame } from './cancel-scope.ts';
import { sliceIsUsedUp } from './event-loop.ts';
import { nextTurn, refusal, refuseIfCancelled } from './park.ts';

/**
 * Throws if the caller is cancelled, by the clock too: a deadline that passed while the program was
 * busy counts. Waits for the next turn, so that timers and I/O run, if this
 * one has used up its slice of 10 ms; else is cheap.
 *
 * @throws (rejects) the ambient scope's CancelledError
 * @example
 * for (const row of rows) {
 *   digest(row);
 *   await checkpoint();
 * }
 */
export function checkpoint(): Promise<void> {
  if (sliceIsUsedUp()) return yieldNow();
  const scope = currentFrame()._scope;
  try {
    refuseIfCancelled(scope, undefined);
  } catch (error) {
    return refusal(scope, error);
  }
  return Promise.resolve();
}

/**
 * Lets others run, timers and I/O too: waits for the next turn of the host's loop.
 *
 * @throws (rejects) the ambient scope's CancelledError
 * @example
 * await yieldNow();
 */
export function yieldNow(): Promise<void> {
  return nextTurn(undefined, { name: 'yieldNow' });
}

/**
 * Throws if the caller is cancelled, by the clock too. Waits for nothing.
 *
 * @throws the ambient scope's CancelledError
 * @example
 * throwIfCancelled();
 */
export function throwIfCancelled(): void {
  refuseIfCancelled(currentFrame()._scope, undefined);
}
