import { ambient } from './ambient.ts';
import { currentFrame } from './cancel-scope.ts';
import { checkCount, checkFunction, checkOptions, show } from './check.ts';
import { checkpoint } from './checkpoint.ts';
import { quiet } from './internal/quiet.ts';
import { refuseIfCancelled } from './park.ts';
import { cleanUpAfter, shielded } from './resource-stack.ts';
import { helperGroup } from './task-group.ts';
import type { Task, TaskGroup } from './task-group.ts';

/** What `concurrentMap` and `concurrentForEach` take besides. */
export interface ConcurrencyOptions {
  /** How many items are worked on at a time: a whole number from 1, or `Infinity`. */
  readonly limit: number;
}

type Source<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Maps the items of a source, several at a time, in `limit` worker tasks. Pulls from the source only
 * when there is room. The first failure stops pulling, cancels the others, closes the source, and is
 * thrown itself. A checkpoint.
 *
 * @param source - an iterable, or an async iterable
 * @param fn - gets the item and its index
 * @param options - `limit`: how many items at a time
 * @returns the results, in the order of the source
 * @throws (rejects) the first failure, of a call or of the source; the ambient scope's CancelledError
 * @example
 * const sizes = await concurrentMap(files, (file) => sizeOf(file), { limit: 8 });
 */
export async function concurrentMap<T, U>(
  source: Source<T>,
  fn: (item: T, index: number) => U | PromiseLike<U>,
  options: ConcurrencyOptions,
): Promise<U[]> {
  const results: U[] = [];
  await workThrough('concurrentMap', source, fn, options, (index, result) => {
    results[index] = result;
  });
  return results;
}

/**
 * As {@link concurrentMap}, for its effects: keeps no results, so the source may be endless.
 * A checkpoint.
 *
 * @param source - an iterable, or an async iterable
 * @param fn - gets the item and its index; is waited for
 * @param options - `limit`: how many items at a time
 * @throws (rejects) as {@link concurrentMap}
 * @example
 * await concurrentForEach(queue, (job) => handle(job), { limit: 4 });
 */
export async function concurrentForEach<T>(
  source: Source<T>,
  fn: (item: T, index: number) => unknown,
  options: ConcurrencyOptions,
): Promise<void> {
  await workThrough('concurrentForEach', source, fn, options, () => undefined);
}

async function workThrough<T, U>(
  where: string,
  source: Source<T>,
  fn: (item: T, index: number) => U | PromiseLike<U>,
  options: ConcurrencyOptions,
  keep: (index: number, result: U) => void,
): Promise<void> {
  checkFunction(where, 'fn', fn);
  checkOptions(where, options);
  checkCount(where, 'limit', (options as ConcurrencyOptions | undefined)?.limit, 1);
  const items = new Items(where, source);
  refuseIfCancelled(currentFrame()._scope, undefined);
  const each = async (item: T, index: number): Promise<void> => {
    keep(index, await fn(item, index));
  };
  try {
    await helperGroup(
      (group) => {
        group.scope.onCancel(() => items.giveUp());
        hire(group, items, options.limit, each);
      },
      { needsAll: true },
    );
  } catch (error) {
    await cleanUpAfter(error, () => items.close());
  }
}

/** Starts workers: as many as may be and find an item at once. */
function hire<T>(
  group: TaskGroup,
  items: Items<T>,
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): void {
  const begin = ({ item, index }: Pulled<T>): Promise<void> => work(item, index);
  const worker = async ({ scope }: Task<void>): Promise<void> => {
    for (;;) {
      const next = items.pull();
      const pulled = next instanceof Promise ? await next : next;
      if (pulled === undefined) return;
      // By hand: without AsyncLocalStorage the first `await` here would be the end of the frame.
      const working = ambient.run(scope, begin, pulled);
      // Only now: there are never more workers than there is work for.
      if (next instanceof Promise) hire(group, items, limit, work);
      await working;
      await checkpoint();
    }
  };
  while (group.size < limit && items.canPull && group.scope.reason === undefined) {
    group.spawn(worker, { name: 'worker' });
  }
}

interface Pulled<T> {
  readonly item: T;
  readonly index: number;
}

/** The source, pulled by one worker at a time. */
class Items<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  readonly #isAsync: boolean;
  #count = 0;
  #isDone = false;
  /** How many wait for an item. */
  #pulls = 0;
  #closing: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(where: string, source: Source<T>) {
    const candidate = source as Partial<Iterable<T> & AsyncIterable<T>> | null | undefined;
    this.#isAsync = typeof candidate?.[Symbol.asyncIterator] === 'function';
    if (this.#isAsync) {
      this.#iterator = (source as AsyncIterable<T>)[Symbol.asyncIterator]();
    } else if (typeof candidate?.[Symbol.iterator] === 'function') {
      this.#iterator = (source as Iterable<T>)[Symbol.iterator]();
    } else {
      throw new TypeError(
        `${where}: source is ${show(source)}; give an iterable or an async iterable`,
      );
    }
  }

  /** Whether asking now makes sense: there may be more, and nobody is waiting for an item yet. */
  get canPull(): boolean {
    return !this.#isDone && this.#pulls === 0;
  }

  pull(): Pulled<T> | undefined | Promise<Pulled<T> | undefined> {
    if (!this.#isAsync) return this.#pullNow();
    this.#pulls += 1;
    // Not every iterator can be asked twice at a time.
    const pulled = this.#turn.then(() => this.#pullAsync());
    this.#turn = pulled.catch(() => undefined);
    return pulled;
  }

  #pullNow(): Pulled<T> | undefined {
    if (this.#isDone) return undefined;
    try {
      return this.#take((this.#iterator as Iterator<T>).next());
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
  }

  async #pullAsync(): Promise<Pulled<T> | undefined> {
    try {
      if (this.#isDone) return undefined;
      return this.#take(await (this.#iterator as AsyncIterator<T>).next());
    } catch (error) {
      this.#isDone = true;
      throw error;
    } finally {
      this.#pulls -= 1;
    }
  }

  #take(result: IteratorResult<T>): Pulled<T> | undefined {
    if (this.#isDone) return undefined;
    if (result.done === true) {
      this.#isDone = true;
      return undefined;
    }
    this.#count += 1;
    return { item: result.value, index: this.#count - 1 };
  }

  /** Nobody wants the item that is being waited for any more: closing the source may end that wait. */
  giveUp(): void {
    if (this.#pulls > 0) quiet(this.close());
  }

  /** After a failure: the source will not be asked again. */
  close(): Promise<void> {
    this.#closing ??= this.#isDone ? Promise.resolve() : this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#isDone = true;
    await shielded(() => this.#iterator.return?.() as PromiseLike<unknown>);
  }
}
