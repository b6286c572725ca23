import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkCount } from '../internal/check.ts';
import { readAhead } from './read-ahead.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';

/**
 * Reads ahead: while an item is worked on, the source is at work on the next ones. It begins at the first
 * `next()`. Leaving the loop, or being cancelled, closes the source and waits for it.
 *
 * @param source - an iterable, or an async iterable
 * @param n - how many items at most are pulled before they are asked for: a whole number from 0, or
 *   `Infinity`
 * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the source is closed
 * @returns an iterator of the same items; `next()` is a checkpoint, and rejects with the error of the source
 *   once the items before it have been taken, or with the ambient scope's CancelledError
 * @throws TypeError, RangeError for bad arguments
 * @example
 * for await (const page of buffer(fetchPages(), 2)) {
 *   await store(page); // meanwhile the next two are fetched
 * }
 */
export function buffer<T>(
  source: AnySource<T>,
  n: number,
  options?: SignalOptions,
): AsyncIterableIterator<T> & AsyncDisposable {
  checkCall('buffer', options);
  checkSource('buffer', 'source', source);
  checkCount('buffer', 'n', n, 0);
  return readAhead('buffer', () => source, { most: n, signal: options?.signal });
}
