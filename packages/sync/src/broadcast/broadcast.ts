import {
  checkCount,
  checkOneOf,
  checkWhole,
  ParkingLot,
  ready,
  refused,
  Tally,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import { BroadcastLog } from './broadcast-log.ts';
import { ClosedError } from '../internal/errors.ts';
import { SourceIterator } from '../internal/item-source.ts';
import type { Subscription } from '../internal/item-source.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';
import { Subscriber } from './subscriber.ts';

/** Options for {@link Broadcast}. */
export interface BroadcastOptions extends NameOptions {
  /** How many of the last items a new subscriber gets first: a whole number from 0. Default: 0. */
  readonly replay?: number | undefined;
  /**
   * How many items a subscriber may be behind: a whole number from 1, at least `replay`. Default:
   * `Infinity`.
   */
  readonly capacity?: number | undefined;
  /**
   * What happens when a subscriber is `capacity` items behind and one more is published. `wait`: the
   * publisher waits. `drop-oldest`: that subscriber silently loses its oldest item. `error`: it loses the
   * item and gets a `LaggedError` that says how many it missed, before it goes on with the oldest
   * item left.
   */
  readonly onLag: 'wait' | 'drop-oldest' | 'error';
}

/** Returned by {@link Broadcast.statistics}. */
export interface BroadcastStatistics {
  /** How many subscribe. */
  readonly subscribers: number;
  /** How many items the slowest subscriber has still to take. */
  readonly size: number;
  /** The most items that were ever stored at one time. */
  readonly peak: number;
  /** How many items are stored at most. */
  readonly capacity: number;
  /** How many callers wait: the sum of the next two. */
  readonly waiting: number;
  /** How many callers wait to publish. */
  readonly publishing: number;
  /** How many callers wait for an item. */
  readonly receiving: number;
}

/**
 * Hands every item to every subscriber, each at its own pace. A subscriber sees the items that are
 * published after it subscribed, and with `replay` the last few before that.
 *
 * @example
 * const prices = new Broadcast<Price>({ capacity: 100, onLag: 'drop-oldest' });
 * group.spawn(async () => {
 *   using subscription = prices.subscribe();
 *   for await (const price of subscription) show(price);
 * });
 * await prices.publish({ symbol: 'AMB', price: 42 });
 */
export class Broadcast<T> {
  readonly #label: string;
  readonly #capacity: number;
  readonly #onLag: BroadcastOptions['onLag'];
  readonly #log: BroadcastLog<T>;
  // Calls wait to publish only if the slowest subscriber is `capacity` behind.
  readonly #publishers = new ParkingLot<void, T>();
  readonly #subscribers = new Set<Subscriber<T>>();
  /** Those that wait for the next item; they have read all there is. */
  readonly #waiting = new Set<Subscriber<T>>();
  readonly #receives = new Tally();
  #isClosed = false;

  /**
   * @param options - `onLag`, `capacity`, `replay`; `name`: shown in the task tree
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options: BroadcastOptions) {
    this.#label = labelOf('Broadcast', 'broadcast', options);
    const { onLag, capacity = Infinity, replay = 0 } = checkedOptions(options);
    this.#onLag = onLag;
    this.#capacity = capacity;
    this.#log = new BroadcastLog(capacity, replay);
  }

  /**
   * Publishes an item to all subscribers. Waits only with `onLag: 'wait'`, while a subscriber is too far
   * behind. A checkpoint.
   *
   * @param item - anything, `undefined` too
   * @param options - `signal`: ends the wait too
   * @throws (rejects), and then no subscriber gets the item: ClosedError if the broadcast is closed, also
   *   meanwhile; the ambient scope's CancelledError or `signal.reason`
   */
  publish(item: T, options?: WaitOptions): Promise<void> {
    try {
      throwIfCancelled(options, 'Broadcast.publish');
      if (this.#isClosed) throw this.#closed();
      if (this.#onLag !== 'wait' || this.#log.hasRoom) {
        this.#append(item);
        return ready(undefined);
      }
    } catch (error) {
      return refused(error);
    }
    const name = `${this.#label} publish`;
    return this.#publishers.park({ signal: options?.signal, name, data: item });
  }

  /**
   * Closes the broadcast: calls of `publish`, also those that wait, get a ClosedError; subscribers take
   * the items that are left, and end.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#publishers.failAll(() => this.#closed());
    for (const subscriber of this.#waiting) subscriber.end();
  }

  /**
   * Subscribes, from now on. Each step of the iteration is a checkpoint. A `LaggedError` ends a loop
   * but not the subscription: another loop goes on with it. With `onLag: 'wait'` a subscription that is
   * not read holds up the publishers: dispose it.
   *
   * @returns the items, one after the other; ends after `close()`. Leaving the loop, or disposing, ends
   *   the subscription
   */
  subscribe(): Subscription<T> {
    const subscriber = new Subscriber<T>(this.#log, {
      label: `${this.#label} receive`,
      isSilent: this.#onLag !== 'error',
      waiting: this.#waiting,
      receives: this.#receives,
      isClosed: () => this.#isClosed,
      onRead: () => this.#admit(),
      onClose: () => this.#subscribers.delete(subscriber),
    });
    this.#subscribers.add(subscriber);
    return new SourceIterator(subscriber);
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): BroadcastStatistics {
    const publishing = this.#publishers.size;
    const receiving = this.#receives.size;
    return {
      subscribers: this.#subscribers.size,
      size: this.#log.size,
      peak: this.#log.peak,
      capacity: this.#capacity,
      waiting: publishing + receiving,
      publishing,
      receiving,
    };
  }

  #append(item: T): void {
    this.#log.append(item);
    for (const subscriber of this.#waiting) subscriber.deliver();
  }

  // The room goes to the caller that waits longest at once: left open, a newcomer would barge in.
  #admit(): void {
    while (this.#log.hasRoom) {
      const place = this.#publishers.head;
      if (place === undefined) return;
      if (place.wake()) this.#append(place.data);
    }
  }

  #closed(): ClosedError {
    return new ClosedError(`publish: the ${this.#label} is closed`);
  }
}

/** That they are an object has been checked. */
function checkedOptions(options: BroadcastOptions | undefined): BroadcastOptions {
  checkOneOf('Broadcast', 'onLag', options?.onLag, ['wait', 'drop-oldest', 'error']);
  const { capacity = Infinity, replay = 0 } = options as BroadcastOptions;
  checkCount('Broadcast', 'capacity', capacity, 1);
  checkWhole('Broadcast', 'replay', replay, 0);
  if (replay > capacity) {
    throw new RangeError(
      `Broadcast: replay is ${replay}, more than the capacity of ${capacity}: a new subscriber would lag ` +
        'at once; give a capacity of at least that',
    );
  }
  return options as BroadcastOptions;
}
