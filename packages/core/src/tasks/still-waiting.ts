import { ambient } from '../loop/ambient.ts';
import { idleTimer } from '../loop/event-loop.ts';
import type { EventLoop, Handle } from '../loop/event-loop.ts';
import type { Runtime } from '../loop/runtime.ts';
import { emitWarning } from '../internal/emit-warning.ts';
import { pathOf } from '../scope/stragglers.ts';
import type { Task } from './task.ts';

/** A group whose cancellation may be ignored by some of its tasks. */
export interface WaitingGroup {
  /** @internal */ _label(): string;
  /** @internal Its unfinished tasks that wait for no others. */
  _remains(): readonly Task<unknown>[];
}

// Milliseconds after the cancellation.
const PATIENCE = 5000;
// Milliseconds between two warnings by the same clock.
const PAUSE = 60_000;

/**
 * Warns of groups that wait long for tasks that ignore their cancellation: once for each group and each task, and at most once
 * a minute. The groups are in the order of their cancellation, so one timer serves all. It holds no process up.
 */
class StillWaiting {
  readonly #loop: EventLoop;
  /** When each is due. */
  readonly #groups = new Map<WaitingGroup, number>();
  readonly #told = new WeakSet<object>();
  #timer: Handle | undefined;
  #quietUntil = -Infinity;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  add(group: WaitingGroup): void {
    if (this.#groups.has(group)) return;
    const now = this.#loop.now();
    this.#groups.set(group, now + PATIENCE);
    // One that is overdue was armed by fake timers of a test, which are gone.
    if (this.#timer === undefined || this.#timer.when < now) this.#arm();
  }

  /** The timer stays for the next one: most groups end at once. */
  delete(group: WaitingGroup): void {
    this.#groups.delete(group);
  }

  #arm(): void {
    const [due] = this.#groups.values();
    if (due === undefined) return;
    const instant = Math.max(due, this.#quietUntil);
    // The timer serves all: it must not hold the scope of the caller that happens to arm it.
    this.#timer = ambient.run(undefined, () => idleTimer(this.#loop, instant, this.#look));
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const now = this.#loop.now();
    for (const [group, due] of this.#groups) {
      if (due > now || now < this.#quietUntil) break;
      this.#groups.delete(group);
      this.#tellOf(group, now);
    }
    this.#arm();
  };

  #tellOf(group: WaitingGroup, now: number): void {
    const tasks = group._remains().filter((task) => !this.#told.has(task));
    if (tasks.length === 0) return;
    for (const task of tasks) this.#told.add(task);
    this.#quietUntil = now + PAUSE;
    emitWarning(describe(group, tasks), 'TaskGroupWarning', 'AMBIT_STILL_WAITING');
  }
}

/** Those of one clock. */
const watches = new WeakMap<EventLoop, StillWaiting>();

/** Begins to watch over a group that was cancelled; {@link forget} ends that. */
export function watchOver(group: WaitingGroup, { loop }: Runtime): void {
  let watch = watches.get(loop);
  if (watch === undefined) {
    watch = new StillWaiting(loop);
    watches.set(loop, watch);
  }
  watch.add(group);
}

/** The group has ended. */
export function forget(group: WaitingGroup, { loop }: Runtime): void {
  watches.get(loop)?.delete(group);
}

function describe(group: WaitingGroup, tasks: readonly Task<unknown>[]): string {
  const lines = tasks.map((task) => {
    const site = task._spawnSite === undefined ? '' : `, spawned\n${task._spawnSite}`;
    return `  the task "${task.name}" (${pathOf(task.scope)})${site}`;
  });
  return [
    `${group._label()} still waits for what was cancelled ${String(PATIENCE / 1000)} s ago or longer:`,
    ...lines,
    'Does it catch the cancellation, or await something that cannot be cancelled? See formatTaskTree(); a grace bounds the wait.',
  ].join('\n');
}
