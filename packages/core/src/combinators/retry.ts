import { ambient } from '../loop/ambient.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { checkCount, checkFunction, checkTime } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { refusalIn } from '../waiting/park.ts';
import { sleep } from '../waiting/sleep.ts';
import { checkBackoff, delayAfter } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import { timeout } from './timeouts.ts';
import { underSignal } from '../waiting/under-signal.ts';

/** How {@link retry} goes about it. */
export interface RetryPolicy extends Backoff, SignalOptions {
  /** Calls in all, the first one included; a whole number from 1, or `Infinity`. Default 3. */
  readonly attempts?: number | undefined;
  /** Milliseconds for each call; then it fails with a TimeoutError. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Whether to go on after this error; a promise of the answer is awaited. Default: always. */
  readonly when?: ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>) | undefined;
  /** Called before each delay, with its milliseconds; a promise is awaited. What it throws ends the retrying. */
  readonly onRetry?: ((error: unknown, attempt: number, delay: number) => unknown) | undefined;
}

/**
 * Calls a function until it succeeds, with growing delays: exponential back-off with full jitter (AWS
 * Architecture Blog, "Exponential Backoff And Jitter"). A cancelled scope ends it at once, in spite of what
 * the function throws then; an `AbortError` of other code is a failure like any other.
 *
 * @param fn - gets the number of the call, from 1
 * @param policy - how often, how fast, and after which errors; `signal`: ends it, too
 * @returns the first value
 * @throws (rejects) the error of the last call, or of the one that `when` refused; the ambient scope's
 *   CancelledError; `signal.reason`
 * @example
 * const page = await retry(() => download(url), { attempts: 5, timeout: 2000 });
 */
export async function retry<T>(
  fn: (attempt: number) => T | PromiseLike<T>,
  policy: RetryPolicy = {},
): Promise<T> {
  checkFunction('retry', 'fn', fn);
  checkPolicy(policy);
  return underSignal(policy.signal, () => callUntilSuccess(fn, policy));
}

async function callUntilSuccess<T>(
  fn: (attempt: number) => T | PromiseLike<T>,
  policy: RetryPolicy,
): Promise<T> {
  const { attempts = 3 } = policy;
  const frame = currentFrame();
  const scope = frame._scope;
  const refused = refusalIn(scope, undefined);
  if (refused !== undefined) return refused;
  const call = (attempt: number): T | PromiseLike<T> => callOnce(fn, attempt, policy.timeout);
  const runtime = scope._nearestOpen()._runtime;
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // By hand: without AsyncLocalStorage the first `await` here would be the end of the frame.
        return await ambient.run(frame, call, attempt);
      } catch (error) {
        if (scope.reason !== undefined || attempt >= attempts) throw error;
        if (policy.when !== undefined && !(await policy.when(error, attempt))) throw error;
        const delay = delayAfter(attempt, policy, runtime.random);
        await policy.onRetry?.(error, attempt, delay);
        await ambient.run(frame, () => sleep(delay));
      }
    }
  } finally {
    const pause = runtime.pause();
    if (pause !== undefined) await pause;
  }
}

function callOnce<T>(
  fn: (attempt: number) => T | PromiseLike<T>,
  attempt: number,
  ms: number | undefined,
): T | PromiseLike<T> {
  return ms === undefined ? fn(attempt) : timeout(ms, () => fn(attempt));
}

function checkPolicy(policy: RetryPolicy): void {
  checkCall('retry', policy);
  checkBackoff('retry', policy);
  if (policy.attempts !== undefined) checkCount('retry', 'attempts', policy.attempts, 1);
  if (policy.timeout !== undefined) checkTime('retry', 'timeout', policy.timeout);
  if (policy.when !== undefined) checkFunction('retry', 'when', policy.when);
  if (policy.onRetry !== undefined) checkFunction('retry', 'onRetry', policy.onRetry);
}
