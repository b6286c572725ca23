import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { refusalIn } from './park.ts';

/** The scope of one call, cancelled by the signal that the call was given. */
class CallScope extends AnyScope {
  override _absorbed(): never {
    if (this._own?.source === 'signal') throw this._own.reason;
    throw this._own as Error;
  }
}

/**
 * Runs the body of a call that was given a signal: once that aborts, everything in the body is cancelled, and the call rejects
 * with `signal.reason`. Aborted before, the body is not called. The one way for all functions that take a body.
 */
export function underSignal<T>(
  signal: AbortSignal | undefined,
  body: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return body();
  const refused = refusalIn(currentFrame()._scope, signal);
  if (refused !== undefined) return refused;
  return new CallScope({ signal })._enter<T, never>(body);
}

/** Enters a scope with the body of a call that was given a signal, or none. */
export function enterUnder<T, U>(
  signal: AbortSignal | undefined,
  scope: CancelScope,
  body: (scope: CancelScope) => T | PromiseLike<T>,
): Promise<T | U> {
  // Apart: a function that could make a closure is slower also where it makes none.
  return signal === undefined ? scope._enter<T, U>(body) : enterLate<T, U>(signal, scope, body);
}

function enterLate<T, U>(
  signal: AbortSignal,
  scope: CancelScope,
  body: (scope: CancelScope) => T | PromiseLike<T>,
): Promise<T | U> {
  return underSignal(signal, () => scope._enter<T, U>(body));
}
