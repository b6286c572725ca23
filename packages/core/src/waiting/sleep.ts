import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { checkTime } from '../internal/check.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { checkSignalOptions } from '../internal/signal-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { noteCall } from '../loop/note-call.ts';
import { nextTurn, parkIn } from './park.ts';
import { Sleeping } from './sleeping.ts';
import type { Nap } from './sleeping.ts';
import type { Waiter } from './waiter.ts';

/** Options for `sleep`. */
export interface SleepOptions<T> extends SignalOptions {
  /** What the promise resolves with. */
  readonly value?: T;
}

/**
 * Waits for a time. A checkpoint; `sleep(0)`, and any negative time, lets others run as `yieldNow()`. Sleeps of one length that begin
 * in one turn end in one turn, as timers of the host do.
 *
 * @param ms - milliseconds, fractions allowed; never ends early; `Infinity`: forever
 * @param options - `value`: to resolve with; `signal`: ends it too
 * @returns the value
 * @throws (rejects) RangeError for NaN; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await sleep(1000);
 */
export function sleep(ms: number, options?: SleepOptions<undefined>): Promise<void>;
export function sleep<T>(ms: number, options: SleepOptions<T> & { readonly value: T }): Promise<T>;
export function sleep<T>(ms: number, options?: SleepOptions<T>): Promise<T | undefined> {
  return promiseTry(() => {
    checkTime('sleep', 'ms', ms);
    checkSignalOptions('sleep', options);
    if (ms <= 0) return nextTurn(options?.value, { signal: options?.signal, name: 'sleep' });
    return until(currentRuntime().loop.now() + ms, options, ms);
  });
}

/**
 * Waits until an instant of the loop's clock. A checkpoint, also for an instant that has passed.
 *
 * @param instant - milliseconds of `getRunningLoop().now()`
 * @param options - `signal`: ends it too
 * @throws (rejects) as {@link sleep}
 * @example
 * await sleepUntil(started + 5000);
 */
export function sleepUntil(instant: number, options?: SignalOptions): Promise<void> {
  return promiseTry(() => {
    checkTime('sleepUntil', 'instant', instant);
    checkSignalOptions('sleepUntil', options);
    const isPast = instant <= currentRuntime().loop.now();
    if (isPast) return nextTurn(undefined, { signal: options?.signal, name: 'sleep' });
    return until<void>(instant, options);
  });
}

/**
 * Waits until cancelled.
 *
 * @param options - `signal`: ends it too
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`
 * @example
 * group.spawn(() => sleepForever(), { name: 'placeholder' });
 */
export function sleepForever(options?: SignalOptions): Promise<never> {
  return promiseTry(() => {
    checkSignalOptions('sleepForever', options);
    return until<never>(Infinity, options);
  });
}

function until<T>(
  instant: number,
  options: SleepOptions<T> | undefined,
  length?: number,
): Promise<T> {
  const scope = currentFrame()._scope;
  noteCall('sleep', options);
  const name = instant === Infinity ? 'sleep forever' : 'sleep';
  const value = options?.value as T;
  const nap = { name, signal: options?.signal, instant, length, value };
  return parkIn<T, Nap<T>>(scope, lieDown, nap);
}

// One for all sleeps: no closure for each.
function lieDown<T>(waiter: Waiter<T>, nap: Nap<T> | undefined): void {
  if (nap === undefined || nap.instant === Infinity) return;
  waiter.undo = new Sleeping(waiter, nap, currentRuntime().timers);
}
