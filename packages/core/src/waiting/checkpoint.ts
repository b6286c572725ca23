import { currentFrame } from '../scope/any-scope.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { checkCall } from './call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { noteCall } from '../loop/note-call.ts';
import { nextTurn, refusal, refuseIfCancelled } from './park.ts';

/**
 * Throws if the caller is cancelled, by the clock too: a deadline that passed while the program was
 * busy counts. Waits for the next turn, so that timers and I/O run, if this
 * one has used up its slice of 10 ms; else is cheap.
 *
 * @param options - `signal`: counts, too
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`
 * @example
 * for (const row of rows) {
 *   digest(row);
 *   await checkpoint();
 * }
 */
export function checkpoint(options?: SignalOptions): Promise<void> {
  const scope = currentFrame()._scope;
  noteCall('checkpoint', options);
  if (scope._runtime.pace.isDue()) return yieldNow(options);
  try {
    checkCall('checkpoint', options);
    refuseIfCancelled(scope, options?.signal);
  } catch (error) {
    return refusal(scope, error);
  }
  return Promise.resolve();
}

/**
 * Lets others run, timers and I/O too: waits for the next turn of the host's loop.
 *
 * @param options - `signal`: ends it, too
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`
 * @example
 * await yieldNow();
 */
export function yieldNow(options?: SignalOptions): Promise<void> {
  return promiseTry(() => {
    checkCall('yieldNow', options);
    return nextTurn<void>(undefined, { name: 'yieldNow', signal: options?.signal });
  });
}

/**
 * Throws if the caller is cancelled, by the clock too; does nothing otherwise. Waits for nothing.
 *
 * @param options - `signal`: counts too
 * @param where - the call that has been given the options, for messages about them
 * @throws the ambient scope's CancelledError, or `signal.reason`; TypeError for what is no options
 * @example
 * acquire(options?: SignalOptions): void {
 *   throwIfCancelled(options, 'Gauge.acquire');
 *   this.#permits -= 1;
 * }
 */
export function throwIfCancelled(options?: SignalOptions, where = 'throwIfCancelled'): void {
  checkCall(where, options);
  refuseIfCancelled(currentFrame()._scope, options?.signal);
}

/**
 * Refuses a waiting call that {@link throwIfCancelled} would throw in, by a promise: it lets others run before it rejects. A loop of calls
 * that catches each error would freeze the process otherwise. Does not wait.
 *
 * @param where - the call, for messages
 * @param options - `signal`; undefined: none
 * @returns undefined if the call may begin
 * @throws (rejects) what `throwIfCancelled` throws
 * @example
 * async receive(options?: SignalOptions): Promise<Message> {
 *   const refused = refusalOf('Mailbox.receive', options);
 *   if (refused !== undefined) return refused;
 *   return this.#next(options);
 * }
 */
export function refusalOf(where: string, options?: SignalOptions): Promise<never> | undefined {
  try {
    throwIfCancelled(options, where);
  } catch (error) {
    return refusal(currentFrame()._scope, error);
  }
  return undefined;
}
