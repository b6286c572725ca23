import { ambient } from '../loop/ambient.ts';
import { late } from '../loop/runtime.ts';
import { isThenable } from '../internal/check.ts';
import { nativeOf, whenSettled } from '../internal/native-promise.ts';
import { suppress } from '../internal/suppressed-errors.ts';
import { failuresOn, isCausedBy, withoutCancellations } from './cancellation.ts';
import type { ScopeCore } from './scope-core.ts';

/** Runs a body in a scope that was entered, ends the scope with it, and says what comes of it all. */
export function runIn<S extends ScopeCore, T>(
  scope: S,
  body: (scope: S) => T | PromiseLike<T>,
): Promise<unknown> {
  let returned: unknown;
  try {
    returned = callIn(scope, body, scope);
  } catch (error) {
    returned = Promise.reject(error);
  }
  // Settled outside of the scope: a promise that is kept would keep the scope, and reactions to a rejection would be in it.
  // Bound, and not closures, which would take half as much again, for as long as the scope is open.
  return whenSettled(returned, succeed.bind(scope), fail.bind(scope)) as Promise<unknown>;
}

function succeed(this: ScopeCore, value: unknown): unknown {
  this._end();
  const pause = this._runtime.pause();
  return pause === undefined ? value : late(pause, value);
}

function fail(this: ScopeCore, error: unknown): unknown {
  const pause = this._runtime.pause();
  return pause === undefined ? failed(this, error) : failedLate(this, error, pause);
}

/** Calls a body in a scope. A task that it returns is waited for in there too, as one that it awaits is. */
export function callIn<A>(scope: ScopeCore, body: (argument: A) => unknown, argument: A): unknown {
  return ambient.run(scope, callWith<A>, argument, body);
}

function callWith<A>(argument: A, body: (argument: A) => unknown): unknown {
  const goesOn = ambient.watch?.begins();
  const returned = body(argument);
  if (!isThenable(returned)) return returned;
  const promise = nativeOf(returned);
  goesOn?.(promise);
  return promise;
}

// What comes of the failure is settled before the pause: nothing can change it during that.
async function failedLate(
  scope: ScopeCore,
  error: unknown,
  pause: Promise<void>,
): Promise<unknown> {
  try {
    return failed(scope, error);
  } finally {
    await pause;
  }
}

/** The body has failed; returns the result of a cancellation that ends here. */
function failed(scope: ScopeCore, error: unknown): unknown {
  try {
    absorb(scope, error);
    return scope._absorbed();
  } finally {
    scope._end();
  }
}

/** Throws what of the error is not this scope's to absorb. */
function absorb(scope: ScopeCore, error: unknown): void {
  if (scope._own === undefined || scope._reason === undefined) throw error;
  // A deadline around this one that passed while the body wound down: that scope absorbs it then.
  scope._runtime.timers.poll();
  if (scope._isCancelledFromOutside()) throw error;
  if (!isCausedBy(scope._reason, error)) throw withoutCancellations(scope._reason, error);
  const [first, ...later] = failuresOn(scope._reason);
  suppress(first, later);
  if (first !== undefined) throw first as Error;
  (scope as { cancelCaught: boolean }).cancelCaught = true;
}
