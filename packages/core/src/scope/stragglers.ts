import type { TaskRef } from './frame.ts';
import type { Registration } from './propagation.ts';
import type { ScopeCore } from './scope-core.ts';
import { ScopeNode } from './scope-node.ts';
import type { Straggler } from './stragglers-error.ts';

/** What keeps a scope from ending. */
export interface Remains {
  /** The unfinished tasks that wait for no other task below the scope. */
  readonly tasks: readonly TaskRef[];
  /** The names of the waits in it that are part of no task below it. */
  readonly waits: readonly string[];
}

/** Looks for what is left below a scope. Without recursion: the tree may be deeper than the stack. */
export function remainsOf(root: ScopeCore): Remains {
  const tasks = new Set<TaskRef>();
  const waits: string[] = [];
  const trail: { readonly scope: ScopeCore; readonly around: TaskRef | undefined }[] = [
    { scope: root, around: undefined },
  ];
  // Grows while it is walked: a task comes before those inside it.
  for (const { scope, around } of trail) {
    for (let below = scope._first; below !== undefined; below = below._next) {
      if (!isScope(below)) {
        if (around === undefined) waits.push(...nameOfWait(below));
        continue;
      }
      const task = taskOf(below);
      if (task?.done === false) {
        tasks.add(task);
        if (around !== undefined) tasks.delete(around);
      }
      trail.push({ scope: below, around: task ?? around });
    }
  }
  return { tasks: [...tasks], waits };
}

/** What an error tells of a task that is left. `since`: the instant of the cancellation, unless it has one of its own. */
export function stragglerOf(task: TaskRef, since: number): Straggler {
  const began = task.scope._here()._reason?._since ?? since;
  const cancelledFor = Math.max(task.scope._runtime.loop.now() - began, 0);
  return { name: task.name, path: pathOf(task.scope), cancelledFor };
}

/** Where a scope is in the tree: the names of the tasks and groups around it, and its own. */
export function pathOf(scope: ScopeCore): string {
  const names: string[] = [];
  for (let at: ScopeCore | undefined = scope; at !== undefined; at = at._parent) {
    const task = taskOf(at);
    if (task !== undefined) names.push(task.name);
    else if (at._owner !== undefined) names.push(at.name === '' ? 'group' : at.name);
  }
  return names.reverse().join(' > ');
}

function taskOf(scope: ScopeCore): TaskRef | undefined {
  const task = scope._task;
  return task?.scope === scope ? task : undefined;
}

function isScope(registration: Registration): registration is ScopeCore {
  return registration instanceof ScopeNode;
}

function nameOfWait(registration: Registration): string[] {
  const { name } = registration as { readonly name?: string | (() => string) };
  if (name === undefined) return [];
  return [(typeof name === 'function' ? name() : name) || 'a wait without a name'];
}
