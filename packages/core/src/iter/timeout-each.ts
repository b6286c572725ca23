import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { AnyScope } from '../scope/any-scope.ts';
import { checkTime } from '../internal/check.ts';
import { TimeoutError } from '../scope/timeout-error.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { ReadAhead } from './read-ahead.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { Upstream } from './upstream.ts';

class TimedItems<T> implements Stage<T> {
  due = Infinity;
  readonly #items: ReadAhead<T>;
  readonly #ms: number;

  constructor(upstream: Upstream, source: AnySource<T>, ms: number) {
    this.#items = new ReadAhead(upstream, () => source, 0);
    this.#ms = ms;
  }

  begin(now: number): void {
    this.due = now + this.#ms;
  }

  take(now: number): Item<T> | 'end' | undefined {
    const found = this.#items.take();
    if (found !== undefined || now < this.due) return found;
    const scope = new AnyScope({ name: 'an item of timeoutEach' });
    scope._expire();
    throw new TimeoutError(this.#ms, scope);
  }
}

/**
 * Gives each item a time: from the moment it is asked for. Past it, the source is cancelled, closed and
 * waited for, and `next()` rejects. Leaving the loop, or being cancelled, closes it likewise.
 *
 * @param source - an iterable, or an async iterable
 * @param ms - milliseconds for each item, and for the end; negative: 0; `Infinity`: no limit
 * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the source is closed
 * @returns an iterator of the same items; `next()` is a checkpoint, and rejects with a TimeoutError, or
 *   what fails in the cleanup then; with the error of the source; with the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * for await (const beat of timeoutEach(heartbeats, 5000)) seen(beat); // a TimeoutError: the peer is gone
 */
export function timeoutEach<T>(
  source: AnySource<T>,
  ms: number,
  options?: SignalOptions,
): AsyncIterableIterator<T> & AsyncDisposable {
  checkCall('timeoutEach', options);
  checkSource('timeoutEach', 'source', source);
  checkTime('timeoutEach', 'ms', ms);
  const upstream = new Upstream('timeoutEach', options);
  const time = Math.max(ms, 0);
  return new Pipeline(upstream, new TimedItems(upstream, source, time));
}
