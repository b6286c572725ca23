import { watchTurns } from '#platform';
import { show } from '../internal/check.ts';
import { emitWarning } from '../internal/emit-warning.ts';
import { messageOf } from '../internal/errors.ts';
import { ambient } from '../loop/ambient.ts';
import { hostLoop } from '../loop/event-loop.ts';
import type { Handle } from '../loop/event-loop.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentTask } from '../tasks/current-group.ts';
import type { WatchOptions } from '../tasks/debug-tools.ts';
import { findDeadlocks } from './deadlock.ts';
import { allTasks, treeAsText } from './task-tree.ts';

/** Of a tree that is printed. */
const MOST_LINES = 1000;

/** The task tree of a run as text. */
export function describeTree(scope: CancelScope): string {
  return ambient.run(scope, treeOrApology);
}

// What follows a dump, an exit mostly, must not fail for a tree that is too deep to be drawn.
function treeOrApology(): string {
  try {
    return treeAsText(MOST_LINES);
  } catch (error) {
    return `(the task tree cannot be shown: ${messageOf(error)})`;
  }
}

/** Debug mode of a run: reports slow turns, and tasks that wait for each other while other things go on. */
export function watchRun(
  scope: CancelScope,
  { runtime, slowTurn, dump }: WatchOptions,
): Disposable {
  const turns = watchTurns(slowTurn, reportSlowTurn, () => hostLoop.now());
  const announced = new Set<string>();
  let look: Handle | undefined;
  // Something else, for example a server, may keep the event loop going while some wait for each other forever.
  runtime.onBlocked = () => {
    look ??= runtime.loop.callNext(() => {
      look = undefined;
      const deadlocks = findDeadlocks(ambient.run(scope, allTasks));
      const news = deadlocks.filter(({ text, isForEver }) => isForEver && !announced.has(text));
      for (const { text } of news) announced.add(text);
      if (news.length > 0) dump('Some tasks wait for each other forever:');
    });
  };
  return {
    [Symbol.dispose]: () => {
      look?.cancel();
      runtime.onBlocked = undefined;
      turns[Symbol.dispose]();
    },
  };
}

function reportSlowTurn(ms: number): void {
  const task = currentTask();
  const who = task === undefined ? 'a callback' : `the task ${show(task.name)}`;
  emitWarning(
    `${who} held the event loop for ${String(Math.round(ms))} ms; put a checkpoint() into long loops`,
    'SlowTurnWarning',
  );
}
