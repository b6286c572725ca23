import { checkFlag } from '../internal/check-values.ts';
import { checkFunction, checkOptions, checkTime } from '../internal/check.ts';
import { inBursts } from './debounce.ts';
import type { Debounced } from './debounce.ts';

/**
 * Options for {@link throttle}.
 *
 * @beta
 */
export interface ThrottleOptions {
  /** Calls that come in the time after a run lead to another one, at its end; if not, they get the outcome of the last run. Default true. */
  readonly trailing?: boolean | undefined;
}

/**
 * Makes a function that runs at most once in a time: at once for the first call, and then at the end of that time, with the arguments
 * and in the scope of the newest call. A call waits in its own scope and ends with it.
 *
 * @param fn - what runs; `this` is that of the call
 * @param ms - milliseconds between the beginnings of two runs
 * @param options - `trailing`
 * @returns the function; each call gets the outcome of the run that it led to
 * @throws TypeError or RangeError for bad arguments
 * @example
 * const report = throttle((position: number) => send(position), 1000);
 * player.addEventListener('timeupdate', () => report(player.currentTime));
 *
 * @beta
 */
export function throttle<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  ms: number,
  options?: ThrottleOptions,
): Debounced<A, T> {
  checkFunction('throttle', 'fn', fn);
  checkTime('throttle', 'ms', ms);
  checkOptions('throttle', options);
  const { trailing = true } = options ?? {};
  checkFlag('throttle', 'trailing', trailing);
  const name = fn.name === '' ? 'throttle' : `throttle ${fn.name}`;
  const time = Math.max(ms, 0);
  return inBursts(fn, { name, ms: time, maxWait: time, leading: true, trailing });
}
