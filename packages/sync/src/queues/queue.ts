import { ParkingLot, ready, refused, throwIfCancelled } from '@ambit/core/lowlevel';
import type { Place } from '@ambit/core/lowlevel';
import { announceQueue } from '../internal/channels.ts';
import { QueueShutDownError } from '../internal/errors.ts';
import { handOver } from '../internal/hand-over.ts';
import { SourceIterator } from '../internal/item-source.ts';
import type { Subscription, Ready } from '../internal/item-source.ts';
import { labelOf } from '../internal/options.ts';
import type { WaitOptions } from '../internal/options.ts';
import { capacityOf, isImmediate } from './queue-options.ts';
import type { QueueOptions, QueueStatistics } from './queue-options.ts';
import { Ring } from './ring.ts';
import type { Store } from './store.ts';
import { UnfinishedItems } from './unfinished-items.ts';

/**
 * Hands items over from callers that put to callers that get, first in, first out. An item goes straight to
 * the caller that waits longest; no later caller is served before it. Tasks may go on in another order
 * than they were served in: a call that need not wait lets others run now and then.
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
  // While callers wait to get, nothing is stored. While callers wait to put, the queue is full.
  readonly #getters = new ParkingLot<T>();
  readonly #putters = new ParkingLot<void, T>();
  readonly #unfinished: UnfinishedItems;
  #peak = 0;
  #isShutDown = false;

  /**
   * @param options - `capacity`: how many items it stores; `name`: shown in the task tree
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options?: QueueOptions) {
    this.#label = labelOf('Queue', 'queue', options);
    this.#getLabel = `${this.#label} get`;
    this.#putLabel = `${this.#label} put`;
    this.#unfinished = new UnfinishedItems(this.#label);
    this.#capacity = capacityOf(options);
    announceQueue(this, options);
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
   * @param item - anything, `undefined` too; a promise is awaited where it is taken out
   * @param options - `signal`: ends the wait too
   * @throws (rejects), and then the item is not in the queue: QueueShutDownError, also if it is shut
   *   down meanwhile; the ambient scope's CancelledError or `signal.reason`
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    try {
      throwIfCancelled(options, 'Queue.put');
      if (this.tryPut(item)) return ready(undefined);
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
      throwIfCancelled(options, 'Queue.get');
      if (this.size > 0) return ready(this.#take());
      if (this.#isShutDown) throw this.#shutDownError('get', 'and is empty');
    } catch (error) {
      return refused(error);
    }
    return this.#getters.park({ signal: options?.signal, name: this.#getLabel });
  }

  /**
   * Puts an item if there is room. Never waits; no checkpoint.
   *
   * @returns false if the queue is full
   * @throws QueueShutDownError
   */
  tryPut(item: T): boolean {
    if (this.#isShutDown) throw this.#shutDownError('put', 'and takes no more items');
    if (!handOver(this.#getters, item)) {
      if (this.full) return false;
      this.#add(item);
    }
    this.#unfinished.add();
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
   * @throws InvalidStateError if it was already called for every item
   */
  taskDone(): void {
    this.#unfinished.done();
  }

  /**
   * Waits until `taskDone()` has been called for every item that was put. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`
   */
  join(options?: WaitOptions): Promise<void> {
    return this.#unfinished.untilNone(options);
  }

  /**
   * Shuts the queue down: calls of `put`, also those that wait, get a QueueShutDownError. Stored items can
   * still be taken; then calls of `get`, also those that wait, get the error too, and iteration ends. Does
   * not wait; may be called again.
   *
   * @param options - `immediate`: drops the stored items, as if they were done
   */
  shutdown(options?: { readonly immediate?: boolean | undefined }): void {
    const immediate = isImmediate(options);
    this.#isShutDown = true;
    this.#putters.failAll(() => this.#shutDownError('put', 'and takes no more items'));
    this.#getters.failAll(() => this.#shutDownError('get', 'and is empty'));
    if (!immediate) return;
    const dropped = this.size;
    this._store.clear();
    this.#unfinished.finish(dropped);
  }

  /**
   * Takes items one after the other; ends once the queue is shut down and empty. Leaving the loop leaves
   * the queue as it is. Each step is a checkpoint.
   */
  [Symbol.asyncIterator](): Subscription<T> {
    return new SourceIterator<T>({
      label: this.#getLabel,
      poll: () => this.#poll(),
      enlist: (waker) => {
        const place = this.#getters.enlist(waker);
        return () => place.leave();
      },
      isEnd: (error) => error instanceof QueueShutDownError,
    });
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): QueueStatistics {
    const [getting, putting] = [this.#getters.size, this.#putters.size];
    const joining = this.#unfinished.waiting;
    return {
      size: this.size,
      peak: this.#peak,
      capacity: this.#capacity,
      unfinished: this.#unfinished.count,
      waiting: getting + putting + joining,
      getting,
      putting,
      joining,
    };
  }

  #poll(): Ready<T> | undefined {
    if (this.size > 0) return { value: this.#take() };
    if (this.#isShutDown) throw this.#shutDownError('get', 'and is empty');
    return undefined;
  }

  #add(item: T, putter?: Place<void, T>): boolean {
    if (this._store.push(item, putter) === false) return false;
    if (this.size > this.#peak) this.#peak = this.size;
    return true;
  }

  #take(): T {
    const item = this._store.take();
    this.#admit();
    return item;
  }

  // The room goes to the caller that waits longest at once: left open, a newcomer would barge in.
  #admit(): void {
    for (let place = this.#putters.head; place !== undefined; place = this.#putters.head) {
      if (this.full) return;
      try {
        if (!this.#add(place.data, place)) continue;
      } catch (error) {
        // An item that cannot be compared is an error of the caller that put it, not of the one that takes another.
        place.fail(error);
        continue;
      }
      this.#unfinished.add();
      place.wake();
    }
  }

  #shutDownError(method: string, state: string): QueueShutDownError {
    return new QueueShutDownError(`Queue.${method}: the ${this.#label} is shut down ${state}`);
  }
}
