import { checkFunction, checkOptions } from '../internal/check.ts';
import { LoopNotRunningError } from '../internal/loop-not-running-error.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { runOf } from './running.ts';
import type { SpawnOptions } from '../tasks/group-options.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Spawnable, Task } from '../tasks/task.ts';

/**
 * Starts a task that the running `run()` owns: a daemon, cancelled when main has ended. Its failure
 * fails the run.
 *
 * @param fn - called at once; gets its task
 * @param options - `name`: shown in messages and in the task tree
 * @returns the task
 * @throws LoopNotRunningError outside of `run()`
 * @example
 * createTask(() => flushMetricsForEver(), { name: 'metrics' });
 */
export function createTask<T>(
  fn: Spawnable<T>,
  options?: { readonly name?: string | undefined },
): Task<T> {
  checkFunction('createTask', 'fn', fn);
  checkOptions('createTask', options);
  const group = groupOfRun();
  if (group === undefined) {
    throw new LoopNotRunningError(
      'createTask: there is no run() around this call to own the task; call it inside run(), or use taskGroup()',
    );
  }
  const spawnOptions: SpawnOptions = { name: options?.name, daemon: true };
  return group.spawn(fn, spawnOptions);
}

/**
 * Returns the group that owns what `createTask` makes: it outlives main, and ends with the `run()`. For what a library makes
 * once for a program.
 *
 * @returns the group; undefined outside of `run()`
 * @example
 * groupOfRun()?.defer(() => pool[Symbol.asyncDispose]());
 */
export function groupOfRun(): TaskGroup | undefined {
  return runOf(currentRuntime())?.group;
}

/**
 * Returns the event loop of the running `run()`; outside of any, the host's.
 *
 * @example
 * const started = getRunningLoop().now();
 */
export function getRunningLoop(): EventLoop {
  return currentRuntime().loop;
}
