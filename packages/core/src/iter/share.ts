import { contextSnapshot } from '../scope/context-var.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import { refusalIn } from '../waiting/park.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import { paced, ready } from '../waiting/ready.ts';
import { Fifo } from './fifo.ts';
import { SharedReader } from './shared-reader.ts';

/** One consumer: what has been given since it came, and was not taken by it. */
class Branch<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #reader: SharedReader<T>;
  /** Where the iteration began. */
  readonly #owner = currentFrame()._scope;
  readonly #items = new Fifo<T>();
  readonly #line = new ParkingLot();
  #isLeft = false;

  constructor(reader: SharedReader<T>) {
    this.#reader = reader;
    reader.join(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  put(item: T): void {
    this.#items.push(item);
    this.#line.unpark();
  }

  /** The source has ended, or failed. */
  end(): void {
    this.#line.unparkAll();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const { signal } = this.#reader;
    const refused = refusalIn(currentFrame()._scope, signal);
    if (refused !== undefined) return refused;
    while (!this.#isLeft) {
      if (this.#items.size > 0) return ready({ done: false, value: this.#items.shift() });
      const { outcome } = this.#reader;
      if (outcome !== undefined) return this.#last(outcome);
      this.#reader.ask();
      await this.#wait(signal);
    }
    return ready({ done: true, value: undefined });
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#line.park({ name: 'share', signal });
    } catch (error) {
      // `for await` does not call return() then. If only this call was cancelled, the iterator is as before.
      if (this.#owner.reason !== undefined || signal?.aborted === true) await this.#leave();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await paced(this.#leave());
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await paced(this.#leave());
  }

  /** The error of the source comes once. */
  async #last(outcome: { readonly error?: unknown }): Promise<IteratorResult<T, undefined>> {
    await this.#leave();
    if ('error' in outcome) throw outcome.error;
    return ready({ done: true, value: undefined });
  }

  #leave(): Promise<void> {
    this.#isLeft = true;
    this.#line.unparkAll();
    return this.#reader.leave(this);
  }
}

/**
 * Lets several loops consume one source: each gets all items from its own beginning on. The source is opened by the first item that is
 * asked for, asked for the next one as soon as the fastest loop wants it, and closed when the last loop is left, as those of
 * `ReadableStream.tee()`. For a slower loop items wait. The source works in the scope in which `share` was called.
 *
 * @param source - an iterable, or an async iterable
 * @param options - `signal`: ends the iterations: `next()` rejects with `signal.reason`
 * @returns an iterable; each iterator's `next()` is a checkpoint, and rejects with the error of the source, or the ambient scope's
 *   CancelledError
 * @throws TypeError for bad arguments
 * @example
 * const prices = share(subscribe(url));
 * await gather([() => drawChart(prices), () => store(prices)]);
 */
export function share<T>(source: AnySource<T>, options?: SignalOptions): AsyncIterable<T> {
  checkCall('share', options);
  checkSource('share', 'source', source);
  const reader = new SharedReader(source, contextSnapshot(), options?.signal);
  return { [Symbol.asyncIterator]: () => new Branch(reader) };
}
