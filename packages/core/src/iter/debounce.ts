import { checkTime } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { Newest } from './newest.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { Upstream } from './upstream.ts';

class Debounce<T> implements Stage<T> {
  due = Infinity;
  readonly #newest: Newest<T>;
  readonly #ms: number;

  constructor(upstream: Upstream, source: AnySource<T>, ms: number) {
    this.#newest = new Newest(upstream, source);
    this.#ms = ms;
  }

  take(now: number): Item<T> | 'end' | undefined {
    const { item, hasEnded } = this.#newest;
    if (this.#newest.look()) this.due = now + this.#ms;
    if (item !== undefined && (hasEnded || now >= this.due)) {
      this.due = Infinity;
      return this.#newest.take();
    }
    return hasEnded ? 'end' : undefined;
  }
}

/**
 * Gives an item once its source has given no other for a time: of a burst of items the last. The last item of all is given at the end of
 * the source. It asks the source for the next item at once, whether or not anyone asks here.
 *
 * @param source - an iterable, or an async iterable
 * @param ms - milliseconds of quiet
 * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the source is closed
 * @returns an iterator; `next()` is a checkpoint, and rejects with the error of the source or the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * for await (const text of debounce(inputs, 250)) await search(text);
 */
export function debounce<T>(
  source: AnySource<T>,
  ms: number,
  options?: SignalOptions,
): AsyncIterableIterator<T> & AsyncDisposable {
  checkCall('debounce', options);
  checkSource('debounce', 'source', source);
  checkTime('debounce', 'ms', ms);
  const upstream = new Upstream('debounce', options);
  return new Pipeline(upstream, new Debounce(upstream, source, Math.max(ms, 0)));
}
