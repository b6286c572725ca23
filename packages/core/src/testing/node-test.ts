import { checkAmbient, runAmbient } from './fixture.ts';
import type { AmbientBody } from './fixture.ts';

/** The context that `node:test` gives to a test, as far as the fixture uses it. */
export interface NodeTestContext {
  /** Aborted when the test is over, and when its time limit is. */
  readonly signal: AbortSignal;
  /**
   * Writes a line into the report of the test.
   *
   * @param message - the line
   */
  diagnostic(message: string): void;
}

/**
 * Makes a test function for `node:test` from a body that gets a task group and a virtual loop. The test waits
 * for the tasks of the group, and fails with the task tree if it leaves a task, a scope, a timer or a listener
 * behind. The test's own `timeout` or `signal` cancels it.
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
export function ambient(body: AmbientBody): (context: NodeTestContext) => Promise<void> {
  checkAmbient(body);
  return (context) => {
    const tell = (text: string): void => {
      // A line at a time: it does not show line breaks.
      for (const line of text.split('\n')) context.diagnostic(line);
    };
    return runAmbient(body, { signal: context.signal, tell });
  };
}
