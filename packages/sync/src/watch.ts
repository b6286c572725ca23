import { contextSnapshot } from '@ambit/core';
import { enter, ParkingLot } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { checkFunction } from './check.ts';
import { FeedIterator } from './feed.ts';
import type { Feed, Subscription, Taken } from './feed.ts';
import { NextLine } from './next-line.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** What `Watch.statistics()` tells: how it stands at this moment. */
export interface WatchStatistics {
  /** How many subscribe. */
  readonly subscribers: number;
  /** How many wait. */
  readonly waiting: number;
}

/**
 * A value that can be watched: whoever looks gets the newest; values in between may be missed, the last
 * one never.
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
  readonly #changes = new ParkingLot<T>();
  #conditions = new ParkingLot<T, (value: T) => boolean>();
  readonly #hungry = new Set<Subscriber<T>>();
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
   * The current value. Setting it wakes who waits for a change, each with this very value; setting one
   * that is the same by `Object.is` is no change.
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
    for (const subscriber of this.#hungry) subscriber.feed(value);
    this.#try();
  }

  /**
   * Sets the value to what the function makes of the current one.
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
    try {
      enter(options);
    } catch (error) {
      return refused(error);
    }
    return this.#changes.park({ signal: options?.signal, name: `${this.#label} change` });
  }

  /**
   * Waits for a value that fulfils a condition: the current one, or the first to come. A checkpoint.
   *
   * @param predicate - synchronous; called at once, and then at each change, by who changes the value
   * @param options - `signal`: ends the wait too
   * @returns that value
   * @throws (rejects) what the predicate throws; the ambient scope's CancelledError or `signal.reason`
   */
  waitFor<S extends T>(predicate: (value: T) => value is S, options?: WaitOptions): Promise<S>;
  waitFor(predicate: (value: T) => boolean, options?: WaitOptions): Promise<T>;
  waitFor(predicate: (value: T) => boolean, options?: WaitOptions): Promise<T> {
    try {
      checkFunction('Watch.waitFor', 'predicate', predicate);
      enter(options);
      const value = this.#value;
      if (predicate(value)) return taken(value);
    } catch (error) {
      return refused(error);
    }
    const restore = contextSnapshot();
    return this.#conditions.park({
      signal: options?.signal,
      name: `${this.#label} condition`,
      data: (value) => restore(() => predicate(value)),
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
    return new FeedIterator(
      new Subscriber<T>({
        label: `${this.#label} change`,
        hungry: this.#hungry,
        current: () => this.#value,
        onClose: () => {
          this.#subscribers -= 1;
        },
      }),
    );
  }

  /** How it stands: who waits, and what is held. */
  statistics(): WatchStatistics {
    let waiting = this.#changes.size + this.#conditions.size;
    for (const subscriber of this.#hungry) waiting += subscriber.waiting;
    return { subscribers: this.#subscribers, waiting };
  }

  // Who goes on waiting changes over to a new line, in order.
  #try(): void {
    const line = this.#conditions;
    if (line.size === 0) return;
    this.#conditions = new ParkingLot();
    for (let place = line.head; place !== undefined; place = line.head) {
      try {
        // A predicate may set the value in its turn: then the others are asked about the newest.
        const value = this.#value;
        if (place.data(value)) place.wake(value);
        else if (place === line.head) line.repark(this.#conditions);
      } catch (error) {
        place.fail(error);
      }
    }
  }
}

/** What a subscriber has to know of its watch. */
interface Surroundings<T> {
  readonly label: string;
  readonly hungry: Set<Subscriber<T>>;
  current(): T;
  onClose(): void;
}

class Subscriber<T> implements Feed<T> {
  readonly #around: Surroundings<T>;
  readonly #line: NextLine<T, Subscriber<T>>;
  #seen: Taken<T> | undefined;

  constructor(around: Surroundings<T>) {
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
    const value = this.#around.current();
    if (this.#seen !== undefined && Object.is(value, this.#seen.value)) return undefined;
    this.#seen = { value };
    return this.#seen;
  }

  enlist(waker: Waker<T>): () => void {
    return this.#line.enlist(waker);
  }

  /** The value has changed, and somebody waits for that. */
  feed(value: T): void {
    if (this.#line.wake(value)) this.#seen = { value };
  }

  isEnd(): boolean {
    return false;
  }

  close(): void {
    this.#around.onClose();
  }
}
