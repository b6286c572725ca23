import { counted } from '../internal/counted.ts';
import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { findDeadlocks } from './deadlock.ts';
import { outermost } from './running.ts';
import { formatTime, Survey } from './survey.ts';
import { taskOf } from '../tasks/current-group.ts';
import type { TaskTreeNode } from './survey.ts';
import type { Task } from '../tasks/task.ts';

/**
 * Describes the tasks and waits of the running `run()`; outside of any, those on the host loop.
 *
 * @returns the tree, as objects
 * @example
 * console.dir(taskTree(), { depth: null });
 */
export function taskTree(): TaskTreeNode {
  return new Survey().of(outermost(currentRuntime()));
}

/**
 * Returns the task tree as a text to look at.
 *
 * @example
 * console.error(formatTaskTree());
 */
export function formatTaskTree(): string {
  return treeAsText(Infinity);
}

/** As `formatTaskTree`, with a number of lines at most: in a log the tree of 100,000 tasks would hide the rest. */
export function treeAsText(most: number): string {
  const now = currentRuntime().loop.now();
  const lines: string[] = [];
  let omitted = 0;
  for (const { node, lead } of linesOf(taskTree())) {
    if (lines.length < most) lines.push(`${lead}${describe(node, now)}`);
    else omitted += 1;
  }
  if (omitted > 0) lines.push(`… and ${String(omitted)} more tasks and groups`);
  for (const { text } of findDeadlocks(allTasks())) lines.push(`Deadlock: ${text}`);
  return lines.join('\n');
}

// Deeper nodes are not indented further, but numbered: each line would be longer than the one before.
const DEEPEST = 100;

/** The nodes, each above what is inside it, with what is drawn in front. */
function* linesOf(root: TaskTreeNode): Generator<{ node: TaskTreeNode; lead: string }> {
  const trail = [{ node: root, lead: '', indent: '', depth: 0 }];
  for (let here = trail.pop(); here !== undefined; here = trail.pop()) {
    yield here;
    const { node, indent } = here;
    const depth = here.depth + 1;
    const label = depth > DEEPEST ? `(${String(depth)}) ` : '';
    for (const [at, child] of [...node.children.entries()].reverse()) {
      const isLast = at === node.children.length - 1;
      const lead = `${indent}${isLast ? '└─ ' : '├─ '}${label}`;
      const below = depth >= DEEPEST ? indent : `${indent}${isLast ? '   ' : '│  '}`;
      trail.push({ node: child, lead, indent: below, depth });
    }
  }
}

function describe(node: TaskTreeNode, now: number): string {
  const facts: string[] = [];
  if (node.state !== undefined) facts.push(node.state);
  if (node.age !== undefined) facts.push(formatTime(node.age));
  if (node.cancelledFor !== undefined) {
    facts.push(`CANCELLED ${formatTime(node.cancelledFor)} AGO AND STILL THERE`);
  }
  if (node.straggler === true) facts.push('straggler: its grace is over');
  if (node.deadline !== undefined) facts.push(describeDeadline(node.deadline - now));
  if (node.waitsFor.length > 0) facts.push(describeWaits(node.waitsFor));
  const title = node.kind === 'run' ? node.name : `${node.kind} ${node.name}`.trimEnd();
  return facts.length === 0 ? title : `${title}: ${facts.join(', ')}`;
}

// Ten thousand waits of one kind, in a task that gathers them, would be a line of a megabyte.
const MOST_WAITS = 10;

function describeWaits(waits: readonly string[]): string {
  const times = new Map<string, number>();
  for (const name of waits) times.set(name, (times.get(name) ?? 0) + 1);
  const kinds = [...times].map(([name, n]) => (n === 1 ? name : `${name} (${String(n)} times)`));
  const hidden = kinds.length - MOST_WAITS;
  if (hidden > 0) kinds.splice(MOST_WAITS, hidden, counted(hidden, 'other'));
  return `waits for ${kinds.join(' and ')}`;
}

function describeDeadline(left: number): string {
  if (left >= 0) return `deadline in ${formatTime(left)}`;
  return `deadline passed ${formatTime(-left)} ago AND STILL THERE`;
}

/**
 * Returns the unfinished tasks of the running `run()`; outside of any, of the host loop.
 *
 * @example
 * console.log(`${allTasks().size} tasks`);
 */
export function allTasks(): ReadonlySet<Task<unknown>> {
  return tasksBelow(outermost(currentRuntime()));
}

export function tasksBelow(root: CancelScope): ReadonlySet<Task<unknown>> {
  const tasks = new Set<Task<unknown>>();
  const trail: CancelScope[] = [root];
  // Grows while it is walked: a task comes before the tasks below it.
  for (const scope of trail) {
    // Scopes within a task know it too, and may be left floating when it has ended.
    const task = taskOf(scope);
    if (task?.scope === scope) tasks.add(task);
    for (let below = scope._first; below !== undefined; below = below._next) {
      if (below instanceof AnyScope) trail.push(below);
    }
  }
  return tasks;
}
