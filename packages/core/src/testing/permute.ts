import { checkCount } from '../internal/check.ts';
import { messageOf } from '../internal/errors.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { testRun } from './test-run.ts';
import { checkBody } from './trial.ts';
import type { VirtualLoop } from './virtual-loop.ts';

/** Options for {@link permute}. */
export interface PermuteOptions {
  /** How many orders are tried. Default 100. */
  readonly runs?: number | undefined;
  /** The first seed; the others count up from it. Default 1. */
  readonly seed?: number | undefined;
}

/**
 * Runs a test in many orders that are drawn by chance: of all that is ready at a step (waits that were woken,
 * callbacks of the next turn, timers of one instant) the seed chooses what happens next. It decides the jitter of
 * retries too. A seed that fails, fails again. Waits for all runs, or for the first that fails. For a small test
 * {@link everyOrder} finds more, and proves that there is nothing to find.
 *
 * @param body - the test, as of `testRun`; run once for each seed, so it must start from nothing
 * @param options - `runs`: how many seeds; `seed`: the first
 * @throws (rejects) an Error that names the seed, its `cause` what the body threw
 * @example
 * test('no permit is lost, in many orders', () =>
 *   permute(async (group) => {
 *     // …
 *   }, { runs: 500 }));
 */
export async function permute(
  body: (group: TaskGroup, loop: VirtualLoop) => unknown,
  options?: PermuteOptions,
): Promise<void> {
  checkBody('permute', body, options);
  const { runs = 100, seed: first = 1 } = options ?? {};
  checkCount('permute', 'runs', runs, 1);
  checkCount('permute', 'seed', first, 0);
  for (let seed = first; seed < first + runs; seed += 1) {
    try {
      await testRun(body, { seed });
    } catch (error) {
      throw new Error(
        `permute: failed with seed ${String(seed)}: ${messageOf(error)}\n` +
          `To see it again: permute(body, { seed: ${String(seed)}, runs: 1 })`,
        { cause: error },
      );
    }
  }
}
