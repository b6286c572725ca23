import { checkFunction } from '../internal/check.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { leavesOf, pairOf } from '../internal/errors.ts';
import { attachedErrors, suppress } from '../internal/suppressed-errors.ts';
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
      throw signal.aborted ? tryOr(() => outcomeOf(signal.reason, error), error) : error;
    }
  });
}

/** What comes out for what the function threw once its signal was aborted. */
function outcomeOf(reason: unknown, error: unknown): unknown {
  const verdicts = new Verdicts(reason);
  if (error === reason) return reason;
  const failures = attachedErrors(error).filter((each) => !verdicts.isAbort(each));
  if (!verdicts.isAbortAlone(error)) return error;
  const [first = reason, ...later] = failures;
  suppress(first, later);
  return first;
}

/** Which errors are but the consequence of an abort. Looks at each once, however many others it is part of. */
class Verdicts {
  readonly #reason: unknown;
  /** Undefined: it is being looked at. */
  readonly #known = new Map<unknown, boolean | undefined>();

  constructor(reason: unknown) {
    this.#reason = reason;
  }

  isAbort(error: unknown): boolean {
    // Of one that is part of itself the other parts decide.
    if (this.#known.has(error)) return this.#known.get(error) ?? true;
    const isAbort =
      error === this.#reason ||
      (this.isAbortAlone(error) && attachedErrors(error).every((each) => this.isAbort(each)));
    this.#known.set(error, isAbort);
    return isAbort;
  }

  /** Also if something else is attached to it. */
  isAbortAlone(error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return false;
    this.#known.set(error, undefined);
    const parts = (pairOf(error) ?? leavesOf(error) ?? []).filter((part) => part !== error);
    if (parts.length > 0) return parts.every((part) => this.isAbort(part));
    return isAbortByItself(error) || ('cause' in error && this.#isCauseAbort(error.cause));
  }

  // A ring of causes has no end that says so.
  #isCauseAbort(cause: unknown): boolean {
    return this.#known.has(cause) ? this.#known.get(cause) === true : this.isAbort(cause);
  }
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
