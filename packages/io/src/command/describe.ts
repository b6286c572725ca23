import type { TaskTreeNode } from '@ambit/core';
import type { Report } from '../inspect/vital-signs.ts';

/** A text of the program without what a terminal would obey: for example an escape sequence in the name of a task. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');
}

export function formatMs(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/** How a program stands, in a word or two: what is worst about it. */
export function stateOf(seen: Report): string {
  if (seen.deadlocks.length > 0) return 'DEADLOCK';
  if (has(seen.tree, ({ overdue }) => overdue !== undefined)) return 'overdue';
  if (has(seen.tree, ({ cancelledFor }) => (cancelledFor ?? 0) > 1000)) return 'stuck';
  return 'ok';
}

function has(root: TaskTreeNode, test: (node: TaskTreeNode) => boolean): boolean {
  const trail = [root];
  for (const node of trail) {
    if (test(node)) return true;
    trail.push(...node.children);
  }
  return false;
}

export function aliveIn({ counts }: Report): number {
  return counts.spawned - counts.fulfilled - counts.rejected - counts.cancelled;
}

/** The report as lines: what is wrong first, then the program, then its tree. */
export function describe(seen: Report): string[] {
  const { counts, delay, omitted } = seen;
  const loop = `loop busy ${(seen.utilization * 100).toFixed(0)} %, late ${delay.max.toFixed(0)} ms at most`;
  return [
    ...seen.deadlocks.map((text) => `DEADLOCK: ${plain(text)}`),
    `${plain(seen.name)}  pid ${String(seen.pid)}  up ${formatMs(seen.uptime * 1000)}  ${String(Math.round(seen.rss / 1e6))} MB  ${loop}`,
    `tasks: ${String(aliveIn(seen))} alive, ${String(counts.spawned)} spawned, ${String(counts.rejected)} failed, ${String(counts.cancelled)} cancelled`,
    '',
    ...treeLines(seen.tree),
    ...(omitted > 0 ? [`… and ${String(omitted)} more`] : []),
  ];
}

// Deeper nodes are not indented further.
const DEEPEST = 60;

function treeLines(root: TaskTreeNode): string[] {
  const lines: string[] = [];
  const trail = [{ node: root, lead: '', indent: '' }];
  for (let here = trail.pop(); here !== undefined; here = trail.pop()) {
    const { node, lead, indent } = here;
    lines.push(`${lead}${lineOf(node)}`);
    const isDeep = indent.length >= DEEPEST * 3;
    for (const [at, child] of [...node.children.entries()].reverse()) {
      const isLast = at === node.children.length - 1;
      const below = isDeep ? indent : `${indent}${isLast ? '   ' : '│  '}`;
      trail.push({ node: child, lead: `${indent}${isLast ? '└─ ' : '├─ '}`, indent: below });
    }
  }
  return lines;
}

function lineOf(node: TaskTreeNode): string {
  const facts: string[] = [];
  if (node.overdue !== undefined) {
    facts.push(`deadline passed ${formatMs(node.overdue)} ago AND STILL THERE`);
  }
  if (node.cancelledFor !== undefined) {
    facts.push(`CANCELLED ${formatMs(node.cancelledFor)} AGO AND STILL THERE`);
  }
  if (node.state !== undefined) facts.push(node.state);
  if (node.age !== undefined) facts.push(formatMs(node.age));
  if (node.isDaemon) facts.push('daemon');
  if (node.waitsFor.length > 0) facts.push(`waits for ${node.waitsFor.join(' and ')}`);
  const times = node.count === undefined ? '' : ` × ${String(node.count)}`;
  const title = `${node.kind === 'run' ? '' : `${node.kind} `}${node.name}${times}`;
  return plain(facts.length === 0 ? title : `${title}: ${facts.join(', ')}`);
}
