import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkCount, checkFunction } from '../internal/check.ts';
import { checkFlag } from '../internal/check-values.ts';
import { SourceReader } from './source-reader.ts';
import { Fifo } from './fifo.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { Upstream } from './upstream.ts';

/** Options for {@link mapConcurrent}. */
export interface MapConcurrentOptions extends SignalOptions {
  /** How many items at most are under way: being worked on, or done and not taken yet. A whole number from
   * 1, or `Infinity`. */
  readonly limit: number;
  /** Whether results come in the order of the source (default), or as they are done. */
  readonly ordered?: boolean | undefined;
}

type Worker<T, U> = (item: T, index: number) => U | PromiseLike<U>;

/** An item under way; its result once it is done. */
interface Job<U> {
  result: Item<U> | undefined;
}

class Jobs<T, U> implements Stage<U> {
  readonly #upstream: Upstream;
  readonly #reader: SourceReader<T>;
  readonly #fn: Worker<T, U>;
  readonly #limit: number;
  readonly #isOrdered: boolean;
  /** In the order in which they are to be taken; those not done only if that is the source's. */
  readonly #line = new Fifo<Job<U>>();
  #underWay = 0;
  #count = 0;

  constructor(
    upstream: Upstream,
    source: AnySource<T>,
    { fn, limit, ordered = true }: MapConcurrentOptions & { readonly fn: Worker<T, U> },
  ) {
    this.#upstream = upstream;
    this.#reader = new SourceReader(
      upstream,
      () => source,
      (item) => this.#start(item),
    );
    this.#fn = fn;
    this.#limit = limit;
    this.#isOrdered = ordered;
  }

  #start(item: T): void {
    const index = this.#count;
    const job: Job<U> = { result: undefined };
    this.#count += 1;
    this.#underWay += 1;
    if (this.#isOrdered) this.#line.push(job);
    const fn = this.#fn;
    const work = async (): Promise<void> => {
      job.result = { value: await fn(item, index) };
      if (!this.#isOrdered) this.#line.push(job);
    };
    this.#upstream.spawn(work, fn.name || 'job');
  }

  take(): Item<U> | 'end' | undefined {
    this.#reader.fill(this.#limit - this.#underWay);
    const result = this.#line.first?.result;
    if (result === undefined)
      return this.#reader.hasEnded && this.#underWay === 0 ? 'end' : undefined;
    this.#line.shift();
    this.#underWay -= 1;
    return result;
  }
}

/**
 * Maps items, several at a time, each in a task of its own. Each `next()` brings the number of items under
 * way up to `limit`; between them nothing is pulled. The first failure, of a call or of the source, cancels
 * everything; results that were done and next in line are given before it comes out. Leaving the loop
 * early, or being cancelled, cancels the calls and closes the source, and waits for both.
 *
 * @param source - an iterable, or an async iterable
 * @param fn - gets the item and its index
 * @param options - `limit`: how many at a time; `ordered`: false gives results as they are done
 * @returns an iterator of the results; `next()` is a checkpoint, and rejects with the first failure itself, or
 *   with the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * for await (const page of mapConcurrent(urls, (url) => download(url), { limit: 8 })) index(page);
 */
export function mapConcurrent<T, U>(
  source: AnySource<T>,
  fn: (item: T, index: number) => U | PromiseLike<U>,
  options: MapConcurrentOptions,
): AsyncIterableIterator<U> & AsyncDisposable {
  checkSource('mapConcurrent', 'source', source);
  checkFunction('mapConcurrent', 'fn', fn);
  checkMapOptions(options);
  const upstream = new Upstream('mapConcurrent', options);
  return new Pipeline(upstream, new Jobs(upstream, source, { ...options, fn }));
}

function checkMapOptions(options: MapConcurrentOptions | undefined): void {
  checkCall('mapConcurrent', options);
  checkCount('mapConcurrent', 'limit', options?.limit, 1);
  checkFlag('mapConcurrent', 'ordered', options?.ordered);
}
