import { CancelScope } from './cancel-scope.ts';
import type { TaskGroup } from './task-group.ts';

/** The groups below a scope that have not ended, outermost first. */
function openGroups(scope: CancelScope): TaskGroup[] {
  const groups: TaskGroup[] = [];
  // Grows while it is walked: however deep the scopes, no stack is needed.
  const trail = [scope];
  for (const each of trail) {
    for (let below = each._first; below !== undefined; below = below._next) {
      if (!(below instanceof CancelScope)) continue;
      if (below._owner === undefined) trail.push(below);
      else groups.push(below._owner as TaskGroup);
    }
  }
  return groups;
}

/**
 * Ends what a program left behind when it ended: waits nobody looks at, groups nobody disposed of.
 *
 * @returns failures of theirs that nobody has seen
 */
export async function endLeftovers(scope: CancelScope): Promise<unknown[]> {
  if (scope._first === undefined) return [];
  scope._cancelBy('shutdown', 'the program has ended');
  const errors: unknown[] = [];
  for (let groups = openGroups(scope); groups.length > 0; groups = openGroups(scope)) {
    for (const group of groups) {
      await group[Symbol.asyncDispose]().catch((error: unknown) => errors.push(error));
    }
  }
  return errors;
}
