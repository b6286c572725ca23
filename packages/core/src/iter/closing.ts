import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { show } from '../internal/check.ts';
import { shielded } from '../tasks/shielded.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnyIterator, AnySource } from '../combinators/any-source.ts';
import { OpenSource } from '../combinators/open-source.ts';
import { Pipeline } from './pipeline.ts';
import { ReadAhead } from './read-ahead.ts';
import { Upstream } from './upstream.ts';

/**
 * Takes an iterator over, to close it for certain: at the end of `await using`, when the loop is left, and
 * when its `next()` is cancelled, where `for await` by itself would leave it open. Its `return()` is
 * called once, shielded, and waited for; not if it ended by itself.
 *
 * @param iterator - an iterator, begun or not, or an iterable
 * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the source is closed
 * @returns an iterator of the same items, none of them pulled before it is asked for; `next()` is a
 *   checkpoint, and rejects with the error of the iterator or with the ambient scope's CancelledError
 * @throws TypeError for what is neither an iterator nor iterable
 * @example
 * await using lines = closing(readLines(path));
 * const { value: header } = await lines.next();
 * for await (const line of lines) parse(header, line);
 */
export function closing<T>(
  iterator: AsyncIterator<T, unknown> | Iterator<T | PromiseLike<T>, unknown> | AnySource<T>,
  options?: SignalOptions,
): AsyncIterableIterator<T> & AsyncDisposable {
  checkCall('closing', options);
  const opened = openedOf(iterator);
  const upstream = new Upstream('closing', {
    signal: options?.signal,
    closeUnopened: () => shielded(() => opened.close('idle')),
  });
  return new Pipeline(upstream, new ReadAhead(upstream, () => opened, 0));
}

function openedOf<T>(iterator: AnyIterator<T> | AnySource<T>): OpenSource<T> {
  if (isIterator<T>(iterator)) return OpenSource.ofIterator(iterator);
  if (typeof iterator !== 'object' || (iterator as unknown) === null) {
    throw new TypeError(`closing: iterator is ${show(iterator)}; give an iterator`);
  }
  checkSource('closing', 'iterator', iterator);
  return OpenSource.of(iterator);
}

function isIterator<T>(value: unknown): value is AnyIterator<T> {
  const candidate = value as Partial<AnyIterator<T>> | null | undefined;
  return typeof candidate?.next === 'function';
}
