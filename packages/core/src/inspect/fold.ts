import type { Draft } from '../program/survey.ts';

/** What has been placed inside a node so far. */
interface Inside {
  readonly byKey: Map<string, Draft>;
  signature: string;
}

/**
 * Shows equal siblings once, with their number, while the tree is walked: so that a program with 100,000 equal tasks is looked
 * at without a tree of that size. Two nodes are equal if they differ in nothing but ids and times, and so do their children.
 */
export class Folding {
  readonly #inside = new Map<Draft, Inside>();
  /** A number for each signature: those of nested nodes would grow with the depth. */
  readonly #numbers = new Map<string, number>();

  /** Puts a node, which is complete, into the one around it. */
  readonly place = (around: Draft, node: Draft): void => {
    const key = this.#keyOf(node);
    const inside = this.#insideOf(around);
    const twin = inside.byKey.get(key);
    if (twin !== undefined) {
      twin.count = (twin.count ?? 1) + 1;
      return;
    }
    inside.byKey.set(key, node);
    inside.signature += `${String(this.#numberOf(key))},`;
    around.children.push(node);
  };

  #keyOf(node: Draft): string {
    const inside = this.#inside.get(node);
    this.#inside.delete(node);
    const name = node.name.startsWith('task-') ? node.name.replace(/^task-\d+$/, '') : node.name;
    const waits = node.waitsFor.length === 0 ? '' : withoutTimes(node.waitsFor.join('\0'));
    const marks = `${String(node.isDaemon)}${String(node.cancelledFor === undefined)}${String(node.overdue === undefined)}`;
    const counts = inside === undefined ? '' : node.children.map(({ count }) => count ?? 1).join();
    return [node.kind, name, node.state, marks, waits, inside?.signature, counts].join('\0\0');
  }

  #insideOf(node: Draft): Inside {
    let inside = this.#inside.get(node);
    if (inside === undefined) {
      inside = { byKey: new Map(), signature: '' };
      this.#inside.set(node, inside);
    }
    return inside;
  }

  #numberOf(key: string): number {
    const known = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, known);
    return known;
  }
}

function withoutTimes(waits: string): string {
  return waits.replace(/ [\d.]+ m?s\b/g, '');
}

/**
 * Cuts off what is more than a number of nodes, those that are deepest first.
 *
 * @returns how many tasks and groups are not shown
 */
export function prune(root: Draft, limit: number): number {
  let left = Math.max(limit - 1, 0);
  let omitted = 0;
  // Grows while it is walked: the nodes of one depth come before those of the next.
  const shown = [{ node: root, times: 1 }];
  for (const { node, times } of shown) {
    const rest = node.children.splice(Math.min(left, node.children.length));
    for (const each of rest) omitted += times * sizeOf(each);
    left -= node.children.length;
    for (const child of node.children) {
      shown.push({ node: child, times: times * (child.count ?? 1) });
    }
  }
  return omitted;
}

/** How many tasks and groups a node represents. */
function sizeOf(node: Draft): number {
  let size = 0;
  const trail = [{ node, times: node.count ?? 1 }];
  for (const { node: here, times } of trail) {
    size += times;
    for (const child of here.children) {
      trail.push({ node: child, times: times * (child.count ?? 1) });
    }
  }
  return size;
}
