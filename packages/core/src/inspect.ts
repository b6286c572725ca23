import { CancelScope, currentRuntime, rootScope } from './cancel-scope.ts';
import type { ScopeRegistration } from './cancel-scope.ts';
import { findDeadlocks } from './deadlock.ts';
import { Waiter } from './park.ts';
import type { TaskStatus } from './task.ts';
import type { Task } from './task-group.ts';

/** A group or a task, with what is inside it. */
export interface TaskTreeNode {
  /** What it is. */
  readonly kind: 'run' | 'group' | 'task';
  /** As given, or the name of the function. */
  readonly name: string;
  /** Of a task. */
  readonly status?: TaskStatus;
  /** Of a task: milliseconds since it was spawned. */
  readonly age?: number;
  /** Of a task that was cancelled and has not ended: for how many milliseconds. */
  readonly cancelledFor?: number;
  /** The instant at which it, or a scope between it and its children, is cancelled. */
  readonly deadline?: number;
  /** What the code in it waits for, apart from its children. */
  readonly waitsFor: readonly string[];
  /** What is inside it. */
  readonly children: readonly TaskTreeNode[];
}

/**
 * What is going on in the running `run()`; outside of any, on the host loop.
 *
 * @example
 * console.dir(taskTree(), { depth: null });
 */
export function taskTree(): TaskTreeNode {
  const runtime = currentRuntime();
  return new Survey(runtime.loop.now()).node(
    (runtime.scope as CancelScope | undefined) ?? rootScope,
    'run',
    'run',
  );
}

/** Walks the tree of scopes. */
class Survey {
  readonly #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  node(scope: CancelScope, kind: TaskTreeNode['kind'], name: string): TaskTreeNode {
    const inside: Inside = { waitsFor: [], children: [], deadline: scope._deadline };
    this.#look(scope, inside);
    const { waitsFor, children, deadline } = inside;
    return { kind, name, ...(deadline < Infinity && { deadline }), waitsFor, children };
  }

  #look(scope: CancelScope, inside: Inside): void {
    for (let below: ScopeRegistration | undefined = scope._first; below; below = below._next) {
      if (below instanceof Waiter) inside.waitsFor.push(this.#describe(below));
      else if (below instanceof CancelScope) this.#lookBelow(below, inside);
    }
  }

  #lookBelow(scope: CancelScope, inside: Inside): void {
    const task = scope._task as Task<unknown> | undefined;
    if (task?.scope === scope) {
      inside.children.push(this.#taskNode(task));
      return;
    }
    if (scope._owner !== undefined) {
      inside.children.push(this.node(scope, 'group', scope.name));
      return;
    }
    // A scope that is neither a task's nor a group's belongs to the code around it.
    inside.deadline = Math.min(inside.deadline, scope._deadline);
    this.#look(scope, inside);
  }

  #taskNode(task: Task<unknown>): TaskTreeNode {
    const node = this.node(task.scope, 'task', task.name);
    const since = task.scope.reason?._since;
    const cancelled = since === undefined ? {} : { cancelledFor: this.#now - since };
    return { ...node, status: task.status, age: this.#now - task._born, ...cancelled };
  }

  #describe(waiter: Waiter<unknown>): string {
    const given = typeof waiter.name === 'function' ? waiter.name() : waiter.name;
    const name = given === '' ? 'a wait without a name' : given;
    if (waiter.until === undefined) return name;
    return `${name} ${formatTime(waiter.until - this.#now)}`;
  }
}

interface Inside {
  readonly waitsFor: string[];
  readonly children: TaskTreeNode[];
  deadline: number;
}

function formatTime(ms: number): string {
  if (ms === Infinity) return 'for ever';
  return ms < 1000 ? `${String(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/**
 * The task tree as a text to look at.
 *
 * @example
 * console.error(formatTaskTree());
 */
export function formatTaskTree(): string {
  const now = currentRuntime().loop.now();
  const lines: string[] = [];
  addLines(taskTree(), now, '', '', lines);
  for (const { text } of findDeadlocks(allTasks())) lines.push(`Deadlock: ${text}`);
  return lines.join('\n');
}

function addLines(
  node: TaskTreeNode,
  now: number,
  lead: string,
  indent: string,
  lines: string[],
): void {
  lines.push(`${lead}${describe(node, now)}`);
  node.children.forEach((child, at) => {
    const isLast = at === node.children.length - 1;
    addLines(
      child,
      now,
      `${indent}${isLast ? '└─ ' : '├─ '}`,
      `${indent}${isLast ? '   ' : '│  '}`,
      lines,
    );
  });
}

function describe(node: TaskTreeNode, now: number): string {
  const facts: string[] = [];
  if (node.status !== undefined) facts.push(node.status);
  if (node.age !== undefined) facts.push(formatTime(node.age));
  if (node.cancelledFor !== undefined) {
    facts.push(`CANCELLED ${formatTime(node.cancelledFor)} AGO AND STILL THERE`);
  }
  if (node.deadline !== undefined)
    facts.push(`deadline in ${formatTime(Math.max(node.deadline - now, 0))}`);
  if (node.waitsFor.length > 0) facts.push(`waits for ${node.waitsFor.join(' and ')}`);
  const title = node.kind === 'run' ? node.name : `${node.kind} ${node.name}`.trimEnd();
  return facts.length === 0 ? title : `${title}: ${facts.join(', ')}`;
}

/**
 * The unfinished tasks of the running `run()`; outside of any, of the host loop.
 *
 * @example
 * console.log(`${allTasks().size} tasks`);
 */
export function allTasks(): ReadonlySet<Task<unknown>> {
  const tasks = new Set<Task<unknown>>();
  const trail: CancelScope[] = [(currentRuntime().scope as CancelScope | undefined) ?? rootScope];
  // Grows while it is walked: who is above comes before who is below.
  for (const scope of trail) {
    // Scopes within a task know it too, and may be left floating when it has ended.
    const task = scope._task as Task<unknown> | undefined;
    if (task?.scope === scope) tasks.add(task);
    for (let below = scope._first; below !== undefined; below = below._next) {
      if (below instanceof CancelScope) trail.push(below);
    }
  }
  return tasks;
}
