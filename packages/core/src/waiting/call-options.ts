import { checkSignalOptions } from '../internal/signal-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { noteCall } from '../loop/note-call.ts';

/** Checks the options of a public function that waits; a program that has lost its scope is told of the call. */
export function checkCall(where: string, options: SignalOptions | undefined): void {
  checkSignalOptions(where, options);
  noteCall(where, options);
}
