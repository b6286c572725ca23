import { CancelScope, taskGroup, throwIfCancelled } from '@ambit/core';
import type { SignalOptions as WaitOptions } from '@ambit/core/lowlevel';

/** Options of every call that waits, as its last argument: the one type for all packages. */
export type { WaitOptions };

/** What may cancel a call that waits. */
export interface Caller {
  readonly scope: CancelScope;
  readonly signal: AbortSignal | undefined;
}

/** Whether a call is cancelled, also before it knows. */
export function isCut({ scope, signal }: Caller): boolean {
  return scope.reason !== undefined || signal?.aborted === true;
}

/** Runs a body that waits more than once; a signal that is given cancels all of it. */
export async function under<T>(
  signal: AbortSignal | undefined,
  body: () => T | PromiseLike<T>,
): Promise<T> {
  return signal === undefined ? body() : inScope(signal, body);
}

/**
 * Runs something of the platform's that takes an AbortSignal: it gets one that lives no longer than the call, and the
 * AbortError that it ends with becomes the cancellation itself.
 *
 * @param start - called at once, unless the caller is cancelled
 * @throws (rejects) what `start` rejects with; the ambient scope's CancelledError; `signal.reason`
 */
export function cancellable<T>(
  start: (signal: AbortSignal) => T | PromiseLike<T>,
  options?: WaitOptions,
): Promise<T> {
  // A scope of its own: listeners that the platform leaves on its signal are gone with it.
  return inScope(options?.signal, async (scope) => {
    throwIfCancelled();
    try {
      return await start(scope.signal);
    } catch (error) {
      if (isAbort(error, scope)) throwIfCancelled();
      throw error;
    }
  });
}

async function inScope<T>(
  signal: AbortSignal | undefined,
  body: (scope: CancelScope) => T | PromiseLike<T>,
): Promise<T> {
  const scope = new CancelScope({ signal });
  const outcome = await scope.run(async () => ({ value: await body(scope) }));
  // Nothing but the signal cancels this scope alone.
  if (outcome === undefined) throw signal?.reason;
  return outcome.value;
}

function isAbort(error: unknown, scope: CancelScope): boolean {
  if (!scope.signal.aborted) return false;
  if (error === scope.signal.reason) return true;
  return (
    typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError'
  );
}

/**
 * In a cancelled scope: its cancellation, if the error is nothing but that; else the error without it.
 * In an array: what is thrown may have a `then`, or break when asked for one.
 */
export async function withoutCancellation(error: unknown): Promise<readonly [unknown]> {
  try {
    return await taskGroup<never>(() => {
      throw error;
    });
  } catch (rest) {
    return [rest];
  }
}
