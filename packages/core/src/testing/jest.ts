import { checkAmbient, runAmbient } from './fixture.ts';
import type { AmbientBody } from './fixture.ts';

/**
 * Makes a test function for jest from a body that gets a task group and a virtual loop. The test waits for
 * the tasks of the group, and fails with the task tree if it leaves a task, a scope, a timer or a listener
 * behind. Shortly before the test's own timeout it is cancelled and fails with the task tree.
 *
 * @param body - gets the group and the loop
 * @returns the function to give to `test`; rejects with what the body throws, or an Error that says what was left
 * @throws TypeError if the body is not a function
 * @example
 * test(
 *   'gives up after a minute',
 *   ambient(async () => {
 *     await assert.rejects(timeout(60_000, () => sleepForever()), TimeoutError);
 *   }),
 * );
 */
export function ambient(body: AmbientBody): () => Promise<void> {
  checkAmbient(body);
  return () => runAmbient(body, { timeout: timeoutOfTest() });
}

/** What jest's default runner knows of the test that runs. Jest has no public way to ask. */
interface JestState {
  readonly testTimeout: number;
  readonly currentlyRunningTest?: { readonly timeout?: number | undefined } | null;
}

const USUAL_TIMEOUT = 5000;

function timeoutOfTest(): number {
  const key = Object.getOwnPropertySymbols(globalThis).find(
    ({ description }) => description === 'JEST_STATE_SYMBOL',
  );
  const state = key && (globalThis as unknown as Record<symbol, JestState>)[key];
  return state?.currentlyRunningTest?.timeout ?? state?.testTimeout ?? USUAL_TIMEOUT;
}
