import { checkTime } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { Newest } from './newest.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { Upstream } from './upstream.ts';

class Throttle<T> implements Stage<T> {
  readonly #newest: Newest<T>;
  readonly #ms: number;
  #next = -Infinity;

  constructor(upstream: Upstream, source: AnySource<T>, ms: number) {
    this.#newest = new Newest(upstream, source);
    this.#ms = ms;
  }

  get due(): number {
    return this.#newest.item === undefined ? Infinity : this.#next;
  }

  take(now: number): Item<T> | 'end' | undefined {
    this.#newest.look();
    const { item, hasEnded } = this.#newest;
    if (item === undefined) return hasEnded ? 'end' : undefined;
    if (now < this.#next) return undefined;
    this.#next = now + this.#ms;
    return this.#newest.take();
  }
}

/**
 * Gives at most one item in a time: the first at once, and then the newest at the end of that time. The last item of all is given, too.
 * The source is read as fast as it gives items, from the first `next()` on.
 *
 * @param source - an iterable, or an async iterable
 * @param ms - milliseconds between two items
 * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the source is closed
 * @returns an iterator; `next()` is a checkpoint, and rejects with the error of the source or the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * for await (const progress of throttle(upload.progress(), 100)) show(progress);
 */
export function throttle<T>(
  source: AnySource<T>,
  ms: number,
  options?: SignalOptions,
): AsyncIterableIterator<T> & AsyncDisposable {
  checkCall('throttle', options);
  checkSource('throttle', 'source', source);
  checkTime('throttle', 'ms', ms);
  const upstream = new Upstream('throttle', options);
  return new Pipeline(upstream, new Throttle(upstream, source, Math.max(ms, 0)));
}
