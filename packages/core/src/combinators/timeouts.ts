import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { checkFunction, checkTime } from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { SoftLimit } from './soft-limit.ts';
import { TimeLimit } from './time-limit.ts';
import { enterUnder } from '../waiting/under-signal.ts';

/** Options for {@link timeout}. */
export interface TimeoutOptions extends SignalOptions {
  /** The message of the TimeoutError. */
  readonly message?: string | undefined;
}

export function checkTimeoutOptions(where: string, options: TimeoutOptions | undefined): void {
  checkCall(where, options);
  checkText(where, 'message', options?.message);
}

/** What runs in a scope; it gets the scope. */
export type ScopedBody<T> = (scope: CancelScope) => T | PromiseLike<T>;

/**
 * Runs a body for at most a time: then it is cancelled, waited for, and a TimeoutError thrown. A body
 * that returns a value anyway keeps it; an error thrown in its cleanup comes out instead.
 *
 * @param ms - milliseconds from now; negative: 0; `null` or `Infinity`: no limit
 * @param body - gets the scope, whose `deadline` can be moved
 * @param options - `message`: of the TimeoutError; `signal`: cancels the body, too
 * @returns the body's value
 * @throws (rejects) TimeoutError, its `cause` the cancellation; what the body throws; a CancelledError
 *   if the scope was cancelled by hand or from outside; `signal.reason`
 * @example
 * const page = await timeout(5000, (scope) => fetch(url, { signal: scope.signal }));
 */
export function timeout<T>(
  ms: number | null,
  body: ScopedBody<T>,
  options?: TimeoutOptions,
): Promise<T> {
  return promiseTry(() => {
    if (ms !== null) checkTime('timeout', 'ms', ms);
    checkFunction('timeout', 'body', body);
    checkTimeoutOptions('timeout', options);
    const time = ms === null ? Infinity : Math.max(ms, 0);
    const limit = new TimeLimit(time, options?.message);
    return enterUnder<T, never>(options?.signal, limit, body);
  });
}

/**
 * Runs a body as {@link timeout} does, up to an instant of the loop's clock, and waits for it.
 *
 * @param instant - milliseconds of `getRunningLoop().now()`
 * @param body - gets the scope, for its `signal` say
 * @param options - as those of {@link timeout}
 * @returns the body's value
 * @throws (rejects) as {@link timeout}
 * @example
 * await timeoutAt(started + 30_000, () => sync());
 */
export function timeoutAt<T>(
  instant: number,
  body: ScopedBody<T>,
  options?: TimeoutOptions,
): Promise<T> {
  return promiseTry(() => {
    checkTime('timeoutAt', 'instant', instant);
    checkFunction('timeoutAt', 'body', body);
    checkTimeoutOptions('timeoutAt', options);
    const time = Math.max(instant - currentRuntime().loop.now(), 0);
    const limit = new TimeLimit(time, options?.message, instant);
    return enterUnder<T, never>(options?.signal, limit, body);
  });
}

/**
 * Runs a body for at most a time: then it is cancelled and waited for, and the program goes on.
 *
 * @param ms - milliseconds from now; negative: 0; `Infinity`: no limit
 * @param options - `signal`: cancels the body, too
 * @returns the body's value, or undefined if it was cut short
 * @throws (rejects) what the body throws; `signal.reason`
 * @example
 * const hint = (await moveOnAfter(50, () => lookUpHint())) ?? 'no hint in time';
 */
export function moveOnAfter<T>(
  ms: number,
  body: ScopedBody<T>,
  options?: SignalOptions,
): Promise<T | undefined> {
  return promiseTry(() => {
    checkTime('moveOnAfter', 'ms', ms);
    checkFunction('moveOnAfter', 'body', body);
    checkCall('moveOnAfter', options);
    const scope = new SoftLimit(Math.max(ms, 0));
    return enterUnder<T, undefined>(options?.signal, scope, body);
  });
}

/**
 * Runs a body as {@link moveOnAfter} does, up to an instant of the loop's clock, and waits for it.
 *
 * @param instant - milliseconds of `getRunningLoop().now()`
 * @param body - gets the scope, for its `signal` say
 * @param options - `signal`: cancels the body, too
 * @returns the body's value; undefined if it was cut short
 * @throws (rejects) as {@link moveOnAfter}
 * @example
 * await moveOnAt(midnight, () => work());
 */
export function moveOnAt<T>(
  instant: number,
  body: ScopedBody<T>,
  options?: SignalOptions,
): Promise<T | undefined> {
  return promiseTry(() => {
    checkTime('moveOnAt', 'instant', instant);
    checkFunction('moveOnAt', 'body', body);
    checkCall('moveOnAt', options);
    return enterUnder<T, undefined>(
      options?.signal,
      new SoftLimit(Infinity, undefined, instant),
      body,
    );
  });
}
