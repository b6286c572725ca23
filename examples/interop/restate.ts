// A handler of Restate: what an attempt has started ends with the attempt.
import type { Context } from '@restatedev/restate-sdk';
import { CancelScope } from '@ambit/core';

// #region step
/**
 * Runs a step of a Restate handler, whose result Restate keeps, in a scope that is cancelled when the attempt has ended: the
 * invocation was cancelled or killed, the connection was lost, or Restate has begun another attempt.
 *
 * @param name - of the step: it has the same result in each attempt
 */
export async function step<T>(context: Context, name: string, body: () => Promise<T>): Promise<T> {
  const { attemptCompletedSignal: signal } = context.request();
  return context.run(name, async () => {
    const scope = new CancelScope({ name, signal });
    const outcome = await scope.run(async () => ({ value: await body() }));
    // The attempt has ended, and Restate does not look at its outcome.
    if (outcome === undefined) throw new Error(`${name}: the attempt has ended`);
    return outcome.value;
  });
}
// #endregion step
