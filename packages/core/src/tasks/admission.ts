import { Line } from '../waiting/line.ts';
import { HAS_SLOT } from '../waiting/marks.ts';
import type { Task } from './task.ts';

/** Lets a limited number of tasks run at a time; the others queue, first in, first out. */
export class Admission {
  readonly #limit: number;
  #running = 0;
  #queue: Line | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls the task's function, now or when there is room; never, if the task is cancelled before. */
  admit(task: Task<unknown>, fn: (task: never) => unknown): void {
    if (task.scope._reason !== undefined) {
      task._endUnstarted();
      return;
    }
    if (this.#running >= this.#limit) {
      this.#queueUp(task, fn);
      return;
    }
    this.#running += 1;
    task._marks |= HAS_SLOT;
    task._begin(fn);
  }

  #queueUp(task: Task<unknown>, fn: (task: never) => unknown): void {
    this.#queue ??= new Line();
    const abandoned = (): void => {
      if (!task.done) task._endUnstarted();
    };
    const place = this.#queue._parkIn(task.scope, { name: 'its turn', onAbandon: abandoned });
    // A reaction registered here runs in the async context of the spawner, as the function would have.
    place.then(() => {
      task._marks |= HAS_SLOT;
      if (task.scope._reasonOfStarted() === undefined) task._begin(fn);
      else task._endUnstarted();
    }, abandoned);
  }

  /** The task has ended: its place goes to the next. */
  release(task: Task<unknown>): void {
    if (!task._is(HAS_SLOT)) return;
    // Hand the place over; counting down first would let a newcomer overtake the queue.
    if (this.#queue === undefined || this.#queue._wake(1, undefined) === 0) this.#running -= 1;
  }
}
