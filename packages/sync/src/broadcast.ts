import { enter, ParkingLot } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { BroadcastLog } from './broadcast-log.ts';
import type { Cursor } from './broadcast-log.ts';
import { checkCount, checkOneOf, checkOptions, checkWhole } from './check.ts';
import { ClosedError, EndOfChannelError, LaggedError } from './errors.ts';
import { failAll } from './fail-all.ts';
import { FeedIterator } from './feed.ts';
import type { Feed, Subscription, Taken } from './feed.ts';
import { NextLine } from './next-line.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** What `Broadcast` takes besides. */
export interface BroadcastOptions extends NameOptions {
  /** How many of the last items a new subscriber gets first: a whole number from 0. Default: 0. */
  readonly replay?: number | undefined;
  /**
   * How many items a subscriber may be behind: a whole number from 1, at least `replay`. Default:
   * `Infinity`.
   */
  readonly capacity?: number | undefined;
  /**
   * What happens when a subscriber is that far behind and one more is published: the publisher waits; or
   * that subscriber loses its oldest item, in silence; or it loses it and gets a {@link LaggedError}
   * that says how many it lost, before it goes on with the oldest that there is.
   */
  readonly onLag: 'wait' | 'drop-oldest' | 'error';
}

/** What `Broadcast.statistics()` tells: how it stands at this moment. */
export interface BroadcastStatistics {
  /** How many subscribe. */
  readonly subscribers: number;
  /** How many items the slowest subscriber has still to take. */
  readonly size: number;
  /** How many items are stored at most. */
  readonly capacity: number;
  /** All of those who wait: the sum of the next two. */
  readonly waiting: number;
  /** How many wait until they can publish. */
  readonly publishing: number;
  /** How many wait for an item. */
  readonly receiving: number;
}

/**
 * Every item to every subscriber, each at its own pace. A subscriber sees what is published after it
 * came, and the last few items before that if so wished.
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
  // Somebody waits to publish only if the slowest subscriber is `capacity` behind.
  readonly #publishers = new ParkingLot<void, T>();
  readonly #subscribers = new Set<Subscriber<T>>();
  /** Those that wait for the next item; they have read all there is. */
  readonly #hungry = new Set<Subscriber<T>>();
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
   * @throws (rejects), and then nobody gets the item: ClosedError if the broadcast is closed, also
   *   meanwhile; the ambient scope's CancelledError or `signal.reason`
   */
  publish(item: T, options?: WaitOptions): Promise<void> {
    try {
      enter(options);
      if (this.#isClosed) throw this.#closed();
      if (this.#onLag !== 'wait' || this.#log.hasRoom) {
        this.#append(item);
        return taken(undefined);
      }
    } catch (error) {
      return refused(error);
    }
    const name = `${this.#label} publish`;
    return this.#publishers.park({ signal: options?.signal, name, data: item });
  }

  /** Publishes no more: who waits to publish gets a ClosedError; subscribers take what is left, and end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    failAll(this.#publishers, () => this.#closed());
    for (const subscriber of this.#hungry) subscriber.end();
  }

  /**
   * Subscribes, from now on. Each step of the iteration is a checkpoint. A {@link LaggedError} ends a loop
   * but not the subscription: another loop goes on with it. With `onLag: 'wait'` a subscription that nobody
   * reads holds up the publishers: dispose it.
   *
   * @returns the items, one after the other; ends after `close()`. Leaving the loop, or disposing, ends
   *   the subscription
   */
  subscribe(): Subscription<T> {
    const subscriber = new Subscriber<T>(this.#log, {
      label: `${this.#label} receive`,
      isSilent: this.#onLag !== 'error',
      hungry: this.#hungry,
      isClosed: () => this.#isClosed,
      onRead: () => this.#admit(),
      onClose: () => this.#subscribers.delete(subscriber),
    });
    this.#subscribers.add(subscriber);
    return new FeedIterator(subscriber);
  }

  /** How it stands: who waits, and what is held. */
  statistics(): BroadcastStatistics {
    const publishing = this.#publishers.size;
    let receiving = 0;
    for (const subscriber of this.#hungry) receiving += subscriber.waiting;
    return {
      subscribers: this.#subscribers.size,
      size: this.#log.size,
      capacity: this.#capacity,
      waiting: publishing + receiving,
      publishing,
      receiving,
    };
  }

  #append(item: T): void {
    this.#log.append(item);
    for (const subscriber of this.#hungry) subscriber.feed();
  }

  // The room goes to who waits longest at once: left open, a newcomer would barge in.
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

/** What a subscriber has to know of its broadcast. */
interface Surroundings<T> {
  readonly label: string;
  readonly isSilent: boolean;
  readonly hungry: Set<Subscriber<T>>;
  isClosed(): boolean;
  onRead(): void;
  onClose(): void;
}

class Subscriber<T> implements Feed<T> {
  readonly #log: BroadcastLog<T>;
  readonly #cursor: Cursor<T>;
  readonly #around: Surroundings<T>;
  readonly #line: NextLine<T, Subscriber<T>>;

  constructor(log: BroadcastLog<T>, around: Surroundings<T>) {
    this.#log = log;
    this.#cursor = log.open();
    this.#around = around;
    this.#line = new NextLine(around.hungry, this);
  }

  get label(): string {
    return this.#around.label;
  }

  get waiting(): number {
    return this.#line.size;
  }

  poll(): Taken<T> | undefined {
    this.#checkMissed();
    const item = this.#log.peek(this.#cursor);
    if (item === undefined) {
      if (this.#around.isClosed()) throw this.#ended();
      return undefined;
    }
    this.#log.advance(this.#cursor);
    this.#around.onRead();
    return item;
  }

  #checkMissed(): void {
    const missed = this.#log.missed(this.#cursor);
    if (missed === 0 || this.#around.isSilent) return;
    throw new LaggedError(
      `${this.label}: this subscriber was too slow and has lost ${missed} items; iterate again to go on`,
      missed,
    );
  }

  enlist(waker: Waker<T>): () => void {
    return this.#line.enlist(waker);
  }

  /** There is a new item, and somebody waits for it. */
  feed(): void {
    const item = this.#log.peek(this.#cursor);
    if (item !== undefined && this.#line.wake(item.value)) this.#log.advance(this.#cursor);
  }

  end(): void {
    this.#line.failAll(() => this.#ended());
  }

  isEnd(error: unknown): boolean {
    return error instanceof EndOfChannelError;
  }

  close(): void {
    this.#around.onClose();
    this.#log.close(this.#cursor);
    this.#around.onRead();
  }

  #ended(): EndOfChannelError {
    return new EndOfChannelError(`${this.label}: the broadcast is closed`);
  }
}

function checkedOptions(options: BroadcastOptions | undefined): BroadcastOptions {
  checkOptions('Broadcast', options);
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
