import type { CancelScope } from './cancel-scope.ts';
import { nameErrors } from '../internal/name-errors.ts';

/** The time given to a scope was over before its body was. Its `cause` is the cancellation. */
export class TimeoutError extends Error {
  /** The time that was given, in milliseconds. */
  readonly ms: number;
  // Not shown where the error is printed: a whole tree hangs on it.
  readonly #scope: CancelScope;

  static {
    nameErrors(this, 'TimeoutError');
  }

  constructor(ms: number, scope: CancelScope, message?: string) {
    const what = scope.name === '' ? 'the operation' : `"${scope.name}"`;
    super(message ?? `${what} was cut short: it did not end within ${String(Math.round(ms))} ms`, {
      cause: scope.reason,
    });
    this.ms = ms;
    this.#scope = scope;
  }

  /** The scope that ran out of time. */
  get scope(): CancelScope {
    return this.#scope;
  }
}
