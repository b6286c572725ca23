import { ambient } from '../loop/ambient.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { isCausedBy } from '../scope/cancellation.ts';
import { isThenable } from '../internal/check.ts';
import { shielded } from '../tasks/shielded.ts';
import type { AnySource } from './any-source.ts';
import { OpenSource, settled } from './open-source.ts';

/**
 * A source that is read, one item at a time, and closed as `for await` would: once, and only if it was
 * begun and has not ended by itself. As there, promises in a sync iterable are awaited.
 */
export class Source<T> {
  readonly #open: () => AnySource<T> | OpenSource<T>;
  /** The scope that it runs in, from beginning to end. */
  readonly #scope: CancelScope;
  #opened: OpenSource<T> | undefined;
  #isBusy = false;
  #hasEnded = false;
  #closing: Promise<void> | undefined;
  /** The error of a pull that no call waits for any more. */
  #late: { readonly error: unknown } | undefined;

  /** `open` is called at the first pull. */
  constructor(open: () => AnySource<T> | OpenSource<T>, scope: CancelScope) {
    this.#open = open;
    this.#scope = scope;
  }

  /**
   * Waits for the next item; undefined: there are no more. A source cannot be told to stop: when the wait
   * is cancelled the pull goes on, and `close()` is what ends it.
   */
  async pull(): Promise<{ readonly value: T } | undefined> {
    const result = await this.#next();
    if (result.done === true) return undefined;
    const { value } = result;
    if (this.#opened?.isSync !== true || !isThenable(value)) return { value: value as T };
    return { value: await settled(this.#scope, () => value, ignore) };
  }

  async #next(): Promise<IteratorResult<T | PromiseLike<T>, unknown>> {
    try {
      return await settled(
        this.#scope,
        () => ambient.run(this.#scope, () => this.#ask()),
        (error) => {
          this.#late = { error };
        },
      );
    } catch (error) {
      // It was closed while this item was under way.
      if (this.#closing === undefined || this.#opened?.isClosing(error) !== true) throw error;
      return { done: true, value: undefined };
    }
  }

  async #ask(): Promise<IteratorResult<T | PromiseLike<T>, unknown>> {
    this.#isBusy = true;
    try {
      this.#opened ??= this.#begin();
      const result = await this.#opened.next();
      if (result.done === true) this.#hasEnded = true;
      return result;
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    } finally {
      this.#isBusy = false;
    }
  }

  #begin(): OpenSource<T> {
    const source = this.#open();
    return source instanceof OpenSource ? source : OpenSource.of(source);
  }

  /** Closes it, but still gives an item that is under way. */
  finish(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes it and waits until it is closed, shielded. Throws what fails in it meanwhile. */
  async close(): Promise<void> {
    const opened = this.#opened;
    await (this.#closing ?? this.#close());
    if (this.#late === undefined || opened?.isClosing(this.#late.error) === true) return;
    const reason = this.#scope.reason;
    if (reason === undefined || !isCausedBy(reason, this.#late.error)) throw this.#late.error;
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined || this.#hasEnded) return;
    this.#hasEnded = true;
    await shielded(() => opened.close(this.#isBusy ? 'busy' : 'idle'));
  }
}

function ignore(): void {
  // An item, not the source, is what failed; and no call wants the item any more.
}
