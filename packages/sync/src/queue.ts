import { InvalidStateError } from '@ambit/core';
import { enter, ParkingLot } from '@ambit/core/lowlevel';
import { checkCount, checkOptions } from './check.ts';
import { QueueShutDownError } from './errors.ts';
import { failAll } from './fail-all.ts';
import { FeedIterator } from './feed.ts';
import type { Subscription, Taken } from './feed.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { Ring } from './ring.ts';
import type { Store } from './store.ts';
import { taken } from './taken.ts';

/** What `Queue` takes besides. */
export interface QueueOptions extends NameOptions {
  /** How many items it stores: a whole number from 1. Default: `Infinity`. */
  readonly capacity?: number | undefined;
}

/** What `Queue.statistics()` tells: how it stands at this moment. */
export interface QueueStatistics {
  /** How many items there are. */
  readonly size: number;
  /** How many items are stored at most. */
  readonly capacity: number;
  /** Items that were put and not yet reported by `taskDone()`. */
  readonly unfinished: number;
  /** All of those who wait: the sum of the next three. */
  readonly waiting: number;
  /** How many wait for an item. */
  readonly getting: number;
  /** How many wait for room. */
  readonly putting: number;
  /** How many wait until all is done. */
  readonly joining: number;
}

/**
 * Items on their way from those who put to those who get, first in, first out. An item goes straight to
 * the one who waits longest; nobody who comes later is served before. Tasks may go on in another order
 * than they were served in: who need not wait lets others run now and then.
 *
 * @example
 * const jobs = new Queue<Job>({ capacity: 100, name: 'jobs' });
 * group.spawn(async () => {
 *   for await (const job of jobs) {
 *     await handle(job);
 *     jobs.taskDone();
 *   }
 * });
 * await jobs.put({ id: 1 });
 * await jobs.join(); // all handled
 * jobs.shutdown(); // ends the loop
 */
export class Queue<T> implements AsyncIterable<T> {
  /** @internal */ _store: Store<T> = new Ring<T>();
  readonly #capacity: number;
  readonly #label: string;
  readonly #getLabel: string;
  readonly #putLabel: string;
  // Somebody waits to get: nothing is stored. Somebody waits to put: it is full.
  readonly #getters = new ParkingLot<T>();
  readonly #putters = new ParkingLot<void, T>();
  readonly #joiners = new ParkingLot();
  #unfinished = 0;
  #isShutDown = false;

  /**
   * @param options - `capacity`: how many items it stores; `name`: shown in the task tree
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options?: QueueOptions) {
    this.#label = labelOf('Queue', 'queue', options);
    this.#getLabel = `${this.#label} get`;
    this.#putLabel = `${this.#label} put`;
    this.#capacity = options?.capacity ?? Infinity;
    checkCount('Queue', 'capacity', this.#capacity, 1);
  }

  /** How many items are stored. */
  get size(): number {
    return this._store.size;
  }

  /** True if the next `put` has to wait. */
  get full(): boolean {
    return this.size >= this.#capacity;
  }

  /** True if nothing is stored. */
  get empty(): boolean {
    return this.size === 0;
  }

