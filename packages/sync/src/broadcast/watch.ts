import { contextSnapshot } from '@ambit/core';
import {
  checkAnswer,
  checkFunction,
  ParkingLot,
  ready,
  refused,
  Tally,
  throwIfCancelled,
  refusalOf,
} from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { SourceIterator } from '../internal/item-source.ts';
import type { ItemSource, Subscription, Ready } from '../internal/item-source.ts';
import { PendingReads } from './pending-reads.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** Returned by {@link Watch.statistics}. */
export interface WatchStatistics {
  /** How many subscribe. */
  readonly subscribers: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * A value that can be watched: readers get the newest value; values in between may be missed, the last
 * one never is.
 *
 * @example
 * const config = new Watch(await load());
 * group.spawn(async () => {
 *   for await (const current of config.subscribe()) apply(current);
 * });
 * config.update((old) => ({ ...old, verbose: true }));
 */
export class Watch<T> {
  readonly #label: string;
  readonly #waits = new Tally();
  readonly #changes = counted(new ParkingLot<T>(), this.#waits);
  #conditions = counted(new ParkingLot<T, (value: T) => boolean>(), this.#waits);
  readonly #waiting = new Set<Subscriber<T>>();
  #subscribers = 0;
  #value: T;

  /**
   * @param initial - the first value
   * @param options - `name`: shown in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(initial: T, options?: NameOptions) {
    this.#label = labelOf('Watch', 'watch', options);
    this.#value = initial;
  }

  /**
   * The current value. Setting it wakes the callers that wait for a change, each with this very value;
   * setting one that is the same by `Object.is` is no change.
   */
  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (let place = this.#changes.head; place !== undefined; place = this.#changes.head) {
      place.wake(value);
    }
    for (const subscriber of this.#waiting) subscriber.deliver(value);
    this.#try();
  }

  /**
   * Sets the value to the function's result for the current value.
   *
   * @param fn - synchronous; if it throws, nothing changes
   * @returns the new value
   */
  update(fn: (value: T) => T): T {
    checkFunction('Watch.update', 'fn', fn);
    const value = fn(this.#value);
    this.value = value;
    return value;
  }

  /**
   * Waits for the next change from now on. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the value it changed to
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`
   */
  changed(options?: WaitOptions): Promise<T> {
    const refusal = refusalOf('Watch.changed', options);
    if (refusal !== undefined) return refusal;
    return this.#changes.park({ signal: options?.signal, name: `${this.#label} change` });
  }

  /**
   * Waits for a value that fulfils a condition: the current one, or the first to come. A checkpoint.
   *
   * @param predicate - synchronous (a promise is a TypeError); called at once, and then at each change, by the call that changes the value
   * @param options - `signal`: ends the wait too
   * @returns that value
   * @throws (rejects) what the predicate throws; the ambient scope's CancelledError or `signal.reason`
   */
  waitFor<S extends T>(predicate: (value: T) => value is S, options?: WaitOptions): Promise<S>;
  waitFor(predicate: (value: T) => boolean, options?: WaitOptions): Promise<T>;
  waitFor(predicate: (value: T) => boolean, options?: WaitOptions): Promise<T> {
    try {
      checkFunction('Watch.waitFor', 'predicate', predicate);
      throwIfCancelled(options, 'Watch.waitFor');
      const value = this.#value;
      if (holds(predicate, value)) return ready(value);
    } catch (error) {
      return refused(error);
    }
    const restore = contextSnapshot();
    return this.#conditions.park({
      signal: options?.signal,
      name: `${this.#label} condition`,
      data: (value) => restore(() => holds(predicate, value)),
    });
  }

  /**
   * Subscribes to the newest value. Each step of the iteration is a checkpoint.
   *
   * @returns the current value first, then, whenever the next one is asked for, the newest, once there is
   *   one that differs from the last. Leaving the loop, or disposing, ends the subscription
   */
  subscribe(): Subscription<T> {
    this.#subscribers += 1;
    return new SourceIterator(
      new Subscriber<T>({
        label: `${this.#label} change`,
        waiting: this.#waiting,
        waits: this.#waits,
        current: () => this.#value,
        onClose: () => {
          this.#subscribers -= 1;
        },
      }),
    );
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): WatchStatistics {
    const { size: waiting, peak } = this.#waits;
    return { subscribers: this.#subscribers, waiting, peak };
  }

  // Callers that go on waiting change over to a new line, in order.
  #try(): void {
    const line = this.#conditions;
    if (line.size === 0) return;
    this.#conditions = counted(new ParkingLot(), this.#waits);
    for (let place = line.head; place !== undefined; place = line.head) {
      try {
        // A predicate may set the value in its turn: then it and the others are asked about the newest.
        const value = this.#value;
        if (place.data(value)) place.wake(value);
        else if (Object.is(value, this.#value) && place === line.head)
          line.repark(this.#conditions);
      } catch (error) {
        place.fail(error);
      }
    }
  }
}

function holds<T>(predicate: (value: T) => boolean, value: T): boolean {
  const answer: unknown = predicate(value);
  checkAnswer('Watch.waitFor', 'predicate', answer);
  return Boolean(answer);
}

function counted<T, D>(lot: ParkingLot<T, D>, tally: Tally): ParkingLot<T, D> {
  lot.tally = tally;
  return lot;
}

/** The part of a watch that its subscribers see. */
interface SubscriberContext<T> {
  readonly label: string;
  readonly waiting: Set<Subscriber<T>>;
  readonly waits: Tally;
  current(): T;
  onClose(): void;
}

class Subscriber<T> implements ItemSource<T> {
  readonly #context: SubscriberContext<T>;
  readonly #line: PendingReads<T, Subscriber<T>>;
  #seen: Ready<T> | undefined;

  constructor(context: SubscriberContext<T>) {
    this.#context = context;
    this.#line = new PendingReads(context.waiting, this, context.waits);
  }

  get label(): string {
    return this.#context.label;
  }

  poll(): Ready<T> | undefined {
    const value = this.#context.current();
    if (this.#seen !== undefined && Object.is(value, this.#seen.value)) return undefined;
    this.#seen = { value };
    return this.#seen;
  }

  enlist(waker: Waker<T>): () => void {
    return this.#line.enlist(waker);
  }

  /** The value has changed, and a call of `next()` waits for that. */
  deliver(value: T): void {
    if (this.#line.wake(value)) this.#seen = { value };
  }

  isEnd(): boolean {
    return false;
  }

  close(): void {
    this.#context.onClose();
  }
}
