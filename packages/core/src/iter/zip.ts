import { SourceReader } from './source-reader.ts';
import type { ItemOf } from './merge.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { splitOptions } from '../internal/signal-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { Upstream } from './upstream.ts';

/** One source, and its item for the next row, if that is there. */
class Column {
  readonly reader: SourceReader<unknown>;
  cell: Item<unknown> | undefined;

  constructor(upstream: Upstream, source: AnySource<unknown>) {
    this.reader = new SourceReader(
      upstream,
      () => source,
      (value) => {
        this.cell = { value };
      },
    );
  }
}

class Zip implements Stage<unknown[]> {
  readonly #columns: readonly Column[];

  constructor(upstream: Upstream, sources: readonly AnySource<unknown>[]) {
    this.#columns = sources.map((source) => new Column(upstream, source));
  }

  take(): Item<unknown[]> | 'end' | undefined {
    const missing = this.#columns.filter((column) => column.cell === undefined);
    if (this.#columns.length === 0 || missing.some(({ reader }) => reader.hasEnded)) return 'end';
    for (const { reader } of missing) reader.fill(1);
    return missing.length > 0 ? undefined : { value: this.#columns.map(takeCell) };
  }
}

function takeCell(column: Column): unknown {
  const value = column.cell?.value;
  column.cell = undefined;
  return value;
}

/**
 * Iterates several sources in step: the first items of all, then the second ones. All are asked at the same
 * time. It ends with the shortest; the others are closed then, and what they had given for that row is
 * dropped. The first failure, or leaving the loop, closes all and waits for them.
 *
 * @param sources - iterables, or async iterables; of none it ends at once. Options may come after them
 * @returns an iterator of tuples; `next()` is a checkpoint, and rejects with the error of a source, or with
 *   the ambient scope's CancelledError
 * @throws TypeError for what is not iterable
 * @example
 * for await (const [line, time] of zip(lines, interval(1000))) console.log(time, line);
 */
export function zip<S extends readonly AnySource<unknown>[]>(
  ...sources: S
): AsyncIterableIterator<{ -readonly [K in keyof S]: ItemOf<S[K]> }> & AsyncDisposable;
/**
 * The same, with options.
 *
 * @param input - the sources, and then `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the sources are closed
 */
export function zip<S extends readonly AnySource<unknown>[]>(
  ...input: [...sources: S, options: SignalOptions]
): AsyncIterableIterator<{ -readonly [K in keyof S]: ItemOf<S[K]> }> & AsyncDisposable;
export function zip(
  ...input: readonly (AnySource<unknown> | SignalOptions)[]
): AsyncIterableIterator<unknown[]> & AsyncDisposable {
  const [sources, options] = splitOptions<AnySource<unknown>>('zip', input);
  sources.forEach((source, at) => checkSource('zip', `source ${String(at)}`, source));
  const upstream = new Upstream('zip', options);
  return new Pipeline(upstream, new Zip(upstream, sources));
}
