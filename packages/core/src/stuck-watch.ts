import { printError } from '#platform';
import type { CancelScope } from './cancel-scope.ts';
import type { TaskCore } from './task.ts';
import type { Timer } from './timers.ts';

// Milliseconds after its cancellation.
const PATIENCE = 5000;

/**
 * In debug mode: names the tasks that a group still waits for long after it was cancelled, and where
 * they were spawned. To be disposed of when the group has ended.
 */
export function watchForStuckTasks(
  scope: CancelScope,
  label: string,
  list: () => Iterable<TaskCore<unknown>>,
): Disposable {
  const { loop, timers } = scope._runtime;
  let timer: Timer | undefined;
  const report = (): void => {
    const tasks = [...list()];
    if (tasks.length > 0) printError(describe(tasks, label));
  };
  const registration = scope.onCancel(() => {
    timer = timers.add(loop.now() + PATIENCE, { _expire: report });
  });
  return {
    [Symbol.dispose]: () => {
      registration[Symbol.dispose]();
      if (timer !== undefined) timers.remove(timer);
    },
  };
}

function describe(tasks: readonly TaskCore<unknown>[], label: string): string {
  const lines = tasks.map(
    (task) => `  the task "${task.name}", spawned\n${task._spawnSite ?? '    (somewhere)'}`,
  );
  return [
    `${label} was cancelled ${String(PATIENCE / 1000)} s ago and still waits for`,
    ...lines,
    'Does it catch the cancellation, or await something that cannot be cancelled? See formatTaskTree().',
  ].join('\n');
}