  /**
   * Puts an item, once there is room. A checkpoint.
   *
   * @param item - anything, `undefined` too; who gets a promise awaits it
   * @param options - `signal`: ends the wait too
   * @throws (rejects), and then the item is not in the queue: QueueShutDownError, also if it is shut
   *   down meanwhile; the ambient scope's CancelledError or `signal.reason`
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    try {
      enter(options);
      if (this.tryPut(item)) return taken(undefined);
    } catch (error) {
      return refused(error);
    }
    return this.#putters.park({ signal: options?.signal, name: this.#putLabel, data: item });
  }

  /**
   * Takes the next item, once there is one. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the item
   * @throws (rejects), and then no item was taken: QueueShutDownError once it is shut down and empty;
   *   the ambient scope's CancelledError or `signal.reason`
   */
  get(options?: WaitOptions): Promise<T> {
    try {
      enter(options);
      if (this.size > 0) return taken(this.#take());
      if (this.#isShutDown) throw this.#shutDownError('get', 'and is empty');
    } catch (error) {
      return refused(error);
    }
    return this.#getters.park({ signal: options?.signal, name: this.#getLabel });
  }

  /**
   * Puts an item if it need not wait. Never waits; no checkpoint.
   *
   * @returns false if the queue is full
   * @throws QueueShutDownError
   */
  tryPut(item: T): boolean {
    if (this.#isShutDown) throw this.#shutDownError('put', 'and takes no more items');
    if (!this.#handOver(item)) {
      if (this.full) return false;
      this._store.push(item);
    }
    this.#unfinished += 1;
    return true;
  }

  /**
   * Takes the next item if there is one. Never waits; no checkpoint.
   *
   * @returns `ok: true` with the value, or `ok: false`
   * @throws QueueShutDownError once it is shut down and empty
   */
  tryGet(): { readonly ok: true; readonly value: T } | { readonly ok: false } {
    const item = this.#poll();
    return item === undefined ? { ok: false } : { ok: true, value: item.value };
  }

  /**
   * Reports that an item that was taken has been dealt with; see {@link Queue.join}.
   *
   * @throws InvalidStateError if it was called for all items before
   */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new InvalidStateError(
        `Queue.taskDone: every item of the ${this.#label} is done already; call it once for each item`,
      );
    }
    this.#finish(1);
  }

  /**
   * Waits until `taskDone()` has been called for every item that was put. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`
   */
  join(options?: WaitOptions): Promise<void> {
    try {
      enter(options);
    } catch (error) {
      return refused(error);
    }
    if (this.#unfinished === 0) return taken(undefined);
    return this.#joiners.park({ signal: options?.signal, name: `${this.#label} join` });
  }

  /**
   * Takes no more items: who puts, or waits to put, gets a QueueShutDownError. What is stored can still
   * be taken; then who gets, or waits to get, has the error too, and iteration ends. Does not wait; may
   * be called again.
   *
   * @param options - `immediate`: drops what is stored, as if it were done
   */
  shutdown(options?: { readonly immediate?: boolean | undefined }): void {
    checkOptions('Queue.shutdown', options);
    this.#isShutDown = true;
    failAll(this.#putters, () => this.#shutDownError('put', 'and takes no more items'));
    failAll(this.#getters, () => this.#shutDownError('get', 'and is empty'));
    if (options?.immediate !== true) return;
    const dropped = this.size;
    this._store.clear();
    this.#finish(dropped);
  }

  /**
   * Takes items one after the other; ends once the queue is shut down and empty. Leaving the loop leaves
   * the queue as it is. Each step is a checkpoint.
   */
  [Symbol.asyncIterator](): Subscription<T> {
    return new FeedIterator<T>({
      label: this.#getLabel,
      poll: () => this.#poll(),
      enlist: (waker) => {
        const place = this.#getters.enlist(waker);
        return () => place.leave();
      },
      isEnd: (error) => error instanceof QueueShutDownError,
    });
  }

  /** How it stands: who waits, and what is held. */
  statistics(): QueueStatistics {
    const [getting, putting] = [this.#getters.size, this.#putters.size];
    const joining = this.#joiners.size;
    return {
      size: this.size,
      capacity: this.#capacity,
      unfinished: this.#unfinished,
      waiting: getting + putting + joining,
      getting,
      putting,
      joining,
    };
  }

  #poll(): Taken<T> | undefined {
    if (this.size > 0) return { value: this.#take() };
    if (this.#isShutDown) throw this.#shutDownError('get', 'and is empty');
    return undefined;
  }

  #handOver(item: T): boolean {
    for (let place = this.#getters.head; place !== undefined; place = this.#getters.head) {
      if (place.wake(item)) return true;
    }
    return false;
  }

  #take(): T {
    const item = this._store.take();
    this.#admit();
    return item;
  }

  // The room goes to who waits longest at once: left open, a newcomer would barge in.
  #admit(): void {
    for (let place = this.#putters.head; place !== undefined; place = this.#putters.head) {
      if (this.full) return;
      try {
        this._store.push(place.data);
      } catch (error) {
        // An item that cannot be compared is the fault of who put it, not of who takes another one.
        place.fail(error);
        continue;
      }
      this.#unfinished += 1;
      place.wake();
    }
  }

  #finish(count: number): void {
    this.#unfinished -= count;
    if (this.#unfinished === 0) this.#joiners.unparkAll();
  }

  #shutDownError(method: string, state: string): QueueShutDownError {
    return new QueueShutDownError(`Queue.${method}: the ${this.#label} is shut down ${state}`);
  }
}
