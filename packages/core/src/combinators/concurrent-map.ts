import { ambient } from '../loop/ambient.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { checkCount, checkFunction } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkpoint } from '../waiting/checkpoint.ts';
import { onDrain } from '../scope/draining.ts';
import { refusalIn } from '../waiting/park.ts';
import { cleanUpAfter } from '../tasks/shielded.ts';
import { helperGroup } from '../tasks/run-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';
import { checkSource } from './any-source.ts';
import { itemsOf } from './items.ts';
import type { Items, Pulled } from './items.ts';

/** Options for {@link concurrentMap} and {@link concurrentForEach}. */
export interface ConcurrencyOptions extends SignalOptions {
  /** How many items are worked on at a time: a whole number from 1, or `Infinity`. */
  readonly limit: number;
}

/** Where items come from. */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/**
 * Maps the items of a source, several at a time, in `limit` worker tasks. Pulls from the source only
 * when there is room. The first failure stops pulling, cancels the others, closes the source, and is
 * thrown itself. When the scope drains, an async source is closed, and the items that were taken are
 * finished. A checkpoint.
 *
 * @param source - an iterable, or an async iterable
 * @param fn - gets the item and its index
 * @param options - `limit`: how many items at a time; `signal`
 * @returns the results, in the order of the source
 * @throws (rejects) the first failure, of a call or of the source; the ambient scope's CancelledError;
 *   `signal.reason`
 * @example
 * const sizes = await concurrentMap(files, (file) => sizeOf(file), { limit: 8 });
 */
export async function concurrentMap<T, U>(
  source: Source<T>,
  fn: (item: T, index: number) => U | PromiseLike<U>,
  options: ConcurrencyOptions,
): Promise<U[]> {
  const results: U[] = [];
  const keep = (index: number, result: U): void => {
    results[index] = result;
  };
  await workThrough('concurrentMap', { source, fn, options, keep });
  return results;
}

/**
 * Calls a function for each item of a source as {@link concurrentMap} does, for its effects: keeps no results, so
 * the source may be endless. A checkpoint.
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
  await workThrough('concurrentForEach', { source, fn, options, keep: () => undefined });
}

/** Work on each item of a source. */
interface Job<T, U> {
  readonly source: Source<T>;
  readonly fn: (item: T, index: number) => U | PromiseLike<U>;
  readonly options: ConcurrencyOptions;
  /** Gets each result. */
  readonly keep: (index: number, result: U) => void;
}

function checkJob<T, U>(where: string, { source, fn, options }: Job<T, U>): void {
  checkFunction(where, 'fn', fn);
  checkCall(where, options);
  checkCount(where, 'limit', (options as ConcurrencyOptions | undefined)?.limit, 1);
  checkSource(where, 'source', source);
}

async function workThrough<T, U>(where: string, job: Job<T, U>): Promise<void> {
  checkJob(where, job);
  const { source, fn, keep } = job;
  const { limit, signal } = job.options;
  const refused = refusalIn(currentFrame()._scope, signal);
  if (refused !== undefined) return refused;
  const each = async (item: T, index: number): Promise<void> => {
    keep(index, await fn(item, index));
  };
  let items: Items<T> | undefined;
  let draining: Disposable | undefined;
  const body = (group: TaskGroup): void => {
    items = itemsOf(source, group.scope);
    draining = finishOnDrain(group, items);
    hire(group, items, { limit, work: each });
  };
  try {
    await helperGroup(body, { children: 'needed', signal });
  } catch (error) {
    await cleanUpAfter(error, async () => items?.close());
  } finally {
    draining?.[Symbol.dispose]();
  }
}

/** Closes a source that could go on when the group drains; the items that it has given are still worked on. */
function finishOnDrain<T>(group: TaskGroup, items: Items<T>): Disposable | undefined {
  const finish = items.finish?.bind(items);
  if (finish === undefined) return undefined;
  return onDrain(group.scope, () => {
    if (group.scope._reasonOfStarted() !== undefined) return;
    const closing = finish();
    group.spawn(() => closing, { name: 'close the source' });
  });
}

/** Starts workers: as many as may be and find an item at once. */
function hire<T>(
  group: TaskGroup,
  items: Items<T>,
  job: { readonly limit: number; readonly work: (item: T, index: number) => Promise<void> },
): void {
  const { limit, work } = job;
  const begin = ({ item, index }: Pulled<T>): Promise<void> => work(item, index);
  const worker = async ({ scope }: Task<void>): Promise<void> => {
    for (;;) {
      const next = items.pull();
      const pulled = next instanceof Promise ? await next : next;
      if (pulled === undefined) return;
      // By hand: without AsyncLocalStorage the first `await` here would be the end of the frame.
      const working = ambient.run(scope, begin, pulled);
      // Only now: there are never more workers than there is work for.
      if (next instanceof Promise) hire(group, items, job);
      await working;
      await checkpoint();
    }
  };
  while (group.size < limit && items.canPull && group.scope._reasonOfStarted() === undefined) {
    group.spawn(worker, { name: 'worker' });
  }
}
