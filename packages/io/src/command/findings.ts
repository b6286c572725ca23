import type { TaskTreeNode } from '@ambit/core';
import type { Report } from '../inspect/vital-signs.ts';
import { formatMs } from './text.ts';
import { nodesOf, withoutTimes } from './walk.ts';

/** Something about a program that its owner should look at. */
export interface Finding {
  /** `bad`: it will not go away by itself. */
  readonly level: 'bad' | 'doubtful';
  /** A word. */
  readonly label: string;
  readonly text: string;
}

/** For how many milliseconds a cancelled task may clean up before it is called stuck. */
const CLEANUP = 1000;
/** How many tasks in one line are a crowd. */
const CROWD = 5;
/** How many milliseconds the event loop may be late. */
const LATE = 100;

export function isStuck({ cancelledFor }: TaskTreeNode): boolean {
  return (cancelledFor ?? 0) > CLEANUP;
}

/** How bad a node is by itself: 2 is stuck or overdue, 1 waits for something that another task holds. */
export function urgencyOf(node: TaskTreeNode): number {
  if (isStuck(node) || node.overdue !== undefined || node.straggler === true) return 2;
  return node.waitsFor.some(isHeld) ? 1 : 0;
}

/** Whether a wait is for something that other tasks have. */
function isHeld(wait: string): boolean {
  return /\((?:\d+ )?held\b|held by /.test(wait);
}

/** What of a report tells what is wrong. */
type Found = Pick<Report, 'tree' | 'deadlocks'> &
  Partial<Pick<Report, 'delay' | 'busiest' | 'since'>>;

/** What is wrong, the worst first. */
export function findingsOf(report: Found): Finding[] {
  const nodes = [...nodesOf(report.tree)];
  return [
    ...report.deadlocks.map((text) => ({ level: 'bad' as const, label: 'DEADLOCK', text })),
    ...nodes.filter(isStuck).map(stuck),
    ...nodes.filter(isOverdue).map(overdue),
    ...crowdsOf(nodes),
    ...late(report),
  ];
}

function stuck(node: TaskTreeNode): Finding {
  const since = formatMs(node.cancelledFor ?? 0);
  const text = `${titleOf(node)} was cancelled ${since} ago and still runs; ${doingOf(node)}`;
  return { level: 'bad', label: 'STUCK', text };
}

/** The innermost ones: around them everything is overdue too. A stuck one is told of already. */
function isOverdue(node: TaskTreeNode): boolean {
  if (node.overdue === undefined || isStuck(node)) return false;
  return !node.children.some((child) => child.overdue !== undefined || isStuck(child));
}

function overdue(node: TaskTreeNode): Finding {
  const since = formatMs(node.overdue ?? 0);
  const text = `${titleOf(node)} ignores its deadline, which passed ${since} ago; ${doingOf(node)}`;
  return { level: 'bad', label: 'OVERDUE', text };
}

function titleOf({ kind, name, count }: TaskTreeNode): string {
  return `${kind} "${name}"${count === undefined ? '' : ` × ${String(count)}`}`;
}

function doingOf(node: TaskTreeNode): string {
  for (const { waitsFor } of nodesOf(node)) {
    if (waitsFor.length > 0) return `it waits for ${waitsFor.join(' and ')}`;
  }
  return 'what it waits for is no wait of Ambit: code that takes no signal, or that computes';
}

function crowdsOf(nodes: readonly TaskTreeNode[]): Finding[] {
  const sizes = new Map<string, number>();
  for (const { waitsFor, count = 1 } of nodes) {
    for (const wait of waitsFor.filter(isHeld)) {
      const key = withoutTimes(wait);
      sizes.set(key, (sizes.get(key) ?? 0) + count);
    }
  }
  return [...sizes]
    .filter(([, size]) => size >= CROWD)
    .sort(([, a], [, b]) => b - a)
    .map(([wait, size]) => {
      const text = `${String(size)} tasks wait for ${wait}`;
      return { level: 'doubtful', label: 'CROWD', text };
    });
}

function late({ delay, busiest = [], since = 0 }: Found): Finding[] {
  if (delay === undefined || delay.max < LATE) return [];
  const [first] = busiest;
  const share = first === undefined ? 0 : Math.round((first.ms / since) * 100);
  const cause =
    first === undefined || share < 10
      ? ''
      : `; task "${first.name}" took ${String(share)} % of the time`;
  const text = `the event loop was late by ${formatMs(delay.max)}${cause}`;
  return [{ level: 'doubtful', label: 'LATE', text }];
}
