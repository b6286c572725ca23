import { ambient } from './ambient.ts';
import { currentFrame } from './cancel-scope.ts';
import { checkCount, checkFunction, checkOneOf, checkOptions, checkTime, show } from './check.ts';
import { refuseIfCancelled } from './park.ts';
import { sleep } from './sleep.ts';
import { timeout } from './timeouts.ts';

/** How `retry` goes about it. */
export interface RetryPolicy {
  /** Calls in all, the first one included; a whole number from 1, or `Infinity`. Default 3. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second call. Default 100. */
  readonly delay?: number | undefined;
  /** What the delay is multiplied by after each further failure. Default 2. */
  readonly factor?: number | undefined;
  /** Milliseconds that the delay never exceeds. Default 30,000. */
  readonly maxDelay?: number | undefined;
  /** `'full'` (default): a random part of the delay, so that clients do not retry in step; `'none'`. */
  readonly jitter?: 'full' | 'none' | undefined;
  /** Milliseconds for each call; then it fails with a TimeoutError. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Whether to go on after this error. Default: always. */
  readonly when?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Told before each delay, of so many milliseconds. */
  readonly onRetry?: ((error: unknown, attempt: number, delay: number) => void) | undefined;
}

/**
 * Calls a function until it succeeds, with growing delays: exponential back-off with full jitter (AWS
 * Architecture Blog, "Exponential Backoff And Jitter"). A cancelled scope ends it at once, whatever
 * the function throws then; an `AbortError` of somebody else is a failure like any other.
 *
 * @param fn - gets the number of the call, from 1
 * @returns the first value
 * @throws (rejects) the error of the last call, or of the one that `when` refused; the ambient scope's
 *   CancelledError
 * @example
 * const page = await retry(() => download(url), { attempts: 5, timeout: 2000 });
 */
export async function retry<T>(
  fn: (attempt: number) => T | PromiseLike<T>,
  policy: RetryPolicy = {},
): Promise<T> {
  checkFunction('retry', 'fn', fn);
  checkPolicy(policy);
  const { attempts = 3, when, onRetry } = policy;
  const frame = currentFrame();
  const scope = frame._scope;
  refuseIfCancelled(scope, undefined);
  const call = (attempt: number): T | PromiseLike<T> => callOnce(fn, attempt, policy.timeout);
  for (let attempt = 1; ; attempt += 1) {
    try {
      // By hand: without AsyncLocalStorage the first `await` here would be the end of the frame.
      return await ambient.run(frame, call, attempt);
    } catch (error) {
      if (scope.reason !== undefined || attempt >= attempts) throw error;
      if (when !== undefined && !when(error, attempt)) throw error;
      const delay = delayAfter(attempt, policy);
      onRetry?.(error, attempt, delay);
      await ambient.run(frame, () => sleep(delay));
    }
  }
}

function callOnce<T>(
  fn: (attempt: number) => T | PromiseLike<T>,
  attempt: number,
  ms: number | undefined,
): T | PromiseLike<T> {
  return ms === undefined ? fn(attempt) : timeout(ms, () => fn(attempt));
}

function delayAfter(attempt: number, policy: RetryPolicy): number {
  const { delay = 100, factor = 2, maxDelay = 30_000, jitter = 'full' } = policy;
  // Infinite growth of no delay at all is no delay.
  const growth = Math.min(factor ** (attempt - 1), Number.MAX_VALUE);
  const longest = Math.min(Math.max(delay, 0) * growth, maxDelay);
  return jitter === 'full' ? Math.random() * longest : longest;
}

function checkPolicy(policy: RetryPolicy): void {
  checkOptions('retry', policy);
  if (policy.attempts !== undefined) checkCount('retry', 'attempts', policy.attempts, 1);
  for (const key of ['delay', 'maxDelay', 'timeout'] as const) {
    if (policy[key] !== undefined) checkTime('retry', key, policy[key]);
  }
  if (policy.factor !== undefined && !(policy.factor >= 0)) {
    throw new RangeError(`retry: factor is ${show(policy.factor)}; give a number from 0`);
  }
  if (policy.jitter !== undefined) checkOneOf('retry', 'jitter', policy.jitter, ['full', 'none']);
  if (policy.when !== undefined) checkFunction('retry', 'when', policy.when);
  if (policy.onRetry !== undefined) checkFunction('retry', 'onRetry', policy.onRetry);
}
