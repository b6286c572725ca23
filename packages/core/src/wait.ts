import { currentFrame } from './cancel-scope.ts';
import { checkOneOf, checkOptions, checkSignal, checkTime, show } from './check.ts';
import { remove } from './internal/linked-list.ts';
import type { Listener } from './outcome.ts';
import { parkIn, refuseIfCancelled } from './park.ts';
import { ParkingLot } from './parking-lot.ts';
import { TaskCore } from './task.ts';
import { helper } from './task-group.ts';
import type { Task, TaskFunction, TaskGroup } from './task-group.ts';
import { moveOnAfter } from './timeouts.ts';

/** What `wait` takes besides. */
export interface WaitOptions {
  /** Default `'all'`. With `'first-failed'` also once all are done; a cancelled task has not failed. */
  readonly until?: 'all' | 'first-completed' | 'first-failed' | undefined;
  /** Milliseconds; then it returns with what is done. */
  readonly timeout?: number | undefined;
  /** Aborting it ends the wait with `signal.reason`, in addition to the ambient scope. */
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
export async function wait<T extends Task<unknown>>(
  tasks: Iterable<T>,
  options?: WaitOptions,
): Promise<{ done: Set<T>; pending: Set<T> }> {
  const all = tasksOf(tasks);
  checkOptions('wait', options);
  checkSignal('wait', options?.signal);
  const until = options?.until ?? 'all';
  checkOneOf('wait', 'until', until, ['all', 'first-completed', 'first-failed']);
  const time = options?.timeout ?? Infinity;
  checkTime('wait', 'timeout', time);
  refuseIfCancelled(currentFrame()._scope, options?.signal);
  const tasksHere = [...all];
  const open = tasksHere.filter((task) => !task.done);
  if (open.length > 0 && !tasksHere.some((task) => suffices(until, task))) {
    await moveOnAfter(time, () => someEnd(open, until, options?.signal));
  }
  return {
    done: new Set(tasksHere.filter((task) => task.done)),
    pending: new Set(open.filter((task) => !task.done)),
  };
}

type Until = NonNullable<WaitOptions['until']>;

/** Whether this one task ends the wait. */
function suffices(until: Until, task: Task<unknown>): boolean {
  if (until === 'all') return false;
  return until === 'first-completed' ? task.done : task.status === 'rejected';
}

/** Parks until one of the tasks suffices, or the last has ended. */
function someEnd(
  tasks: readonly Task<unknown>[],
  until: Until,
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
      let left = tasks.length;
      const ended = (task: Task<unknown>): void => {
        left -= 1;
        if ((left === 0 || suffices(until, task)) && waiter.wake()) forget();
      };
      for (const task of tasks) listeners.push(task._listen(() => ended(task)));
      return forget;
    },
    { signal, name: 'wait' },
  );
}

function tasksOf<T extends Task<unknown>>(tasks: Iterable<T>): Set<T> {
  const candidate = tasks as Partial<Iterable<T>> | null | undefined;
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

type TaskLike = ((task: Task<never>) => unknown) | Task<unknown>;

type TaskOf<F> =
  F extends Task<infer T>
    ? Task<T>
    : F extends (...args: never[]) => infer R
      ? Task<Awaited<R>>
      : never;

type Item<F> = F extends Iterable<infer I> ? I : never;

// `AsyncIterableIterator` has one parameter before TypeScript 5.6.
interface TaskIterator<T> extends AsyncIterableIterator<T>, AsyncDisposable {
  next(): Promise<IteratorResult<T, undefined>>;
  return(): Promise<IteratorResult<T, undefined>>;
}

// `for await` gives what `next()` resolves with. TypeScript has it that thenables are awaited on the way,
// from the second time on that it looks at a type; of a union it remembers what it found at first.
type CompletedTasks<T> = TaskIterator<T> | (TaskIterator<T> & AsyncDisposable);

/**
 * Iterates tasks in the order in which they end, failed and cancelled ones too: await the task, or look
 * at its status. Functions are started at the first `next()`; leaving the loop cancels what was
 * started here, and waits for it. Tasks that are given are left alone.
 *
 * @param tasks - functions or tasks; a task that is given twice comes once
 * @returns an async iterator; its `next` waits for a task to end, and is a checkpoint
 * @example
 * for await (const task of asCompleted(urls.map((url) => () => fetchText(url)))) {
 *   console.log(await task);
 * }
 */
export function asCompleted<const F extends Iterable<TaskLike>>(
  tasks: F,
): CompletedTasks<TaskOf<Item<F>>> {
  const candidate = tasks as Partial<Iterable<unknown>> | null | undefined;
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

class Completions implements TaskIterator<Task<unknown>> {
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
    await group.stop();
    await group[Symbol.asyncDispose]();
  }
}
