import { keepShape } from '../internal/keep-shapes.ts';
import { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { checkFunction, checkTime } from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { TimeoutError } from '../scope/timeout-error.ts';
import type { Timer } from '../loop/timer-heap.ts';
import { underSignal } from '../waiting/under-signal.ts';

/** Has a place in itself for what other scopes rarely have. */
class TimedScope extends CancelScope {
  static {
    keepShape(this, new TimedScope(0));
  }

  override _deadline: number;
  override _timer: Timer | undefined = undefined;

  constructor(deadline: number) {
    super();
    this._deadline = deadline;
  }
}

/** One that fails when its time is over. */
class TimeLimit extends TimedScope {
  static {
    keepShape(this, new TimeLimit(0, 0, undefined));
  }

  readonly #ms: number;
  readonly #message: string | undefined;

  constructor(deadline: number, ms: number, message: string | undefined) {
    super(deadline);
    this.#ms = ms;
    this.#message = message;
  }

  override _absorbed(): never {
    if (this._own?.source !== 'deadline') throw this._own as Error;
    throw new TimeoutError(this.#ms, this, this.#message);
  }
}

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
    const instant = currentRuntime().loop.now() + time;
    const limit = { instant, time, message: options?.message };
    return underSignal(options?.signal, () => failAt(limit, body));
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
    const limit = { instant, time, message: options?.message };
    return underSignal(options?.signal, () => failAt(limit, body));
  });
}

/** When a body fails, and how. */
interface Limit extends Pick<TimeoutOptions, 'message'> {
  readonly instant: number;
  /** Milliseconds, for the message of the error. */
  readonly time: number;
  readonly shield?: boolean;
}

export function failAt<T>(limit: Limit, body: ScopedBody<T>): Promise<T> {
  const scope = new TimeLimit(limit.instant, limit.time, limit.message);
  if (limit.shield === true) scope._shield = true;
  return scope._enter<T, never>(body);
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
    const instant = currentRuntime().loop.now() + Math.max(ms, 0);
    return underSignal(options?.signal, () => moveOn(instant, body));
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
    return underSignal(options?.signal, () => moveOn(instant, body));
  });
}

function moveOn<T>(instant: number, body: ScopedBody<T>): Promise<T | undefined> {
  return new TimedScope(instant)._enter<T, undefined>(body);
}
