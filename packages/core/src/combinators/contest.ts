import { currentFrame } from '../scope/any-scope.ts';
import { functionsOf } from './gather.ts';
import { refusalIn } from '../waiting/park.ts';
import { helperGroup } from '../tasks/run-group.ts';
import type { HelperOptions } from '../tasks/run-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task, TaskFunction } from '../tasks/task.ts';

/** A function that `race` and `any` run; of any result. */
export type Contender = (task: Task<never>) => unknown;
/** What a function's promise resolves with. */
export type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/** Checks an argument at a public door. */
export function contenders(where: string, tasks: unknown): TaskFunction<unknown>[] {
  const functions = functionsOf(where, tasks);
  if (functions.length > 0) return functions;
  throw new TypeError(`${where}: there are no tasks; give at least one function`);
}

/**
 * Runs the group of a contest. Once it is decided, a cancellation that arrives while the losers wind down does not change
 * that: it comes at the next checkpoint.
 */
export async function contest(
  body: (group: TaskGroup) => void | Promise<void>,
  isWon: () => boolean,
  options: HelperOptions,
): Promise<void> {
  const outer = currentFrame()._scope;
  const refused = refusalIn(outer, options.signal);
  if (refused !== undefined) return refused;
  try {
    await helperGroup(body, options);
  } catch (error) {
    const isCancellation = error === outer.reason || isReasonOf(options.signal, error);
    if (!isCancellation || !isWon()) throw error;
  }
}

function isReasonOf(signal: AbortSignal | undefined, error: unknown): boolean {
  return signal?.aborted === true && signal.reason === error;
}

// Not the whole group: what the winner has left open, for example the body of a response, goes on in the scope around.
export function cancelLosers(group: TaskGroup): void {
  for (const task of group.tasks)
    task.scope._cancelBy('explicit', 'another has won', { frames: 0 });
}
