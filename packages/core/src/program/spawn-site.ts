import { show } from '../internal/check.ts';
import { tryOr } from '../internal/try-or.ts';
import type { Task } from '../tasks/task.ts';

/** The stack of the caller of `spawn`, which is four calls away. */
export function spawnSite(): string {
  const { stack } = new Error();
  return stack?.split('\n').slice(4).join('\n') ?? '';
}

/** The stack of an error ends at the spawn: goes on from there. Leaves alone an error that cannot be changed. */
export function addSite(error: unknown, task: Task<unknown>): void {
  const site = `\n    -- the task ${show(task.name)} was spawned here --\n${String(task._spawnSite)}`;
  tryOr(() => {
    if (!(error instanceof Error) || !Object.isExtensible(error)) return;
    if (error.stack?.includes(site) === true) return;
    error.stack = `${error.stack ?? error.message}${site}`;
  }, undefined);
}
