import { checkAmbient, runAmbient } from './fixture.ts';
import type { AmbientBody } from './fixture.ts';

/** The context that vitest gives to a test, as far as the fixture uses it. */
export interface VitestContext {
  /** The test, with its timeout in milliseconds. */
  readonly task: { readonly timeout?: number | undefined };
  /** Aborted when vitest gives the test up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a test function for vitest from a body that gets a task group and a virtual loop. The test waits for
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
export function ambient(body: AmbientBody): (context: VitestContext) => Promise<void> {
  checkAmbient(body);
  // Vitest reads the names of the context that a test uses from its source, so this function has to name them.
  return ({ task, signal }) => runAmbient(body, { timeout: limitOf(task.timeout), signal });
}

/** For vitest 0 is no limit. */
function limitOf(timeout: number | undefined): number | undefined {
  return timeout === 0 ? undefined : timeout;
}
