import type { TaskTreeNode } from '@ambit/core';
import type { Report } from '../inspect/vital-signs.ts';
import type { Rates } from './history.ts';
import { findingsOf, isStuck } from './findings.ts';
import { formatMs, plain } from './text.ts';
import { nodesOf } from './walk.ts';

/** The state of a program in a word: what is worst about it. */
export function stateOf(seen: Report): string {
  if (seen.deadlocks.length > 0) return 'DEADLOCK';
  const nodes = [...nodesOf(seen.tree)];
  if (nodes.some(({ overdue }) => overdue !== undefined)) return 'overdue';
  return nodes.some(isStuck) ? 'stuck' : 'ok';
}

export function aliveIn({ counts }: Report): number {
  return counts.spawned - counts.fulfilled - counts.rejected - counts.cancelled;
}

/** The report as lines: what is wrong first, then the program, then its tree. `rates`: what it does in a second, if that is known. */
export function describe(seen: Report, rates?: Rates): string[] {
  const { counts, delay, omitted } = seen;
  const loop = `loop busy ${(seen.utilization * 100).toFixed(0)} %, late ${delay.max.toFixed(0)} ms at most`;
  return [
    // The loop may have been late at any time since the last look.
    ...findingsOf(seen)
      .filter(({ label }) => label !== 'LATE')
      .map(({ label, text }) => `${label}: ${plain(text)}`),
    `${plain(seen.name)}  pid ${String(seen.pid)}  up ${formatMs(seen.uptime * 1000)}  ${String(Math.round(seen.rss / 1e6))} MB  ${loop}`,
    `tasks: ${String(aliveIn(seen))} alive, ${String(counts.spawned)} spawned, ${String(counts.rejected)} failed, ${String(counts.cancelled)} cancelled`,
    ...(rates === undefined ? [] : [ratesOf(rates, seen)]),
    '',
    ...treeLines(seen),
    ...(omitted > 0 ? [`… and ${String(omitted)} more`] : []),
  ];
}

function ratesOf(rates: Rates, { busiest = [], since }: Report): string {
  const perSecond = `${rates.spawned.toFixed(1)} spawned, ${rates.fulfilled.toFixed(1)} fulfilled, ${rates.rejected.toFixed(1)} failed, ${rates.cancelled.toFixed(1)} cancelled`;
  const names = busiest.map(({ name, ms }) => `${plain(name)} ${share(ms, since)}`);
  return `each second: ${perSecond}${names.length === 0 ? '' : `; processor: ${names.join(', ')}`}`;
}

function share(ms: number, since: number): string {
  return `${((ms / since) * 100).toFixed(1)} %`;
}

/** What of a report is needed to draw its tree. */
type Shown = Pick<Report, 'tree'> & Partial<Pick<Report, 'cpu' | 'since'>>;

// Deeper nodes are not indented further.
const DEEPEST = 60;

/** The tree as lines, one for each node. */
export function treeLines(seen: Shown): string[] {
  const lines: string[] = [];
  const trail = [{ node: seen.tree, lead: '', indent: '' }];
  for (let here = trail.pop(); here !== undefined; here = trail.pop()) {
    const { node, lead, indent } = here;
    lines.push(`${lead}${lineOf(node, seen)}`);
    const isDeep = indent.length >= DEEPEST * 3;
    for (const [at, child] of [...node.children.entries()].reverse()) {
      const isLast = at === node.children.length - 1;
      const below = isDeep ? indent : `${indent}${isLast ? '   ' : '│  '}`;
      trail.push({ node: child, lead: `${indent}${isLast ? '└─ ' : '├─ '}`, indent: below });
    }
  }
  return lines;
}

function lineOf(node: TaskTreeNode, { cpu, since = 0 }: Shown): string {
  const facts: string[] = [];
  if (node.overdue !== undefined) {
    facts.push(`deadline passed ${formatMs(node.overdue)} ago AND STILL THERE`);
  }
  if (node.cancelledFor !== undefined) {
    facts.push(`CANCELLED ${formatMs(node.cancelledFor)} AGO AND STILL THERE`);
  }
  if (node.state !== undefined) facts.push(node.state);
  if (node.age !== undefined) facts.push(formatMs(node.age));
  const spent = cpu?.[node.id ?? -1];
  if (spent !== undefined) facts.push(`processor ${share(spent, since)}`);
  if (node.isDaemon) facts.push('daemon');
  if (node.waitsFor.length > 0) facts.push(`waits for ${node.waitsFor.join(' and ')}`);
  const times = node.count === undefined ? '' : ` × ${String(node.count)}`;
  const title = `${node.kind === 'run' ? '' : `${node.kind} `}${node.name}${times}`;
  return plain(facts.length === 0 ? title : `${title}: ${facts.join(', ')}`);
}
