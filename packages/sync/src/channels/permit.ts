import { InvalidStateError } from '@ambit/core';
import type { ChannelCore } from './channel-core.ts';

/** Reserved room for one item in a channel. */
export interface SendPermit<T> extends Disposable {
  /**
   * Sends the item. Never waits; no checkpoint.
   *
   * @throws BrokenChannelError if the last receiver has closed; InvalidStateError if the permit was used
   *   or given back before
   */
  send(item: T): void;
  /** Gives the room back; does nothing once it was used. */
  [Symbol.dispose](): void;
}

/** The caller that makes it has counted its room. */
export class Permit<T> implements SendPermit<T> {
  readonly #core: ChannelCore<T>;
  #isOpen = true;

  constructor(core: ChannelCore<T>) {
    this.#core = core;
  }

  send(item: T): void {
    if (!this.#isOpen) {
      throw new InvalidStateError(
        `send: this permit of the ${this.#core.label} was used or given back; reserve() another one`,
      );
    }
    if (this.#core.openReceivers === 0) throw this.#core.brokenChannel('send');
    this.#isOpen = false;
    this.#core.sendReserved(item);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#core.unreserve();
  }
}
