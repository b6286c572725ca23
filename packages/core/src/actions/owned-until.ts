import { currentGroup } from '../tasks/current-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';

/** What the group around ends, unless it has ended before. */
type End = () => Promise<void> | void;

/** One entry for each group, however much is made and ended in it: a group may live for years. */
const ends = new WeakMap<TaskGroup, Set<End>>();

/**
 * Has something ended when the innermost group around the caller ends, after the group's children.
 *
 * @returns to be called when it has ended by itself
 */
export function ownedUntil(end: End): () => void {
  const group = currentGroup();
  if (group === undefined) return () => undefined;
  const owned = ends.get(group) ?? newSet(group);
  owned.add(end);
  return () => void owned.delete(end);
}

function newSet(group: TaskGroup): Set<End> {
  const owned = new Set<End>();
  ends.set(group, owned);
  group.defer(async () => {
    await Promise.all([...owned].reverse().map(async (end) => end()));
  });
  return owned;
}
