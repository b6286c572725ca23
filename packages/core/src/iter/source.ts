import { ambient } from '../ambient.ts';
import type { CancelScope } from '../cancel-scope.ts';
import { isCausedBy } from '../cancellation.ts';
import { isThenable, show } from '../check.ts';
import { parkIn } from '../park.ts';
import { shielded } from '../resource-stack.ts';

/** What items come from. */
export type AnySource<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>>;

export type AnyIterator<T> = AsyncIterator<T, unknown> | Iterator<T | PromiseLike<T>, unknown>;

/** Checks an argument at a public door. */
export function checkSource(where: string, argument: string, source: unknown): void {
  if (isAsyncIterable(source) || isIterable(source)) return;
  throw new TypeError(
    `${where}: ${argument} is ${show(source)}; give an iterable or an async iterable`,
  );
}

export function isAsyncIterable(source: unknown): source is AsyncIterable<unknown> {
  const candidate = source as Partial<AsyncIterable<unknown>> | null | undefined;
  return typeof candidate?.[Symbol.asyncIterator] === 'function';
}

export function isIterable(source: unknown): source is Iterable<unknown> {
  const candidate = source as Partial<Iterable<unknown>> | null | undefined;
  return typeof candidate?.[Symbol.iterator] === 'function';
}

/**
 * A source that is read, one item at a time, and closed as `for await` would: once, and only if it was
 * begun and has not ended by itself. As there, promises in a sync iterable are awaited.
 */
export class Source<T> {
  readonly #open: () => AnySource<T>;
  /** The scope that it runs in, from beginning to end. */
  readonly #scope: CancelScope;
  #isSync = false;
  #iterator: AnyIterator<T> | undefined;
  #hasEnded = false;
  /** The error of a pull that nobody waits for any more. */
  #late: { readonly error: unknown } | undefined;

  /** `open` is called at the first pull. */
  constructor(open: () => AnySource<T>, scope: CancelScope) {
    this.#open = open;
    this.#scope = scope;
  }

  /**
   * Waits for the next item; undefined: there are no more. A source cannot be told to stop: when the wait
   * is cancelled the pull goes on, and `close()` is what ends it.
   */
  async pull(): Promise<{ readonly value: T } | undefined> {
    const result = await settled(
      this.#scope,
      () => ambient.run(this.#scope, () => this.#ask()),
      (error) => {
        this.#late = { error };
      },
    );
    if (result.done === true) return undefined;
    const { value } = result;
    if (!this.#isSync || !isThenable(value)) return { value: value as T };
    return { value: await settled(this.#scope, () => value, ignore) };
  }

  async #ask(): Promise<IteratorResult<T | PromiseLike<T>, unknown>> {
    try {
      this.#iterator ??= this.#begin();
      const result = await this.#iterator.next();
      if (result.done === true) this.#hasEnded = true;
      return result;
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    }
  }

  #begin(): AnyIterator<T> {
    const source = this.#open();
    if (isAsyncIterable(source)) return (source as AsyncIterable<T>)[Symbol.asyncIterator]();
    this.#isSync = true;
    return source[Symbol.iterator]();
  }

  /** Closes it and waits until it is closed, shielded. Throws what fails in it meanwhile. */
  async close(): Promise<void> {
    const iterator = this.#iterator;
    if (iterator !== undefined && !this.#hasEnded) {
      this.#hasEnded = true;
      await shielded(() => iterator.return?.());
    }
    if (this.#late === undefined) return;
    const reason = this.#scope.reason;
    if (reason === undefined || !isCausedBy(reason, this.#late.error)) throw this.#late.error;
  }
}

/** Waits for a promise; what it rejects with when the wait is over already, is told to `tooLate`. */
function settled<T>(
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

function ignore(): void {
  // An item, not the source, is what failed; and nobody wants the item any more.
}
