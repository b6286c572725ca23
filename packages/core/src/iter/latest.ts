import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { Newest } from './newest.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { Upstream } from './upstream.ts';

class Latest<T> implements Stage<T> {
  readonly #newest: Newest<T>;

  constructor(upstream: Upstream, source: AnySource<T>) {
    this.#newest = new Newest(upstream, source);
  }

  take(): Item<T> | 'end' | undefined {
    this.#newest.look();
    if (this.#newest.item !== undefined) return this.#newest.take();
    return this.#newest.hasEnded ? 'end' : undefined;
  }
}

/**
 * Gives the newest item that its source has given, and skips those that came while the consumer was at work. The source is read as fast
 * as it gives items, from the first `next()` on. Leaving the loop, or being cancelled, closes the source and waits for it.
 *
 * @param source - an iterable, or an async iterable
 * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the source is closed
 * @returns an iterator; `next()` is a checkpoint, and rejects with the error of the source, once the item before it was taken, or with
 *   the ambient scope's CancelledError
 * @throws TypeError for bad arguments
 * @example
 * for await (const position of latest(positions)) await draw(position); // never draws an old one
 */
export function latest<T>(
  source: AnySource<T>,
  options?: SignalOptions,
): AsyncIterableIterator<T> & AsyncDisposable {
  checkCall('latest', options);
  checkSource('latest', 'source', source);
  const upstream = new Upstream('latest', options);
  return new Pipeline(upstream, new Latest(upstream, source));
}
