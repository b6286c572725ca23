import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { GroupRef } from '../scope/heir.ts';

/** The groups below a scope that have not ended, outermost first. */
function openGroups(scope: CancelScope): GroupRef[] {
  const groups: GroupRef[] = [];
  // Grows while it is walked: however deep the scopes, no stack is needed.
  const trail = [scope];
  for (const each of trail) {
    for (let below = each._first; below !== undefined; below = below._next) {
      // What has outlived its grace is waited for by another group, or given up.
      if (!(below instanceof AnyScope) || below._isLeft) continue;
      if (below._owner === undefined) trail.push(below);
      else groups.push(below._owner);
    }
  }
  return groups;
}

/**
 * Ends what a program left behind when it ended: waits that no code awaits, groups that were not disposed of.
 *
 * @returns failures of theirs that no code has seen
 */
export async function endOrphans(scope: CancelScope): Promise<unknown[]> {
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
