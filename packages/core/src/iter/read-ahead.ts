import type { SignalOptions } from '../internal/signal-options.ts';
import { SourceReader } from './source-reader.ts';
import { Fifo } from './fifo.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import type { AnySource } from '../combinators/any-source.ts';
import type { OpenSource } from '../combinators/open-source.ts';
import { Upstream } from './upstream.ts';

/** Passes the items of one source on, and holds a limited number that no call has asked for yet. */
export class ReadAhead<T> implements Stage<T> {
  readonly #ready = new Fifo<T>();
  readonly #reader: SourceReader<T>;
  readonly #most: number;

  constructor(upstream: Upstream, open: () => AnySource<T> | OpenSource<T>, most: number) {
    this.#reader = new SourceReader(upstream, open, (item) => this.#ready.push(item));
    this.#most = most;
  }

  take(): Item<T> | 'end' | undefined {
    this.#reader.fill(1 + this.#most - this.#ready.size);
    if (this.#ready.size > 0) return { value: this.#ready.shift() };
    return this.#reader.hasEnded ? 'end' : undefined;
  }
}

export function readAhead<T>(
  name: string,
  open: () => AnySource<T>,
  { most, signal }: { readonly most: number } & SignalOptions,
): Pipeline<T> {
  const upstream = new Upstream(name, { signal });
  return new Pipeline(upstream, new ReadAhead(upstream, open, most));
}
