import { show } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { markHandled } from '../internal/mark-handled.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { parkIn } from '../waiting/park.ts';
import type { Waker } from '../waiting/waker.ts';
import type { Task } from './task.ts';

/** A child that is being started by `start()`: until it says so, the caller answers for it. */
export class Starting<T> {
  /** The caller's wait. Nothing cancels it: a cancelled caller takes the child along, and that ends it. */
  readonly promise: Promise<T>;
  isAnnounced = false;
  #value: T | undefined;
  #waker!: Waker<T>;

  constructor(caller: CancelScope, task: Task<unknown>) {
    const register = (waker: Waker<T>): void => {
      this.#waker = waker;
    };
    const name = `start ${task.name}`;
    this.promise = parkIn(caller, register, { shield: true, name, blockedBy: () => [task] });
  }

  /** The child says that it is ready. */
  announce(task: Task<unknown>, value: T): void {
    if (this.isAnnounced) {
      throw new InvalidStateError(`started: the task ${show(task.name)} has called it before`);
    }
    this.isAnnounced = true;
    this.#value = value;
  }

  succeed(): void {
    this.#waker.wake(this.#value as T);
  }

  /** The child has ended under the caller. */
  ended(task: Task<unknown>): void {
    if (task._settled === 'fulfilled' && this.isAnnounced) this.succeed();
    else if (task._settled === 'fulfilled') this.#waker.fail(neverStarted(task));
    else this.#waker.fail(task._result);
    if (task._settled === 'cancelled') markHandled(this.promise);
  }
}

function neverStarted(task: Task<unknown>): InvalidStateError {
  return new InvalidStateError(
    `start: the task ${show(task.name)} ended without calling started(); call it when it is ready`,
  );
}
