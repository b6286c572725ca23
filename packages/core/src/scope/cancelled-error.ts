import type { CancelScope } from './cancel-scope.ts';
import { brandAsCancelled, hasCancelledBrand, quoteOf } from '../internal/errors.ts';
import { show } from '../internal/check.ts';
import { nameErrors } from '../internal/name-errors.ts';

/** The source of a cancellation: a call of `cancel()`, a deadline, a failed sibling, an `AbortSignal`, the end of the run. */
export type CancelSource = 'explicit' | 'deadline' | 'failure' | 'signal' | 'shutdown';

const CAUSES: Readonly<Record<CancelSource, string>> = {
  explicit: 'was cancelled',
  deadline: 'ran out of time',
  failure: 'was cancelled because something in it failed',
  signal: 'was cancelled by its AbortSignal',
  shutdown: 'was shut down',
};

// A stack makes an error expensive, and this one is made on hot paths: it shows the caller of `cancel()`, and nothing
// where a clock, a failure or a signal has (decision 9).
const FRAMES = 4;

/** What is known of a cancellation beside its source and its reason. */
export interface CancelDetails {
  /** How many calls of the stack the error keeps. */
  readonly frames?: number;
  /** What failed, if it is for a failure: a task, or a part of a group. */
  readonly by?: { readonly name: string } | string | undefined;
}

/**
 * What a checkpoint throws in a cancelled scope. One object for the whole tree that was cancelled
 * together. By name and code it is an `AbortError`, so that every consumer of AbortSignals knows it.
 */
export class CancelledError extends Error {
  /** The code of Node's own AbortError. */
  declare readonly code: 'ABORT_ERR';
  // Not shown where the error is printed: a whole tree hangs on it.
  readonly #scope: CancelScope;
  #since: number | undefined;
  /**
   * What has cancelled it: `cancel()`, the clock, a failure, a signal, or the end of the program.
   */
  readonly source: CancelSource;
  /** What was given to `cancel()`, the failure, or the signal's reason; also the `cause`. */
  readonly reason: unknown;

  static {
    nameErrors(this, 'AbortError');
    Object.defineProperty(this.prototype, 'code', { value: 'ABORT_ERR' });
    brandAsCancelled(this.prototype);
  }

  // eslint-disable-next-line max-params -- one is made for each tree that is cancelled: no object to be taken apart
  constructor(scope: CancelScope, source: CancelSource, reason: unknown, details?: CancelDetails) {
    const depth = Error.stackTraceLimit;
    limitStack(Math.min(details?.frames ?? (source === 'explicit' ? FRAMES : 0), depth));
    super(
      textOf(scope, { source, reason, by: details?.by }),
      reason === undefined ? undefined : { cause: reason },
    );
    limitStack(depth);
    this.#scope = scope;
    this.source = source;
    this.reason = reason;
  }

  /** The scope that was cancelled. */
  get scope(): CancelScope {
    return this.#scope;
  }

  /** @internal The instant of the cancellation. */
  get _since(): number | undefined {
    return this.#since;
  }

  /** @internal */
  set _since(instant: number | undefined) {
    this.#since = instant;
  }
}

function textOf(
  scope: CancelScope,
  { source, reason, by }: Pick<CancelledError, 'source' | 'reason'> & Pick<CancelDetails, 'by'>,
): string {
  const what = scope.name === '' ? 'the scope' : `the scope ${show(scope.name)}`;
  const who = typeof by === 'object' ? show(by.name) : by;
  const cause = who === undefined ? CAUSES[source] : `was cancelled because ${who} failed`;
  return reason === undefined ? `${what} ${cause}` : `${what} ${cause}: ${quoteOf(reason)}`;
}

// Where the globals are frozen, stacks are as deep as they are.
function limitStack(depth: number): void {
  try {
    Error.stackTraceLimit = depth;
  } catch {
    // Read-only.
  }
}

/**
 * Tells whether an error is a {@link CancelledError}, also of another copy of this package.
 *
 * @param error - anything caught
 * @returns whether it is one
 * @example
 * try {
 *   await work();
 * } catch (error) {
 *   if (isCancelled(error)) throw error;
 *   report(error);
 * }
 */
export function isCancelled(error: unknown): error is CancelledError {
  return hasCancelledBrand(error);
}
