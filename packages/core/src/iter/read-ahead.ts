import { Feed } from './feed.ts';
import { Fifo } from './fifo.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import type { AnySource } from './source.ts';
import { Upstream } from './upstream.ts';

/** Passes the items of one source on, and holds at most so many that nobody has asked for yet. */
export class ReadAhead<T> implements Stage<T> {
  readonly #ready = new Fifo<T>();
  readonly #feed: Feed<T>;
  readonly #most: number;

  constructor(upstream: Upstream, open: () => AnySource<T>, most: number) {
    this.#feed = new Feed(upstream, open, (item) => this.#ready.push(item));
    this.#most = most;
  }

  take(): Item<T> | 'end' | undefined {
    this.#feed.fill(1 + this.#most - this.#ready.size);
    if (this.#ready.size > 0) return { value: this.#ready.shift() };
    return this.#feed.hasEnded ? 'end' : undefined;
  }
}

export function readAhead<T>(name: string, open: () => AnySource<T>, most: number): Pipeline<T> {
  const upstream = new Upstream(name);
  return new Pipeline(upstream, new ReadAhead(upstream, open, most));
}
