import { currentFrame } from '../scope/any-scope.ts';
import { show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { remove } from '../internal/linked-list.ts';
import type { Listener } from '../waiting/listener.ts';
import { refuseIfCancelled } from '../waiting/park.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import { paced, yieldIfDue } from '../waiting/ready.ts';
import { Task } from '../tasks/task.ts';
import { helper } from '../tasks/run-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { TaskFunction } from '../tasks/task.ts';
import { OBSERVED } from '../waiting/marks.ts';

/** What `asCompleted` takes: a function, which it starts, or a task. */
export type TaskLike = ((task: Task<never>) => unknown) | Task<unknown>;

/** The task that comes of a function, or the task itself. */
export type TaskOf<F> =
  F extends Task<infer T>
    ? Task<T>
    : F extends (...args: never[]) => infer R
      ? Task<Awaited<R>>
      : never;

/** What an iterable gives. */
export type ElementOf<F> = F extends Iterable<infer I> ? I : never;

// `AsyncIterableIterator` has one parameter before TypeScript 5.6.
/** An iterator of tasks, which is closed when it is left. */
export interface TaskIterator<T> extends AsyncIterableIterator<T>, AsyncDisposable {
  /**
   * Waits for a task to end. A checkpoint.
   *
   * @returns the task, in a result of an iterator
   * @throws (rejects) the ambient scope's CancelledError
   */
  next(): Promise<IteratorResult<T, undefined>>;
  /**
   * Cancels the tasks that were started here, and waits for them. Nothing cancels this wait.
   *
   * @returns that there are no more
   * @throws (rejects) what they failed with
   */
  return(): Promise<IteratorResult<T, undefined>>;
}

// `for await` gives what `next()` resolves with. TypeScript has it that thenables are awaited on the way,
// from the second time on that it looks at a type; of a union it remembers what it found at first.
/** What `asCompleted` returns. */
export type CompletedTasks<T> = TaskIterator<T> | (TaskIterator<T> & AsyncDisposable);

/**
 * Iterates tasks in the order in which they end, failed and cancelled ones too: await the task, or look
 * at its state. Functions are started at the first `next()`; leaving the loop cancels what was
 * started here, waits for it, and ends every `next()` that waits. Tasks that are given are left alone.
 *
 * A `next()` that is cancelled leaves nothing on the tasks. Those that end before the following `next()` come in
 * the order in which they were given.
 *
 * @param tasks - functions or tasks; a task that is given twice comes once
 * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and what was started here is cancelled
 *   and waited for
 * @returns an async iterator; its `next` waits for a task to end, and is a checkpoint
 * @example
 * for await (const task of asCompleted(urls.map((url) => () => fetchText(url)))) {
 *   console.log(await task);
 * }
 */
export function asCompleted<const F extends Iterable<TaskLike>>(
  tasks: F,
  options?: SignalOptions,
): CompletedTasks<TaskOf<ElementOf<F>>> {
  checkCall('asCompleted', options);
  const candidate = tasks as Partial<Iterable<unknown>> | null | undefined;
  if (typeof candidate?.[Symbol.iterator] !== 'function') {
    throw new TypeError(
      `asCompleted: tasks is ${show(tasks)}; give an array of functions or tasks`,
    );
  }
  const all = [...new Set<unknown>(tasks)];
  for (const task of all) {
    if (typeof task === 'function' || task instanceof Task) continue;
    throw new TypeError(
      `asCompleted: one of tasks is ${show(task)}; give an array of functions or tasks`,
    );
  }
  const given = all as (TaskFunction<unknown> | Task<unknown>)[];
  return new Completions(given, options?.signal) as never;
}

class Completions implements TaskIterator<Task<unknown>> {
  readonly #given: (TaskFunction<unknown> | Task<unknown>)[];
  readonly #ready: Task<unknown>[] = [];
  /** Those that have not ended, with what hangs on them while a caller waits. */
  readonly #open = new Map<Task<unknown>, Listener | undefined>();
  readonly #arrival = new ParkingLot();
  readonly #signal: AbortSignal | undefined;
  #isWatching = false;
  #group: TaskGroup | undefined;
  #closing: Promise<void> | undefined;

  constructor(given: (TaskFunction<unknown> | Task<unknown>)[], signal: AbortSignal | undefined) {
    this.#given = given;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Task<unknown>, undefined>> {
    try {
      if (this.#closing === undefined) refuseIfCancelled(currentFrame()._scope, this.#signal);
      while (this.#closing === undefined && this.#mustWait()) {
        await this.#arrival.park({ name: 'asCompleted', signal: this.#signal });
      }
    } catch (error) {
      await paced(this.#waitFailed());
      throw error;
    }
    const task = this.#closing === undefined ? this.#ready.shift() : undefined;
    if (task === undefined) return this.return();
    task._marks |= OBSERVED;
    const pause = yieldIfDue();
    if (pause !== undefined) await pause;
    return { done: false, value: task };
  }

  async return(): Promise<IteratorResult<Task<unknown>, undefined>> {
    await paced(this.#close());
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await paced(this.#close());
  }

  #mustWait(): boolean {
    for (let given = this.#given.shift(); given !== undefined; given = this.#given.shift()) {
      this.#open.set(given instanceof Task ? given : this.#spawn(given), undefined);
      this.#isWatching = false;
    }
    if (!this.#isWatching) this.#watch();
    return this.#ready.length === 0 && this.#open.size > 0;
  }

  #spawn(fn: TaskFunction<unknown>): Task<unknown> {
    this.#group ??= helper({ onFailure: 'continue', name: 'asCompleted' });
    return this.#group.spawn(fn);
  }

  #watch(): void {
    this.#isWatching = true;
    for (const [task, listener] of this.#open) {
      if (task.done) this.#arrived(task);
      else if (listener === undefined)
        this.#open.set(
          task,
          task._listen(() => this.#arrived(task)),
        );
    }
  }

  #arrived(task: Task<unknown>): void {
    this.#open.delete(task);
    this.#ready.push(task);
    this.#arrival.unparkAll();
  }

  /** A wait that is over leaves nothing on tasks that live on. */
  #unwatch(): void {
    this.#isWatching = false;
    for (const [task, listener] of this.#open) {
      if (listener !== undefined) remove(listener);
      this.#open.set(task, undefined);
    }
  }

  // `for await` does not call return() when next() rejects.
  async #waitFailed(): Promise<void> {
    const isOver = this.#signal?.aborted === true || this.#group?.scope.reason !== undefined;
    if (isOver) await this.#close();
    else if (this.#arrival.size === 0) this.#unwatch();
  }

  /** What fails in it is for the first caller. */
  #close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.catch(() => undefined);
    this.#closing = this.#end();
    this.#arrival.unparkAll();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#unwatch();
    const group = this.#group;
    if (group === undefined) return;
    await group.stop();
    await group[Symbol.asyncDispose]();
  }
}
