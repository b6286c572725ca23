// Clients that take a signal: undici, got, ky, axios, the AWS and OpenAI SDKs. Give them that of a scope of their own.
import { CancelScope, currentScope } from '@ambit/core';
import { fetch } from '@ambit/io';

/** The platform's: nothing to do, with io's `fetch`. */
export async function price(url: URL): Promise<unknown> {
  const response = await fetch(url);
  return response.json();
}

// #region with-signal
/**
 * Anything else that takes a signal. Some leave listeners on it until they are collected as garbage: the signal of a scope
 * that lives no longer than the call takes them along. Rejects with the cancellation, whatever the client makes of it.
 */
export async function withSignal<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const scope = new CancelScope();
  const outcome = await scope.run(async () => {
    scope.throwIfCancelled();
    try {
      return { value: await call(scope.signal) };
    } catch (error) {
      // Their own words for it: AbortError, CanceledError, APIUserAbortError.
      currentScope().throwIfCancelled();
      throw error;
    }
  });
  if (outcome === undefined) throw new Error('nobody else can cancel this scope');
  return outcome.value;
}
// #endregion with-signal
