import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Registration } from '../scope/propagation.ts';
import { Waiter } from '../waiting/waiter.ts';
import type { Task } from '../tasks/task.ts';

/** A wait of a task, and one of the tasks without whose doing it cannot end. */
interface Step {
  readonly waiting: Task<unknown>;
  readonly waiter: Waiter<unknown>;
  readonly on: Task<unknown>;
}

/** Tasks that wait for each other in a circle. */
export interface Deadlock {
  /** A task, the wait it is in, and the task that it waits for. */
  readonly text: string;
  /** Neither a deadline nor a callback will break it. */
  readonly isForEver: boolean;
}

/**
 * Finds tasks that wait for each other in a circle, through waits that say which tasks block them:
 * joins, the end of a group, locks. A depth-first search from each task, every task looked at once.
 *
 * @returns the circles; none if there are none
 */
export function findDeadlocks(tasks: Iterable<Task<unknown>>): Deadlock[] {
  const seen = new Set<Task<unknown>>();
  const found: Deadlock[] = [];
  for (const task of tasks) {
    if (seen.has(task)) continue;
    const circle = circleFrom(task, seen);
    if (circle === undefined) continue;
    const text = fromEldest(circle).map(describe).join(', and ');
    found.push({ text, isForEver: circle.every(isFinal) });
  }
  return found;
}

/** Whether neither time nor a callback will end the wait. Asked of circles only: it looks at all scopes around. */
function isFinal({ waiting, waiter }: Step): boolean {
  if (!isLasting(waiting, waiter)) return false;
  // Each of those that hold what is waited for could give it back.
  return waiter.isCertain === undefined || areStuck(blockersOf(waiter));
}

/** Whether nothing but the tasks that block a wait can end it. */
function isLasting(waiting: Task<unknown>, waiter: Waiter<unknown>): boolean {
  if (waiter.blockedBy === undefined) return false;
  if (waiter._host instanceof AnyScope && limitAround(waiter._host) < Infinity) return false;
  return waiter.isCertain === undefined || waiter.isCertain(waiting);
}

function fromEldest(circle: readonly Step[]): Step[] {
  const ids = circle.map(({ waiting }) => waiting.id);
  const start = ids.indexOf(Math.min(...ids));
  return [...circle.slice(start), ...circle.slice(0, start)];
}

/** Without recursion: tasks may be nested deeper than the stack. */
function circleFrom(first: Task<unknown>, seen: Set<Task<unknown>>): readonly Step[] | undefined {
  const path: Step[] = [];
  /** At which step of the path each task on it waits. */
  const places = new Map<Task<unknown>, number>();
  const trail: { readonly task: Task<unknown>; readonly steps: Step[] }[] = [];
  const visit = (task: Task<unknown>): void => {
    seen.add(task);
    places.set(task, path.length);
    trail.push({ task, steps: stepsOf(task) });
  };
  visit(first);
  for (let here = trail.at(-1); here !== undefined; here = trail.at(-1)) {
    const step = here.steps.shift();
    if (step === undefined) {
      places.delete(here.task);
      trail.pop();
      path.pop();
      continue;
    }
    const place = places.get(step.on);
    if (place !== undefined) return [...path.slice(place), step];
    if (seen.has(step.on)) continue;
    path.push(step);
    visit(step.on);
  }
  return undefined;
}

/** The waits in a task that name the tasks they are blocked by. */
function stepsOf(task: Task<unknown>): Step[] {
  return waitsOf(task).flatMap((waiter) => stepsOn(task, waiter));
}

/** The waits in a task, outside of its children. */
function waitsOf(task: Task<unknown>): Waiter<unknown>[] {
  const waits: Waiter<unknown>[] = [];
  const trail: CancelScope[] = [task.scope];
  for (let scope = trail.pop(); scope !== undefined; scope = trail.pop()) {
    for (let below: Registration | undefined = scope._first; below; below = below._next) {
      if (below instanceof AnyScope && below._task === task) trail.push(below);
      if (below instanceof Waiter) waits.push(below as Waiter<unknown>);
    }
  }
  return waits;
}

function stepsOn(waiting: Task<unknown>, waiter: Waiter<unknown>): Step[] {
  return blockersOf(waiter)
    .filter((on) => on !== waiting || waiter.isCertain?.(waiting) === true)
    .map((on) => ({ waiting, waiter, on }));
}

function blockersOf(waiter: Waiter<unknown>): Task<unknown>[] {
  const tasks = [...(waiter.blockedBy?.() ?? [])] as Task<unknown>[];
  return tasks.filter((task) => !task.done);
}

/**
 * Whether each of some tasks is stuck: a task may have another part that goes on, and gives back what it holds. Takes
 * all for stuck that they wait for, directly or not, and drops those that may go on until none is left to drop.
 */
function areStuck(tasks: readonly Task<unknown>[]): boolean {
  const stuck = new Map<Task<unknown>, readonly Waiter<unknown>[]>();
  const rest = [...tasks];
  for (let task = rest.pop(); task !== undefined; task = rest.pop()) {
    if (stuck.has(task)) continue;
    const waits = waitsOf(task);
    stuck.set(task, waits);
    rest.push(...waits.flatMap(blockersOf));
  }
  for (let size = Infinity; size > stuck.size;) {
    size = stuck.size;
    for (const [task, waits] of stuck) {
      if (!areLasting(task, waits, stuck)) stuck.delete(task);
    }
  }
  return tasks.every((task) => stuck.has(task));
}

/** Whether a task has waits, and none of them can end if those do not that are `stuck`. */
function areLasting(
  task: Task<unknown>,
  waits: readonly Waiter<unknown>[],
  stuck: ReadonlyMap<Task<unknown>, unknown>,
): boolean {
  const isHere = (blocker: Task<unknown>): boolean => stuck.has(blocker);
  const lasts = (waiter: Waiter<unknown>): boolean => {
    const blockers = blockersOf(waiter);
    // A wait for the end of tasks lasts as long as one of them; one for what they hold, until any of them gives it back.
    const lastsBy = waiter.isCertain === undefined ? blockers.some(isHere) : blockers.every(isHere);
    return isLasting(task, waiter) && lastsBy;
  };
  return waits.length > 0 && waits.every(lasts);
}

/** When time will end a wait here. A wait in a cancelled scope is part of its cleanup, which goes on. */
function limitAround(innermost: CancelScope): number {
  let earliest = Infinity;
  for (let scope: CancelScope | undefined = innermost; scope !== undefined; scope = scope._parent) {
    if (scope._reason === undefined) earliest = Math.min(earliest, scope._deadline);
    if (scope._shield) break;
  }
  return earliest;
}

function describe({ waiting, waiter, on }: Step): string {
  const what = typeof waiter.name === 'function' ? waiter.name() : waiter.name;
  return `"${waiting.name}" waits for ${what}, which "${on.name}" has to end`;
}
