import { CancelScope } from './cancel-scope.ts';
import type { ScopeRegistration } from './cancel-scope.ts';
import { Waiter } from './park.ts';
import type { TaskCore } from './task.ts';

/** A wait of a task, and one of the tasks without whose doing it cannot end. */
interface Step {
  readonly waiting: TaskCore<unknown>;
  readonly what: string;
  readonly on: TaskCore<unknown>;
  /** When the wait is cut short, if ever. */
  readonly deadline: number;
}

/** Tasks that wait for each other in a circle. */
export interface Deadlock {
  /** Who waits for what, and for whom. */
  readonly text: string;
  /** No deadline will break it. */
  readonly isForEver: boolean;
}

/**
 * Finds tasks that wait for each other in a circle, through waits that say whom they are blocked by:
 * joins, the end of a group, locks. A depth-first search from each task, every task looked at once.
 *
 * @returns the circles; none if there are none
 */
export function findDeadlocks(tasks: Iterable<TaskCore<unknown>>): Deadlock[] {
  const seen = new Set<TaskCore<unknown>>();
  const found: Deadlock[] = [];
  for (const task of tasks) {
    const circle = circleFrom(task, [], seen);
    if (circle === undefined) continue;
    const text = fromEldest(circle).map(describe).join(', and ');
    found.push({ text, isForEver: circle.every(({ deadline }) => deadline === Infinity) });
  }
  return found;
}

function fromEldest(circle: readonly Step[]): Step[] {
  const ids = circle.map(({ waiting }) => waiting.id);
  const start = ids.indexOf(Math.min(...ids));
  return [...circle.slice(start), ...circle.slice(0, start)];
}

function circleFrom(
  task: TaskCore<unknown>,
  path: readonly Step[],
  seen: Set<TaskCore<unknown>>,
): readonly Step[] | undefined {
  const start = path.findIndex(({ waiting }) => waiting === task);
  if (start >= 0) return path.slice(start);
  if (seen.has(task)) return undefined;
  seen.add(task);
  for (const step of stepsOf(task)) {
    const circle = circleFrom(step.on, [...path, step], seen);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** The waits in a task, outside of its children, that name whom they are blocked by. */
function stepsOf(task: TaskCore<unknown>): Step[] {
  const steps: Step[] = [];
  const trail: CancelScope[] = [task.scope];
  for (let scope = trail.pop(); scope !== undefined; scope = trail.pop()) {
    for (let below: ScopeRegistration | undefined = scope._first; below; below = below._next) {
      if (below instanceof CancelScope && below._task === task) trail.push(below);
      if (below instanceof Waiter && below.blockedBy !== undefined) {
        steps.push(...stepsOn(task, below as Waiter<unknown>));
      }
    }
  }
  return steps;
}

function stepsOn(waiting: TaskCore<unknown>, waiter: Waiter<unknown>): Step[] {
  const what = typeof waiter.name === 'function' ? waiter.name() : waiter.name;
  const tasks = [...(waiter.blockedBy?.() ?? [])] as TaskCore<unknown>[];
  const deadline = waiter._host instanceof CancelScope ? waiter._host.effectiveDeadline : Infinity;
  return tasks.filter((task) => !task.done).map((on) => ({ waiting, what, on, deadline }));
}

function describe({ waiting, what, on }: Step): string {
  return `"${waiting.name}" waits for ${what}, which "${on.name}" has to end`;
}
