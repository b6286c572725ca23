// Clients that take a signal: undici, got, ky, axios, the AWS and OpenAI SDKs. Give each call the signal of a scope of its own.
import { CancelScope, currentScope } from '@ambit/core';
import { fetch } from '@ambit/io';

/** With the `fetch` of `@ambit/io` nothing has to be passed. */
export async function price(url: URL): Promise<unknown> {
  const response = await fetch(url);
  return response.json();
}

// #region with-signal
/**
 * Calls a client that takes a signal. Some clients leave listeners on the signal until they are collected as garbage, so the
 * signal belongs to a scope that ends with the call. Rejects with the cancellation, even if the client throws an error of its own.
 */
export async function withSignal<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const scope = new CancelScope();
  const outcome = await scope.run(async () => {
    scope.throwIfCancelled();
    try {
      return { value: await call(scope.signal) };
    } catch (error) {
      // Clients throw different errors: AbortError, CanceledError, APIUserAbortError.
      currentScope().throwIfCancelled();
      throw error;
    }
  });
  if (outcome === undefined) throw new Error('nobody else can cancel this scope');
  return outcome.value;
}
// #endregion with-signal
