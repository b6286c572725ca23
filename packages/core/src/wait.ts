import { currentFrame } from './cancel-scope.ts';
import { checkOneOf, checkOptions, checkSignal, checkTime, show } from './check.ts';
import { remove } from './internal/linked-list.ts';
import type { Listener } from './outcome.ts';
import { parkIn, refuseIfCancelled } from './park.ts';
import { ParkingLot } from './parking-lot.ts';
import { shielded } from './resource-stack.ts';
import { TaskCore } from './task.ts';
import { helper } from './task-group.ts';
import type { Task, TaskFunction, TaskGroup } from './task-group.ts';
import { moveOnAfter } from './timeouts.ts';

export interface WaitOptions {
  /** Default `'all'`. With `'first-failed'` also once all are done; a cancelled task has not failed. */
  readonly until?: 'all' | 'first-completed' | 'first-failed' | undefined;
  /** Milliseconds; then it returns with what is done. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for tasks, without cancelling any, whatever happens. A checkpoint.
 *
 * @param tasks - at least one
 * @param options - `until`: what for; `timeout`: milliseconds; `signal`
 * @returns which are done by then and which are not; running out of time is no error
 * @throws (rejects) TypeError for no tasks; the ambient scope's CancelledError; `signal.reason`
 * @example
 * const { done, pending } = await wait(tasks, { until: 'first-completed', timeout: 500 });
 */
export async function wait<T>(
  tasks: Iterable<Task<T>>,
  options?: WaitOptions,
): Promise<{ done: Set<Task<T>>; pending: Set<Task<T>> }> {
  const all = tasksOf(tasks);
  checkOptions('wait', options);
  checkSignal('wait', options?.signal);
  const until = options?.until ?? 'all';
  checkOneOf('wait', 'until', until, ['all', 'first-completed', 'first-failed']);
  const time = options?.timeout ?? Infinity;
  checkTime('wait', 'timeout', time);
  refuseIfCancelled(currentFrame()._scope, options?.signal);
  const isOver = (): boolean => isReached(until, all);
  if (!isOver()) await moveOnAfter(time, () => someEnd(all, isOver, options?.signal));
  const done = [...all].filter((task) => task.done);
  return { done: new Set(done), pending: new Set([...all].filter((task) => !task.done)) };
}

function isReached(until: NonNullable<WaitOptions['until']>, tasks: Set<Task<unknown>>): boolean {
  const list = [...tasks];
  if (list.every((task) => task.done)) return true;
  if (until === 'all') return false;
  return list.some((task) =>
    until === 'first-completed' ? task.done : task.status === 'rejected',
  );
}

/** Parks until a task's end makes the condition true. */
function someEnd(
  tasks: Set<Task<unknown>>,
  isOver: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const scope = currentFrame()._scope;
  return parkIn<void>(
    scope,
    (waiter) => {
      const listeners: Listener[] = [];
      const forget = (): void => {
        for (const listener of listeners) remove(listener);
      };
      const check = (): void => {
        if (isOver() && waiter.wake()) forget();
      };
      for (const task of tasks) if (!task.done) listeners.push(task._listen(check));
      return forget;
    },
    { signal, name: 'wait' },
  );
}

function tasksOf<T>(tasks: Iterable<Task<T>>): Set<Task<T>> {
  const candidate = tasks as Partial<Iterable<Task<T>>> | null | undefined;
  if (typeof candidate?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`wait: tasks is ${show(tasks)}; give an array or a set of tasks`);
  }
  const all = new Set(tasks);
  if (all.size === 0) throw new TypeError('wait: there are no tasks; give at least one');
  for (const task of all) {
    if (task instanceof TaskCore) task._refuseDeadlock('wait');
    else throw new TypeError(`wait: ${show(task)} is not a task; group.spawn() gives one`);
  }
  return all;
}

type TaskOf<F> =
  F extends Task<infer T>
    ? Task<T>
    : F extends (...args: never[]) => infer R
      ? Task<Awaited<R>>
      : never;

/**
 * Iterates tasks in the order in which they end, failed and cancelled ones too: await the task, or look
 * at its status. Functions are started at the first `next()`; leaving the loop cancels what was
 * started here, and waits for it. Tasks that are given are left alone.
 *
 * @param tasks - functions or tasks; a task that is given twice comes once
 * @example
 * for await (const task of asCompleted(urls.map((url) => () => fetchText(url)))) {
 *   console.log(await task);
 * }
 */
export function asCompleted<const F extends ((task: Task<never>) => unknown) | Task<unknown>>(
  tasks: Iterable<F>,
): AsyncIterableIterator<TaskOf<F>> & AsyncDisposable {
  const candidate = tasks as Partial<Iterable<F>> | null | undefined;
  if (typeof candidate?.[Symbol.iterator] !== 'function') {
    throw new TypeError(
      `asCompleted: tasks is ${show(tasks)}; give an array of functions or tasks`,
    );
  }
  const all = [...new Set<unknown>(tasks)];
  for (const task of all) {
    if (typeof task === 'function' || task instanceof TaskCore) continue;
    throw new TypeError(`asCompleted: ${show(task)} is neither a function nor a task`);
  }
  return new Completions(all as (TaskFunction<unknown> | Task<unknown>)[]) as never;
}

class Completions implements AsyncIterableIterator<Task<unknown>>, AsyncDisposable {
  readonly #given: (TaskFunction<unknown> | Task<unknown>)[];
  readonly #ready: Task<unknown>[] = [];
  readonly #arrival = new ParkingLot();
  readonly #listeners: Listener[] = [];
  #pending = 0;
  #group: TaskGroup | undefined;
  #isClosed = false;

  constructor(given: (TaskFunction<unknown> | Task<unknown>)[]) {
    this.#given = given;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Task<unknown>, undefined>> {
    if (this.#isClosed) return { done: true, value: undefined };
    try {
      refuseIfCancelled(currentFrame()._scope, undefined);
      this.#start();
      while (this.#ready.length === 0 && this.#pending > 0) {
        await this.#arrival.park({ name: 'asCompleted' });
      }
    } catch (error) {
      // `for await` does not call return() when next() rejects.
      if (this.#group?.scope.reason !== undefined) await this.#close();
      throw error;
    }
    const task = this.#ready.shift();
    if (task === undefined) return this.return();
    task._isObserved = true;
    return { done: false, value: task };
  }

  async return(): Promise<IteratorResult<Task<unknown>, undefined>> {
    await this.#close();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #start(): void {
    for (let given = this.#given.shift(); given !== undefined; given = this.#given.shift()) {
      this.#watch(given instanceof TaskCore ? given : this.#spawn(given));
    }
  }

  #spawn(fn: TaskFunction<unknown>): Task<unknown> {
    this.#group ??= helper({ onFailure: 'continue', name: 'asCompleted' });
    return this.#group.spawn(fn);
  }

  #watch(task: Task<unknown>): void {
    if (task.done) {
      this.#ready.push(task);
      return;
    }
    this.#pending += 1;
    this.#listeners.push(
      task._listen(() => {
        this.#pending -= 1;
        this.#ready.push(task);
        this.#arrival.unparkAll();
      }),
    );
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#listeners) remove(listener);
    const group = this.#group;
    if (group === undefined) return;
    group.cancel();
    await shielded(() => group[Symbol.asyncDispose]());
  }
}
