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
import { ClosedError } from '../internal/errors.ts';
import type { WaitOptions } from '../internal/options.ts';
import { Permit } from './permit.ts';
import type { SendPermit } from './permit.ts';
import { Waits } from '../internal/waits.ts';

/**
 * A handle on the end of a channel where items go in; made by {@link channel}.
 *
 * @example
 * const [sender, receiver] = channel<Page>();
 * using mine = sender; // closed at the end of the block
 * await mine.send(page);
 */
export class SendChannel<T> implements Disposable {
  readonly #core: ChannelCore<T>;
  /** @internal */ readonly _label: string;
  readonly #waits = new Waits<void>();
  /** In debug mode: warns if the handle is dropped without being closed. */
  readonly #note: Disposable | undefined;
  #isOpen = true;

  /** @internal */
  constructor(core: ChannelCore<T>) {
    this.#core = core;
    this._label = `${core.label} send`;
    core.openSenders += 1;
    this.#note = noteUnclosed(this, `a sender of the ${core.label}`);
  }

  /**
   * Sends an item: waits for room, with a capacity of 0 until it is received. With `onFull` other than
   * `'wait'` it never waits. A checkpoint.
   *
   * @param item - anything, `undefined` too; a promise is awaited where it is received
   * @param options - `signal`: ends the wait too
   * @throws (rejects), and then the item was not accepted: BrokenChannelError if the last receiver has
   *   closed, or does meanwhile; ClosedError if this handle has, or is; the ambient scope's
   *   CancelledError or `signal.reason`
   */
  send(item: T, options?: WaitOptions): Promise<void> {
    try {
      throwIfCancelled(options, 'SendChannel.send');
      if (this.trySend(item)) return ready(undefined);
    } catch (error) {
      return refused(error);
    }
    return this.#waitToSend(item, options);
  }

  #waitToSend(item: T, options: WaitOptions | undefined): Promise<void> {
    return park<void>((waker) => this._enlist(waker, item), {
      signal: options?.signal,
      name: this._label,
    });
  }

  /**
   * Sends an item if there is room. Never waits; no checkpoint.
   *
   * @returns false if there is no room, with a capacity of 0 if no receiver waits
   * @throws BrokenChannelError, ClosedError
   */
  trySend(item: T): boolean {
    this.#check('send');
    return this.#core.offer(item);
  }

  /** @internal Waits to send. */
  _enlist(waker: Waker<void>, item: T): () => void {
    return this.#waits.add(waker, (wait) => {
      const place = this.#core.sends.enlist(wait, { order: this.#core.nextOrder(), item });
      return () => place.leave();
    });
  }

  /**
   * Waits for room for one item, and keeps it: sending on the permit never waits. Calls that wait to send
   * and calls that wait to reserve share one line. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the permit, good for one item; disposing it gives the room back. The channel stays open for
   *   it, also if this handle closes
   * @throws (rejects) RangeError if the channel stores nothing; BrokenChannelError, ClosedError,
   *   CancelledError, `signal.reason` as `send`
   * @example
   * using permit = await sender.reserve();
   * permit.send(await expensive());
   */
  reserve(options?: WaitOptions): Promise<SendPermit<T>> {
    try {
      this.#checkCapacity();
      throwIfCancelled(options, 'SendChannel.reserve');
      this.#check('reserve');
      if (this.#core.reserve()) return ready(new Permit(this.#core));
    } catch (error) {
      return refused(error);
    }
    return this.#waitForRoom(options);
  }

  #waitForRoom(options: WaitOptions | undefined): Promise<SendPermit<T>> {
    return park<SendPermit<T>>((waker) => this.#enlistReserve(waker), {
      signal: options?.signal,
      name: `${this.#core.label} reserve`,
    });
  }

  #enlistReserve(waker: Waker<SendPermit<T>>): () => void {
    const core = this.#core;
    const withPermit: Waker<void> = {
      wake: () => waker.wake(new Permit(core)),
      fail: (error) => waker.fail(error),
    };
    return this.#waits.add(withPermit, (wait) => {
      const place = core.reserves.enlist(wait, { order: core.nextOrder() });
      return () => place.leave();
    });
  }

  /**
   * Another handle on the same end.
   *
   * @returns a handle that is closed by itself
   * @throws ClosedError if this one is closed
   */
  clone(): SendChannel<T> {
    if (!this.#isOpen) throw this.#closed('clone');
    return new SendChannel(this.#core);
  }

  /**
   * Closes this handle. Calls that wait on it reject with a ClosedError. Once all handles are closed, and all
   * permits used or given back, receivers get what is stored, then an EndOfChannelError. Does not
   * wait; the second time does nothing.
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#note?.[Symbol.dispose]();
    const error = sharingStack(() => this.#closed('send'));
    this.#waits.end((waker) => waker.fail(error()));
    this.#core.senderGone();
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): ChannelStatistics {
    return statisticsOf(this.#core);
  }

  #check(method: string): void {
    if (!this.#isOpen) throw this.#closed(method);
    if (this.#core.openReceivers === 0) throw this.#core.brokenChannel(method);
  }

  #checkCapacity(): void {
    if (this.#core.capacity >= 1) return;
    throw new RangeError(
      `reserve: the ${this.#core.label} has a capacity of 0, so there is no room to keep; give it a capacity of 1 or more`,
    );
  }

  #closed(method: string): ClosedError {
    return new ClosedError(`${method}: this sender of the ${this.#core.label} is closed`);
  }
}
