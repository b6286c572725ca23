import { ContextVar, currentTask } from '@ambit/core';
import type { Task } from '@ambit/core';
import { isWithin } from '@ambit/core/lowlevel';
import type { ParkOptions } from '@ambit/core/lowlevel';

/** A body that holds permits until it has ended. */
interface Holder {
  readonly task: Task<unknown> | undefined;
  readonly count: number;
  /** The holder in whose body this one began, if that waits for it. */
  readonly around: Holder | undefined;
}

/** What a wait for permits tells of the tasks that block it. */
export type Blocked = Pick<ParkOptions, 'blockedBy' | 'isCertain'>;

/**
 * For debug mode, which names deadlocks: the bodies that hold permits, and the waits that began inside of them. A permit
 * whose guard is in a user's hands can come back from anywhere; one of a body comes back when the body ends.
 */
export class Holders {
  readonly #all = new Set<Holder>();
  readonly #waits = new Set<{ readonly around: Holder | undefined }>();
  readonly #ambientHolder = new ContextVar<Holder>();

  /** Calls a body that holds a number of permits. */
  async run<T>(count: number, body: () => T | PromiseLike<T>): Promise<T> {
    const holder: Holder = { task: currentTask(), count, around: this.#here() };
    this.#all.add(holder);
    try {
      return await this.#ambientHolder.run(holder, body);
    } finally {
      this.#all.delete(holder);
    }
  }

  /**
   * Begins a wait.
   *
   * @param borrowed - how many permits are taken, at any time
   * @param begin - gets how the wait is to be described
   */
  wait<T>(borrowed: () => number, begin: (blocked: Blocked) => Promise<T>): Promise<T> {
    const wait = { around: this.#here() };
    const end = (): void => void this.#waits.delete(wait);
    this.#waits.add(wait);
    const waiting = begin({
      blockedBy: () => [...this.#all].flatMap(({ task }) => task ?? []),
      isCertain: (task) => this.#areAllHere(borrowed()) && this.#isInAllOf(task),
    });
    waiting.then(end, end);
    return waiting;
  }

  /** Whether all permits that are taken are held by bodies of tasks. */
  #areAllHere(borrowed: number): boolean {
    let held = 0;
    for (const { task, count } of this.#all) held += task === undefined ? 0 : count;
    return held === borrowed;
  }

  /** Whether each body of the task has a wait in it: another part of the task cannot give back what those hold. */
  #isInAllOf(task: object): boolean {
    const stuck = new Set<Holder>();
    for (const { around } of this.#waits) {
      for (let holder = around; holder !== undefined; holder = holder.around) stuck.add(holder);
    }
    return [...this.#all].every((holder) => holder.task !== task || stuck.has(holder));
  }

  /** The innermost body that the caller is in, and that waits for the caller. */
  #here(): Holder | undefined {
    const holder = this.#ambientHolder.get();
    return holder !== undefined && isWithin(this.#ambientHolder, holder) ? holder : undefined;
  }
}
