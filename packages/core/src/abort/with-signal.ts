import { checkFunction } from '../internal/check.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { leavesOf } from '../internal/errors.ts';
import { tryOr } from '../internal/try-or.ts';
import { callWithSignal } from './foreign-work.ts';

/**
 * Calls a function of a foreign SDK with a signal for this call alone: aborted when the ambient scope is cancelled, and gone
 * when the call has settled, so that nothing is left on a signal that lives long. The call is waited for, its cleanup
 * included. A checkpoint.
 *
 * Once the signal is aborted, an error that says by its name, its class, its code or its `cause` that it was aborted, as each SDK has it,
 * comes out as the cancellation. Anything else is a failure, and so is an abort that the signal has not asked for.
 *
 * @param fn - gets the signal; called at once
 * @param options - `signal`: aborts the call, too
 * @returns the function's value, also one that it gives after the abort
 * @throws (rejects) what the function throws; the ambient scope's CancelledError; `signal.reason`
 * @example
 * const answer = await withSignal((signal) => client.chat.completions.create(request, { signal }));
 */
export function withSignal<T>(
  fn: (signal: AbortSignal) => T | PromiseLike<T>,
  options?: SignalOptions,
): Promise<T> {
  try {
    checkFunction('withSignal', 'fn', fn);
  } catch (error) {
    return Promise.reject(error);
  }
  return callWithSignal(fn.name || 'withSignal', options, async (signal) => {
    try {
      return await fn(signal);
    } catch (error) {
      throw signal.aborted && isAbortBy(signal, error) ? signal.reason : error;
    }
  });
}

function isAbortBy(signal: AbortSignal, error: unknown): boolean {
  return tryOr(() => saysAbort(signal.reason, error, new Set()), false);
}

function saysAbort(reason: unknown, error: unknown, seen: Set<unknown>): boolean {
  if (error === reason) return true;
  if (typeof error !== 'object' || error === null || seen.has(error)) return false;
  seen.add(error);
  const parts = leavesOf(error);
  if (parts !== undefined && parts.length > 0) {
    return parts.every((part) => saysAbort(reason, part, seen));
  }
  return isAbortByItself(error) || ('cause' in error && saysAbort(reason, error.cause, seen));
}

const WORDS = /abort|cancell?(ed|ation|error)/i;
// The DOM's ABORT_ERR, and what PostgreSQL says of a query that was cancelled.
const CODES = new Set<unknown>([20, '57014']);

function isAbortByItself(error: object): boolean {
  const { name, code, message } = error as Partial<Record<'name' | 'code' | 'message', unknown>>;
  const words = [name, error.constructor.name, code];
  if (words.some((word) => typeof word === 'string' && WORDS.test(word))) return true;
  if (CODES.has(code)) return true;
  // gRPC's status, a number that others have as well.
  return code === 1 && typeof message === 'string' && WORDS.test(message);
}
