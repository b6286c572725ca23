import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import type { Task } from '../tasks/task.ts';
import { cancelLosers, contenders, contest } from './contest.ts';
import type { Contender, ResultOf } from './contest.ts';

/**
 * Runs functions at the same time: the first to settle wins, for better or worse. The others are
 * cancelled and waited for before the race settles. A checkpoint.
 *
 * @param tasks - functions, at least one
 * @param options - `signal`: cancels them all
 * @returns the winner's value
 * @throws (rejects) the winner's error; the error of a loser that failed in its cleanup; TypeError for
 *   no tasks; the ambient scope's CancelledError, or `signal.reason`, if no task has won
 * @example
 * const answer = await race([() => ask('a.example'), () => ask('b.example')]);
 */
export async function race<const F extends readonly Contender[]>(
  tasks: F,
  options?: SignalOptions,
): Promise<ResultOf<F[number]>> {
  const functions = contenders('race', tasks);
  checkCall('race', options);
  let winner: Task<unknown> | undefined;
  await contest(
    (group) => {
      const settled = (task: Task<unknown>): void => {
        winner ??= task;
        cancelLosers(group);
      };
      for (const fn of functions) {
        const task = group.spawn(fn);
        if (task._settled === undefined) task._listen(() => settled(task));
        else settled(task);
        // What should not happen must not begin.
        if (winner !== undefined) break;
      }
    },
    () => winner?._settled === 'fulfilled',
    { signal: options?.signal },
  );
  return resultOf(winner) as ResultOf<F[number]>;
}

// A winner that ended cancelled, by itself, has no value: the CancelledError is its failure.
function resultOf(winner: Task<unknown> | undefined): unknown {
  if (winner?._settled !== 'fulfilled') throw winner?._result as Error;
  return winner._result;
}
