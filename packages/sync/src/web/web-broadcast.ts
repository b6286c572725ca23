import { detached, InvalidStateError } from '@ambit/core';
import {
  callSafely,
  checkOneOf,
  checkOptions,
  refused,
  show,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import { Broadcast } from '../broadcast/broadcast.ts';
import type { BroadcastStatistics } from '../broadcast/broadcast.ts';
import type { Subscription } from '../internal/item-source.ts';
import type { WaitOptions } from '../internal/options.ts';

/** Options for {@link WebBroadcast}. @beta */
export interface WebBroadcastOptions {
  /** How many of the last items that came here a new subscriber gets first: a whole number from 0. Default: 0. */
  readonly replay?: number | undefined;
  /** How many items a subscriber may be behind: a whole number from 1, at least `replay`. Default: `Infinity`. */
  readonly capacity?: number | undefined;
  /**
   * What happens when a subscriber is `capacity` items behind and one more comes. `drop-oldest`: the subscriber silently loses its
   * oldest item. `error`: it loses the item and gets a `LaggedError`. Other tabs cannot be made to wait.
   */
  readonly onLag: 'drop-oldest' | 'error';
}

/** The platform's channel, as far as it is used. */
interface Channel extends EventTarget {
  postMessage(message: unknown): void;
  close(): void;
}

type ChannelClass = new (name: string) => Channel;

/**
 * A `Broadcast` whose far ends are in the other tabs and workers of the origin: an item that is published in one of them comes to the
 * subscribers in all, its own included. Items travel over a `BroadcastChannel` of this name, so they are structured clones
 * there, and what other code posts to that channel comes as an item too.
 *
 * Close it, or let it be disposed of: on Node an open channel keeps the process alive.
 *
 * @beta
 * @example
 * using logins = new WebBroadcast<Login>('logins', { onLag: 'drop-oldest' });
 * for await (const login of logins.subscribe()) showUser(login.user);
 */
export class WebBroadcast<T> implements Disposable {
  /** The name of the channel. */
  readonly name: string;
  readonly #channel: Channel;
  readonly #here: Broadcast<T>;
  #isClosed = false;

  /**
   * @param name - the name by which tabs and workers of the origin share it
   * @param options - `onLag`, `capacity`, `replay`
   * @throws InvalidStateError without `BroadcastChannel`; TypeError or RangeError for bad arguments
   */
  constructor(name: string, options: WebBroadcastOptions) {
    checkArguments(name, options);
    this.name = name;
    this.#here = new Broadcast<T>({ ...options, name });
    this.#channel = openChannel(name);
    this.#channel.addEventListener('message', this.#onMessage);
    this.#channel.addEventListener('messageerror', this.#onMessageError);
  }

  /**
   * Publishes an item to all subscribers, here and in the other tabs and workers. Never waits for them. A checkpoint.
   *
   * @param item - what structured clone can copy
   * @param options - `signal`: one that is aborted refuses the call
   * @throws (rejects), and then no subscriber gets the item: ClosedError if the broadcast is closed here; a DataCloneError for an item that
   *   cannot be copied; the ambient scope's CancelledError or `signal.reason`
   */
  publish(item: T, options?: WaitOptions): Promise<void> {
    try {
      throwIfCancelled(options, 'WebBroadcast.publish');
      if (!this.#isClosed) this.#channel.postMessage(item);
    } catch (error) {
      return refused(error);
    }
    return this.#here.publish(item);
  }

  /**
   * Subscribes, from now on. As `Broadcast.subscribe`.
   *
   * @returns the items, one after the other; ends after `close()`. Leaving the loop, or disposing, ends the subscription
   */
  subscribe(): Subscription<T> {
    return this.#here.subscribe();
  }

  /** Closes this end: the other tabs and workers keep theirs. Subscribers take the items that are left, and end. */
  close(): void {
    this.#isClosed = true;
    this.#channel.removeEventListener('message', this.#onMessage);
    this.#channel.removeEventListener('messageerror', this.#onMessageError);
    this.#channel.close();
    this.#here.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns a snapshot of this end, for diagnostics. */
  statistics(): BroadcastStatistics {
    return this.#here.statistics();
  }

  // Outside of the scope in which the channel was opened, which may be cancelled: the item belongs to all subscribers.
  readonly #onMessage = (event: Event): void => {
    const { data } = event as Event & { readonly data: T };
    detached(() => this.#here.publish(data)).catch(report);
  };

  readonly #onMessageError = (): void => {
    report(
      new InvalidStateError(
        `WebBroadcast: an item for ${show(this.name)} came that cannot be read here; publish what every tab can clone`,
      ),
    );
  };
}

/** An error without a caller becomes an uncaught one. */
function report(error: unknown): void {
  callSafely(() => {
    throw error;
  }, undefined);
}

function checkArguments(name: unknown, options: WebBroadcastOptions | undefined): void {
  if (typeof name !== 'string') {
    throw new TypeError(`WebBroadcast: name is ${show(name)}; give a string`);
  }
  checkOptions('WebBroadcast', options);
  checkOneOf('WebBroadcast', 'onLag', options?.onLag, ['drop-oldest', 'error']);
}

function openChannel(name: string): Channel {
  const { BroadcastChannel } = globalThis as unknown as {
    readonly BroadcastChannel?: ChannelClass;
  };
  if (BroadcastChannel !== undefined) return new BroadcastChannel(name);
  throw new InvalidStateError(
    'WebBroadcast: there is no BroadcastChannel here; use Broadcast within one page or process',
  );
}
