import type { TaskTreeNode } from '@ambit/core';
import type { Report } from '../inspect/vital-signs.ts';
import { isStuck, urgencyOf } from './findings.ts';
import { formatMs } from './text.ts';

/** By what siblings can be sorted. */
export const ORDERS = ['urgency', 'cpu', 'age', 'name', 'spawned'] as const;
export type Order = (typeof ORDERS)[number];

/** A line of the tree. */
export interface Row {
  readonly id: number | undefined;
  readonly kind: TaskTreeNode['kind'];
  /** What is drawn in front: the branches of the tree. */
  readonly lead: string;
  readonly depth: number;
  readonly name: string;
  readonly state: string;
  /** Milliseconds. */
  readonly age: number | undefined;
  /** Of the time since the last report, from 0 to 1; undefined if it is not measured. */
  readonly cpu: number | undefined;
  readonly doing: string;
  /** 3: in a deadlock; 2: stuck or overdue; 1: waits for something that another task holds. */
  readonly urgency: number;
}

/** A node with what the whole of it comes to. */
interface Weighed {
  readonly node: TaskTreeNode;
  readonly children: Weighed[];
  readonly own: number;
  /** The greatest in it. */
  urgency: number;
  /** The sum in it. */
  cpu: number;
  isShown: boolean;
}

/** Deeper nodes are not indented further. */
const DEEPEST = 24;

/** The tree of a report as lines, with what matches a filter and what is around it. */
export function rowsOf(
  report: Report,
  { order, filter }: { readonly order: Order; readonly filter: string },
): Row[] {
  const wanted = filter.toLowerCase();
  const deadlocked = new Set(
    report.deadlocks.flatMap((text) =>
      [...text.matchAll(/"((?:[^"\\]|\\.)*)" waits for/g)].map(([, name = '']) => name),
    ),
  );
  const weigh = (node: TaskTreeNode): Weighed => ({
    node,
    children: [],
    own: node.kind === 'task' && deadlocked.has(node.name) ? 3 : urgencyOf(node),
    urgency: 0,
    cpu: (report.cpu?.[node.id ?? -1] ?? 0) / report.since,
    isShown: wanted === '' || textOf(node).toLowerCase().includes(wanted),
  });
  const root = weighAll(report.tree, weigh);
  return flatten(root, order, report);
}

function textOf({ name, state, waitsFor }: TaskTreeNode): string {
  return [name, state, ...waitsFor].join(' ');
}

/** Without recursion: each node after those above it, and summed up from below. */
function weighAll(tree: TaskTreeNode, weigh: (node: TaskTreeNode) => Weighed): Weighed {
  const root = weigh(tree);
  const all = [{ here: root, around: undefined as Weighed | undefined }];
  for (const { here } of all) {
    for (const child of here.node.children) {
      const below = weigh(child);
      here.children.push(below);
      all.push({ here: below, around: here });
    }
  }
  for (const { here, around } of all.reverse()) {
    here.urgency = Math.max(here.urgency, here.own);
    if (around === undefined) continue;
    around.urgency = Math.max(around.urgency, here.urgency);
    around.cpu += here.cpu;
    around.isShown ||= here.isShown;
  }
  return root;
}

const compare: Readonly<Record<Order, (a: Weighed, b: Weighed) => number>> = {
  urgency: (a, b) => b.urgency - a.urgency,
  cpu: (a, b) => b.cpu - a.cpu,
  age: (a, b) => (b.node.age ?? Infinity) - (a.node.age ?? Infinity),
  name: (a, b) => a.node.name.localeCompare(b.node.name),
  spawned: () => 0,
};

function flatten(root: Weighed, order: Order, { cpu }: Report): Row[] {
  const rows: Row[] = [];
  const trail = [{ here: root, lead: '', indent: '', depth: 0 }];
  for (let step = trail.pop(); step !== undefined; step = trail.pop()) {
    const { here, lead, indent, depth } = step;
    rows.push(rowOf(here, { lead, depth, hasCpu: cpu !== undefined }));
    const shown = here.children.filter(({ isShown }) => isShown).sort(compare[order]);
    for (const [at, child] of [...shown.entries()].reverse()) {
      const isLast = at === shown.length - 1;
      const below = depth >= DEEPEST ? indent : `${indent}${isLast ? '  ' : '│ '}`;
      trail.push({
        here: child,
        lead: `${indent}${isLast ? '└ ' : '├ '}`,
        indent: below,
        depth: depth + 1,
      });
    }
  }
  return rows;
}

function rowOf(
  { node, own, cpu }: Weighed,
  {
    lead,
    depth,
    hasCpu,
  }: { readonly lead: string; readonly depth: number; readonly hasCpu: boolean },
): Row {
  const { id, kind, age, count } = node;
  const times = count === undefined ? '' : ` × ${String(count)}`;
  const title = kind === 'group' ? `group ${node.name}`.trimEnd() : node.name;
  return {
    id,
    kind,
    lead,
    depth,
    name: `${title}${times}`,
    state: stateOf(node),
    age,
    cpu: hasCpu ? cpu : undefined,
    doing: doingOf(node),
    urgency: own,
  };
}

function stateOf(node: TaskTreeNode): string {
  if (isStuck(node)) return 'stuck';
  if (node.overdue !== undefined) return 'overdue';
  return node.state ?? '';
}

function doingOf(node: TaskTreeNode): string {
  const facts: string[] = [];
  if (isStuck(node)) facts.push(`cancelled ${formatMs(node.cancelledFor ?? 0)} ago`);
  if (node.overdue !== undefined) facts.push(`deadline passed ${formatMs(node.overdue)} ago`);
  if (node.straggler === true) facts.push('its grace is over');
  if (node.waitsFor.length > 0) facts.push(node.waitsFor.join(' and '));
  else if (facts.length > 0 && node.children.length === 0) facts.push('in no wait of Ambit');
  if (node.isDaemon === true) facts.push('daemon');
  return facts.join(', ');
}
