import { checkSignalOptions } from '../internal/signal-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { noteCall } from '../loop/note-call.ts';

/**
 * Checks the options of a function that waits. A program that has lost its scope is told of the call.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param options - what it was given: an object with a `signal`, or nothing
 * @throws TypeError
 * @example
 * checkCall('Semaphore.run', options);
 */
export function checkCall(where: string, options: SignalOptions | undefined): void {
  checkSignalOptions(where, options);
  noteCall(where, options);
}
