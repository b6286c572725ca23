import { checkOptions, checkSignal } from './check.ts';

/** Options for all functions that wait. */
export interface SignalOptions {
  /** Aborting it ends the call, which rejects with `signal.reason`; in addition to the ambient scope. */
  readonly signal?: AbortSignal | undefined;
}

export function checkSignalOptions(where: string, options: SignalOptions | undefined): void {
  if (options === undefined) return;
  checkOptions(where, options);
  checkSignal(where, options.signal);
}
