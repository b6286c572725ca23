import {
  noteUnclosed,
  park,
  ready,
  refused,
  throwIfCancelled,
  sharingStack,
} from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { ChannelCore } from './channel-core.ts';
import { statisticsOf } from './channel-statistics.ts';
import type { ChannelStatistics } from './channel-statistics.ts';
import { ClosedError, EndOfChannelError } from '../internal/errors.ts';
import { SourceIterator } from '../internal/item-source.ts';
import type { Subscription, Ready } from '../internal/item-source.ts';
import type { WaitOptions } from '../internal/options.ts';
import { Waits } from '../internal/waits.ts';

/**
 * A handle on the end of a channel where items come out; made by {@link channel}.
 *
 * @example
 * const [sender, receiver] = channel<Page>();
 * for await (const page of receiver) await index(page);
 */
export class ReceiveChannel<T> implements AsyncIterable<T>, Disposable {
  readonly #core: ChannelCore<T>;
  /** @internal */ readonly _label: string;
  readonly #waits = new Waits<T>();
  /** In debug mode: warns if the handle is dropped without being closed. */
  readonly #note: Disposable | undefined;
  #isOpen = true;

  /** @internal */
  constructor(core: ChannelCore<T>) {
    this.#core = core;
    this._label = `${core.label} receive`;
    core.openReceivers += 1;
    this.#note = noteUnclosed(this, `a receiver of the ${core.label}`);
  }

  /**
   * Takes the next item, once there is one. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the item
   * @throws (rejects), and then no item was taken: EndOfChannelError if all senders have closed, or do
   *   meanwhile, and nothing is left; ClosedError if this handle has closed, or does; the ambient scope's
   *   CancelledError or `signal.reason`
   */
  receive(options?: WaitOptions): Promise<T> {
    try {
      throwIfCancelled(options, 'ReceiveChannel.receive');
      const item = this._poll();
      if (item !== undefined) return ready(item.value);
    } catch (error) {
      return refused(error);
    }
    return this.#wait(options);
  }

  #wait(options: WaitOptions | undefined): Promise<T> {
    return park<T>((waker) => this._enlist(waker), { signal: options?.signal, name: this._label });
  }

  /**
   * Takes the next item if there is one. Never waits; no checkpoint.
   *
   * @returns `ok: true` with the value, or `ok: false`
   * @throws EndOfChannelError, ClosedError
   */
  tryReceive(): { readonly ok: true; readonly value: T } | { readonly ok: false } {
    const item = this._poll();
    return item === undefined ? { ok: false } : { ok: true, value: item.value };
  }

  /** @internal */
  _poll(): Ready<T> | undefined {
    if (!this.#isOpen) throw this.#closed('receive');
    const item = this.#core.take();
    if (item === undefined && this.#core.openSenders === 0)
      throw this.#core.endOfChannel('receive');
    return item;
  }

  /** @internal Waits to receive. */
  _enlist(waker: Waker<T>): () => void {
    return this.#waits.add(waker, (wait) => {
      const place = this.#core.receives.enlist(wait);
      return () => place.leave();
    });
  }

  /**
   * Takes items one after the other; ends when all senders have closed and nothing is left. Leaving the
   * loop leaves the channel as it is. Each step is a checkpoint, and throws what `receive` throws.
   */
  [Symbol.asyncIterator](): Subscription<T> {
    return new SourceIterator<T>({
      label: this._label,
      poll: () => this._poll(),
      enlist: (waker) => this._enlist(waker),
      isEnd: (error) => error instanceof EndOfChannelError,
    });
  }

  /**
   * Another handle on the same end: each item goes to one of them.
   *
   * @returns a handle that is closed by itself
   * @throws ClosedError if this one is closed
   */
  clone(): ReceiveChannel<T> {
    if (!this.#isOpen) throw this.#closed('clone');
    return new ReceiveChannel(this.#core);
  }

  /**
   * Closes this handle. Calls that wait on it reject with a ClosedError. Once all handles are closed, calls
   * of `send` get a BrokenChannelError, and stored items go to `onUndelivered`. Does not wait; the second
   * time does nothing.
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#note?.[Symbol.dispose]();
    const error = sharingStack(() => this.#closed('receive'));
    this.#waits.end((waker) => waker.fail(error()));
    this.#core.receiverGone();
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): ChannelStatistics {
    return statisticsOf(this.#core);
  }

  #closed(method: string): ClosedError {
    return new ClosedError(`${method}: this receiver of the ${this.#core.label} is closed`);
  }
}
