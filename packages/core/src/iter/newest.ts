import type { AnySource } from '../combinators/any-source.ts';
import type { Item } from './pipeline.ts';
import { SourceReader } from './source-reader.ts';
import type { Upstream } from './upstream.ts';

/** Reads a source as fast as it gives items, and keeps the newest. */
export class Newest<T> {
  /** The newest that was not taken. */
  item: Item<T> | undefined;
  readonly #reader: SourceReader<T>;
  #isFresh = false;

  constructor(upstream: Upstream, source: AnySource<T>) {
    this.#reader = new SourceReader(
      upstream,
      () => source,
      (value) => {
        this.item = { value };
        this.#isFresh = true;
        this.#reader.fill(1);
      },
    );
  }

  get hasEnded(): boolean {
    return this.#reader.hasEnded;
  }

  /** Sees to it that the source is read; whether an item has come since the last look. */
  look(): boolean {
    this.#reader.fill(1);
    const isFresh = this.#isFresh;
    this.#isFresh = false;
    return isFresh;
  }

  /** To be asked only if there is one. */
  take(): Item<T> {
    const { item } = this;
    this.item = undefined;
    return item as Item<T>;
  }
}
