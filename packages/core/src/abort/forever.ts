import { forever as foreverWithSignal } from 'abort-controller-x';
import { callWithSignal } from './foreign-work.ts';
import type { SignalOptions } from '../internal/signal-options.ts';

/**
 * Waits until cancelled. Core's own `sleepForever()` does the same.
 *
 * @param options - `signal`: ends it too
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`
 * @example
 * const server = await listen(8080);
 * try {
 *   await forever();
 * } finally {
 *   await server.close();
 * }
 */
export function forever(options?: SignalOptions): Promise<never> {
  return callWithSignal<never>('forever', options, foreverWithSignal);
}
