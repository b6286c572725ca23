import { checkFlag } from '../internal/check-values.ts';
import { checkFunction, checkOptions, checkTime } from '../internal/check.ts';
import { Burst } from './burst.ts';
import type { BurstOptions } from './burst.ts';

/**
 * A function that runs less often than it is called: {@link debounce}, {@link throttle}.
 *
 * @beta
 */
export interface Debounced<A extends unknown[], T> {
  /**
   * Waits until the function has run, for this call or for a newer one. A checkpoint.
   *
   * @returns what it returns
   * @throws (rejects) what it throws; the ambient scope's CancelledError
   */
  (...args: A): Promise<T>;
  /**
   * Ends all calls that wait, which reject.
   *
   * @param reason - what they reject with; default: an AbortError
   */
  cancel(reason?: unknown): void;
  /** Runs the function now, for the newest call that waits; does nothing if none waits. */
  flush(): void;
  /** Whether a call waits. */
  readonly isPending: boolean;
}

/**
 * Options for {@link debounce}.
 *
 * @beta
 */
export interface DebounceOptions {
  /** Milliseconds: the longest time from the first call that waits to the run. Default `Infinity`. */
  readonly maxWait?: number | undefined;
  /** The first call after a quiet time runs at once. Default false. */
  readonly leading?: boolean | undefined;
}

/**
 * Makes a function that waits until its calls have stopped for a while, and then runs once, with the arguments and in the scope of the
 * newest call. A call waits in its own scope and ends with it, and with the group around it at the latest: the newest of those that are left
 * runs then.
 *
 * @param fn - what runs; `this` is that of the call
 * @param ms - milliseconds of quiet before it runs
 * @param options - `maxWait`, `leading`
 * @returns the function; each call gets the outcome of the run that it led to. An error of it that no code handles is an unhandled
 *   rejection of the newest call alone
 * @throws TypeError or RangeError for bad arguments
 * @example
 * const save = debounce((draft: Draft) => store(draft), 500, { maxWait: 5000 });
 * editor.addEventListener('input', () => save(editor.value));
 *
 * @beta
 */
export function debounce<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  ms: number,
  options?: DebounceOptions,
): Debounced<A, T> {
  checkFunction('debounce', 'fn', fn);
  checkTime('debounce', 'ms', ms);
  checkOptions('debounce', options);
  const { maxWait = Infinity, leading = false } = options ?? {};
  checkTime('debounce', 'maxWait', maxWait);
  checkFlag('debounce', 'leading', leading);
  const name = fn.name === '' ? 'debounce' : `debounce ${fn.name}`;
  return inBursts(fn, { name, ms: Math.max(ms, 0), maxWait, leading, trailing: true });
}

export function inBursts<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  options: BurstOptions,
): Debounced<A, T> {
  const burst = new Burst<T>(options);
  function debounced(this: unknown, ...args: A): Promise<T> {
    return burst.call(() => fn.apply(this, args));
  }
  debounced.cancel = (reason?: unknown): void => burst.cancel(reason);
  debounced.flush = (): void => burst.flush();
  const isPending = { get: () => burst.isPending, enumerable: true };
  return Object.defineProperty(debounced, 'isPending', isPending) as unknown as Debounced<A, T>;
}
