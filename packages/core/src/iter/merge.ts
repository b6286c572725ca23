import { SourceReader } from './source-reader.ts';
import { Fifo } from './fifo.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { splitOptions } from '../internal/signal-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { Upstream } from './upstream.ts';

class Merge<T> implements Stage<T> {
  readonly #ready = new Fifo<T>();
  readonly #readers: readonly SourceReader<T>[];

  constructor(upstream: Upstream, sources: readonly AnySource<T>[]) {
    const arrived = (item: T): void => this.#ready.push(item);
    this.#readers = sources.map((source) => new SourceReader(upstream, () => source, arrived));
  }

  take(): Item<T> | 'end' | undefined {
    if (this.#ready.size > 0) return { value: this.#ready.shift() };
    for (const reader of this.#readers) reader.fill(1);
    return this.#readers.every((reader) => reader.hasEnded) ? 'end' : undefined;
  }
}

/**
 * Iterates several sources at once, items as they arrive. When no item is there, each source is asked for
 * one: so at most one of each waits to be taken, and a fast source does not starve a slow one. It ends
 * when all have ended. The first failure, or leaving the loop, closes the others and waits for them.
 *
 * @param sources - iterables, or async iterables; of none it ends at once. Options may come after them
 * @returns an iterator; `next()` is a checkpoint, and rejects with the error of a source once the items that
 *   came before it have been taken, or with the ambient scope's CancelledError
 * @throws TypeError for what is not iterable
 * @example
 * for await (const message of merge(inbox, alerts)) show(message);
 */
export function merge<S extends readonly AnySource<unknown>[]>(
  ...sources: S
): AsyncIterableIterator<ItemOf<S[number]>> & AsyncDisposable;
/**
 * The same, with options.
 *
 * @param input - the sources, and then `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the sources are closed
 */
export function merge<S extends readonly AnySource<unknown>[]>(
  ...input: [...sources: S, options: SignalOptions]
): AsyncIterableIterator<ItemOf<S[number]>> & AsyncDisposable;
export function merge(
  ...input: readonly (AnySource<unknown> | SignalOptions)[]
): AsyncIterableIterator<unknown> & AsyncDisposable {
  const [sources, options] = splitOptions<AnySource<unknown>>('merge', input);
  sources.forEach((source, at) => checkSource('merge', `source ${String(at)}`, source));
  const upstream = new Upstream('merge', options);
  return new Pipeline(upstream, new Merge(upstream, sources));
}

/** What a source gives. */
export type ItemOf<S> =
  S extends AsyncIterable<infer T> ? T : S extends Iterable<infer T> ? Awaited<T> : never;
