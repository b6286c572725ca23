import type { TaskTreeNode } from '@ambit/core';

/** The nodes of a tree, each before what is inside it. Without recursion: it may be deeper than the stack. */
export function* nodesOf(root: TaskTreeNode): Generator<TaskTreeNode> {
  const trail = [root];
  for (let node = trail.pop(); node !== undefined; node = trail.pop()) {
    yield node;
    for (let at = node.children.length - 1; at >= 0; at -= 1) {
      const child = node.children[at];
      if (child !== undefined) trail.push(child);
    }
  }
}

/** What a task waits for, without how long still: equal for all that wait for the same. */
export function withoutTimes(wait: string): string {
  return wait.replaceAll(/ [\d.]+ m?s\b/g, '');
}
