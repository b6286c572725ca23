import { show } from '../check.ts';
import { shielded } from '../resource-stack.ts';
import { Pipeline } from './pipeline.ts';
import { ReadAhead } from './read-ahead.ts';
import { checkSource, isAsyncIterable, isIterable } from './source.ts';
import type { AnyIterator, AnySource } from './source.ts';
import { Upstream } from './upstream.ts';

/**
 * Takes an iterator over, to close it for certain: at the end of `await using`, when the loop is left, and
 * when its `next()` is cancelled, where `for await` by itself would leave it open. Its `return()` is
 * called once, shielded, and waited for; not if it ended by itself.
 *
 * @param iterator - an iterator, begun or not, or an iterable
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
): AsyncIterableIterator<T> & AsyncDisposable {
  const taken = isIterator<T>(iterator) ? iterator : iteratorOf<T>(iterator);
  const upstream = new Upstream('closing', async () => {
    await shielded(() => taken.return?.());
  });
  const isSync = isIterable(iterator) && !isAsyncIterable(iterator);
  const open = (): AnySource<T> => (isSync ? iterableOf(taken) : asyncIterableOf(taken));
  return new Pipeline(upstream, new ReadAhead(upstream, open, 0));
}

function iterableOf<T>(iterator: AnyIterator<T>): Iterable<T | PromiseLike<T>> {
  return { [Symbol.iterator]: () => iterator as Iterator<T | PromiseLike<T>> };
}

function asyncIterableOf<T>(iterator: AnyIterator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => iterator as AsyncIterator<T> };
}

function isIterator<T>(value: unknown): value is AnyIterator<T> {
  const candidate = value as Partial<AnyIterator<T>> | null | undefined;
  return typeof candidate?.next === 'function';
}

function iteratorOf<T>(source: unknown): AnyIterator<T> {
  if (typeof source !== 'object' || source === null) {
    throw new TypeError(`closing: iterator is ${show(source)}; give an iterator`);
  }
  checkSource('closing', 'iterator', source);
  if (isAsyncIterable(source)) return source[Symbol.asyncIterator]() as AsyncIterator<T>;
  return (source as Iterable<T>)[Symbol.iterator]();
}
