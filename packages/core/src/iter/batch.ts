import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkCount, checkTime } from '../internal/check.ts';
import { SourceReader } from './source-reader.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { Upstream } from './upstream.ts';

/** Options for {@link batch}. */
export interface BatchOptions extends SignalOptions {
  /** How many items make a batch: a whole number from 1, or `Infinity` (default). */
  readonly size?: number | undefined;
  /** Milliseconds, counted from its first item, after which a batch is given although it is not full.
   * Default: no limit. */
  readonly within?: number | undefined;
}

class Batches<T> implements Stage<T[]> {
  due = Infinity;
  readonly #upstream: Upstream;
  readonly #reader: SourceReader<T>;
  readonly #size: number;
  readonly #within: number;
  #batch: T[] = [];

  constructor(upstream: Upstream, source: AnySource<T>, options: BatchOptions) {
    this.#upstream = upstream;
    this.#reader = new SourceReader(
      upstream,
      () => source,
      (item) => this.#batch.push(item),
    );
    this.#size = options.size ?? Infinity;
    this.#within = Math.max(options.within ?? Infinity, 0);
  }

  take(now: number): Item<T[]> | 'end' | undefined {
    if (this.#batch.length > 0) {
      // Time does not count while no call asks: an item that came then would be a batch by itself.
      if (this.due === Infinity) this.due = now + this.#within;
      if (this.#isDue(now)) return { value: this.#takeBatch() };
    }
    if (this.#reader.hasEnded) return 'end';
    this.#reader.fill(1);
    return undefined;
  }

  // What came before a failure is given first.
  #isDue(now: number): boolean {
    if (this.#batch.length >= this.#size || now >= this.due) return true;
    return this.#reader.hasEnded || this.#upstream.isOver;
  }

  #takeBatch(): T[] {
    const batch = this.#batch;
    this.#batch = [];
    this.due = Infinity;
    return batch;
  }
}

/**
 * Gathers items into arrays: of `size` items, or fewer if the source takes longer than `within` for them, or
 * ends. Between one `next()` and the following it asks for nothing, but for the item that was under way
 * when the time was over. Leaving the loop, or being cancelled, closes the source and waits for it.
 *
 * @param source - an iterable, or an async iterable
 * @param options - `size`, or `within` in milliseconds, or both
 * @returns an iterator of arrays, none of them empty; `next()` is a checkpoint, and rejects with the error of
 *   the source once the items before it have been taken, or with the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * for await (const rows of batch(events, { size: 500, within: 1000 })) await insert(rows);
 */
export function batch<T>(
  source: AnySource<T>,
  options: BatchOptions,
): AsyncIterableIterator<T[]> & AsyncDisposable {
  checkSource('batch', 'source', source);
  checkBatchOptions(options);
  const upstream = new Upstream('batch', options);
  return new Pipeline(upstream, new Batches(upstream, source, options));
}

function checkBatchOptions(options: BatchOptions | undefined): void {
  checkCall('batch', options);
  if (options?.size !== undefined) checkCount('batch', 'size', options.size, 1);
  if (options?.within !== undefined) checkTime('batch', 'within', options.within);
  if (options?.size !== undefined || options?.within !== undefined) return;
  throw new TypeError('batch: neither size nor within is given; give one, or both');
}
