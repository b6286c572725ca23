import { parkIn } from '../waiting/park.ts';
import { currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { tryOr } from '../internal/try-or.ts';
import {
  disposalOf,
  isAsyncIterable,
  isIterable,
  isNodeStream,
  isWebStream,
} from './any-source.ts';
import type { AnyIterator, AnySource, WebStream } from './any-source.ts';
import { moveOnAfter } from './timeouts.ts';

// Milliseconds that a `return()` may take behind an item that is under way, before its source is disposed of: a generator that
// was waiting in the scope cleans up meanwhile.
const PATIENCE = 100;

/**
 * A source that is open, and can be closed also while an item is under way: its iterator by `return()`, which in
 * a generator queues behind that item; a stream of Node by `destroy()`, a web stream by its reader, which
 * both end the item; anything else that is disposable by disposing of it, if `return()` does not suffice.
 */
export class OpenSource<T> {
  /** Whether promises in it are to be awaited, as `for await` does. */
  readonly isSync: boolean;
  readonly #source: unknown;
  readonly #iterator: AnyIterator<T>;
  #isDisposed = false;

  private constructor(source: unknown, iterator: AnyIterator<T>, kind: 'sync' | 'async' = 'async') {
    this.#source = source;
    this.#iterator = iterator;
    this.isSync = kind === 'sync';
  }

  static of<T>(source: AnySource<T>): OpenSource<T> {
    if (isWebStream(source)) return new OpenSource(source, new StreamIterator(source as never));
    if (isAsyncIterable(source)) {
      return new OpenSource<T>(source, source[Symbol.asyncIterator]());
    }
    return new OpenSource<T>(source, source[Symbol.iterator](), 'sync');
  }

  /** Takes an iterator that others may have begun. */
  static ofIterator<T>(iterator: AnyIterator<T>): OpenSource<T> {
    const isSync = isIterable(iterator) && !isAsyncIterable(iterator);
    return new OpenSource(iterator, iterator, isSync ? 'sync' : 'async');
  }

  next(): ReturnType<AnyIterator<T>['next']> {
    return this.#iterator.next();
  }

  /** Closes it, and waits until it is closed. `state`: whether it is at work on an item. */
  async close(state: 'busy' | 'idle'): Promise<void> {
    if (isNodeStream(this.#source)) this.#source.destroy();
    const returned = this.#iterator.return?.();
    const dispose = disposalOf(this.#source) ?? disposalOf(this.#iterator);
    if (state === 'idle' || dispose === undefined) {
      await returned;
      return;
    }
    if (returned !== undefined && (await settlesInTime(returned))) return;
    this.#isDisposed = true;
    await dispose();
    if (returned !== undefined) await settlesInTime(returned);
  }

  /** Whether the error of an item that was under way is but the consequence of how it was closed. */
  isClosing(error: unknown): boolean {
    if (this.#isDisposed) return true;
    const code = tryOr(() => (error as { code?: unknown } | null | undefined)?.code, undefined);
    return code === 'ERR_STREAM_PREMATURE_CLOSE' && isNodeStream(this.#source);
  }
}

/** Unlike the iterator of the stream itself, one whose `return()` ends a `next()` that waits. */
class StreamIterator<T> implements AsyncIterator<T, undefined> {
  readonly #reader: ReturnType<WebStream<T>['getReader']>;

  constructor(stream: WebStream<T>) {
    this.#reader = stream.getReader();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    try {
      const { done, value } = await this.#reader.read();
      if (!done) return { done, value: value as T };
    } catch (error) {
      this.#reader.releaseLock();
      throw error;
    }
    this.#reader.releaseLock();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.#reader.cancel();
    this.#reader.releaseLock();
    return { done: true, value: undefined };
  }
}

async function settlesInTime(promise: unknown): Promise<boolean> {
  const wait = (): Promise<true> =>
    settled(
      currentFrame()._scope,
      () => Promise.resolve(promise).then(() => true),
      () => undefined,
    );
  return (await moveOnAfter(PATIENCE, wait)) === true;
}

/** Waits for a promise; what it rejects with when the wait is over already, is told to `tooLate`. */
export function settled<T>(
  scope: CancelScope,
  start: () => PromiseLike<T>,
  tooLate: (error: unknown) => void,
): Promise<T> {
  return parkIn<T>(
    scope,
    (waiter) => {
      start().then(
        (value) => {
          waiter.wake(value);
        },
        (error: unknown) => {
          if (!waiter.fail(error)) tooLate(error);
        },
      );
    },
    { name: 'an item' },
  );
}
