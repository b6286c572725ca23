import { checkCount, checkTime, show } from '../internal/check.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { drawn, randomOf } from './random.ts';
import { Schedule } from './schedule.ts';
import type { Choose } from './schedule.ts';
import { checkBody, trial, USUAL_LIMIT } from './trial.ts';
import type { TrialOptions } from './trial.ts';
import { VirtualLoop } from './virtual-loop.ts';

/** Options for {@link testRun}. */
export interface TestRunOptions {
  /** A whole number that decides in which order things happen that are ready at the same time. Default: in order. */
  readonly seed?: number | undefined;
  /** Real milliseconds after which the test fails; what still runs then is left where it waits. Default 4000. */
  readonly limit?: number | undefined;
  /** Default: a new one. */
  readonly loop?: VirtualLoop | undefined;
}

/**
 * Runs a test on a virtual loop. Fails it, with the task tree, if it leaves a task, a scope, a timer or a
 * listener behind, or if it takes too long in real time. Waits
 * until the body and all its tasks have ended.
 *
 * @param body - gets a group and the loop
 * @param options - `limit`: real milliseconds
 * @returns the body's value
 * @throws (rejects) what the body throws; an Error that says what was left
 * @example
 * test('gives up after a minute', () =>
 *   testRun(async () => {
 *     await assert.rejects(timeout(60_000, () => sleepForever()), TimeoutError);
 *   }));
 */
export async function testRun<T>(
  body: (group: TaskGroup, loop: VirtualLoop) => T | PromiseLike<T>,
  options?: TestRunOptions,
): Promise<T> {
  checkBody('testRun', body, options);
  const { limit = USUAL_LIMIT, seed, loop = new VirtualLoop() } = options ?? {};
  checkTime('testRun', 'limit', limit);
  if (seed !== undefined) checkCount('testRun', 'seed', seed, 0);
  if (!(loop instanceof VirtualLoop)) {
    throw new TypeError(
      `testRun: loop is ${show(loop)}, not a VirtualLoop; give new VirtualLoop(), or nothing`,
    );
  }
  return trial(body, { loop, limit, ...(seed !== undefined && orderedBy(seed, loop)) });
}

/** Chance is the seed's: what happens next of all that is ready, and what is drawn by lot. */
function orderedBy(seed: number, loop: VirtualLoop): Pick<TrialOptions, 'random' | 'schedule'> {
  const random = randomOf(seed);
  const choose: Choose = (choices) => drawn(random, choices.length);
  return { random, schedule: new Schedule(loop, { choose }) };
}
