import { show } from './check.ts';
import { InvalidStateError } from './errors.ts';
import { quiet } from './internal/quiet.ts';
import type { TaskCore } from './task.ts';

/** A child that is being started by `start()`: until it says so, the caller answers for it. */
export class Starting<T> {
  readonly promise: Promise<T>;
  isAnnounced = false;
  #value: T | undefined;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The child says that it is ready. */
  announce(task: TaskCore<unknown>, value: T): void {
    if (this.isAnnounced) {
      throw new InvalidStateError(`started: the task ${show(task.name)} has called it before`);
    }
    this.isAnnounced = true;
    this.#value = value;
  }

  succeed(): void {
    this.#resolve(this.#value as T);
  }

  /** The child has ended under the caller. */
  ended(task: TaskCore<unknown>): void {
    if (task._settled === 'fulfilled' && this.isAnnounced) this.succeed();
    else if (task._settled === 'fulfilled') this.#reject(neverStarted(task));
    else this.#reject(task._result);
    if (task._settled === 'cancelled') quiet(this.promise);
  }
}

function neverStarted(task: TaskCore<unknown>): InvalidStateError {
  return new InvalidStateError(
    `start: the task ${show(task.name)} ended without calling started(); call it when it is ready`,
  );
}
