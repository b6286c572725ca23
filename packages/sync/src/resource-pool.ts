import { contextSnapshot, shield } from '@ambit/core';
import type { EventLoop, Handle } from '@ambit/core';
import { currentLoop, enter, ParkingLot } from '@ambit/core/lowlevel';
import { checkFunction } from './check.ts';
import { ClosedError } from './errors.ts';
import { GuardOf } from './guard-of.ts';
import type { Guard } from './guard-of.ts';
import { labelOf } from './options.ts';
import type { WaitOptions } from './options.ts';
import { Permits } from './permits.ts';
import { refused } from './refused.ts';
import { checkPoolOptions } from './resource-pool-options.ts';
import type { ResourcePoolOptions } from './resource-pool-options.ts';

/** What `ResourcePool.statistics()` tells: how it stands at this moment. */
export interface ResourcePoolStatistics {
  /** Lent, or being made or destroyed. */
  readonly borrowed: number;
  /** Made and not lent. */
  readonly idle: number;
  /** All of them. */
  readonly size: number;
  /** How many wait. */
  readonly waiting: number;
}

/** What is lent: disposing it gives it back, whoever does it; the second time does nothing. */
export type Lease<T> = Disposable & { readonly value: T };

/** A resource that exists. */
interface Item<T> {
  readonly value: T;
  readonly born: number;
  /** Since when it is idle. */
  idleSince: number;
}

/**
 * Lends resources that are dear to make, connections say, and makes new ones as they are needed, up to
 * `max`. First come, first served; lends what was used last, so that the others can get old and go.
 *
 * @example
 * const pool = new ResourcePool({ create: connect, destroy: (db) => db.end(), max: 10 });
 * const rows = await pool.use((db) => db.query('select 1'));
 * await pool.drain();
 */
export class ResourcePool<T> {
  readonly #create: () => T | PromiseLike<T>;
  readonly #destroy: (value: T) => unknown;
  readonly #validate: ((value: T) => boolean | PromiseLike<boolean>) | undefined;
  readonly #min: number;
  readonly #idleTimeout: number;
  readonly #maxAge: number;
  readonly #label: string;
  /** The right to one resource: to make it, to use it, to destroy it. Free ones are no fewer than idle ones. */
  readonly #slots: Permits;
  /** Idle for longest first. */
  readonly #idle: Item<T>[] = [];
  readonly #drainers = new ParkingLot();
  readonly #failures: unknown[] = [];
  /** Calls that wait for a slot, or have one and look for an idle resource. */
  #seeking = 0;
  /** Those that nobody is to use any more, while they are being destroyed. */
  #ending = 0;
  // What outlives the call that caused it runs where the pool was made.
  readonly #here = contextSnapshot();
  #isClosed = false;
  #timer: Handle | undefined;

  /**
   * @param options - see {@link ResourcePoolOptions}
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options: ResourcePoolOptions<T>) {
    checkPoolOptions(options);
    this.#label = labelOf('ResourcePool', 'resource pool', options);
    this.#create = options.create;
    this.#destroy = options.destroy;
    this.#validate = options.validate;
    this.#min = options.min ?? 0;
    this.#idleTimeout = options.idleTimeout ?? Infinity;
    this.#maxAge = options.maxAge ?? Infinity;
    this.#slots = new Permits(options.max, this.#label);
  }

  /**
   * Waits until one is free, or may be made, behind all who came before; makes it if need be. A checkpoint.
   *
   * @param options - `signal`: ends the wait too; not what `create` does
   * @returns the lease: the resource is its `value`; disposing it gives the resource back
   * @throws (rejects) ClosedError once `drain()` was called; what `create` throws; the ambient scope's
   *   CancelledError or `signal.reason`, and then none is taken
   * @example
   * using lease = await pool.acquire();
   * await lease.value.query('select 1');
   */
  acquire(options?: WaitOptions): Promise<Lease<T>> {
    try {
      enter(options);
      this.#refuseIfClosed();
    } catch (error) {
      return refused(error);
    }
    return this.#acquire(options);
  }

  /**
   * Acquires one, calls the body with it, and gives it back when the body has ended, however it ends.
   *
   * @returns the body's value
   * @throws (rejects) what `acquire` or the body throws
   */
  async use<R>(body: (value: T) => R | PromiseLike<R>, options?: WaitOptions): Promise<R> {
    checkFunction('ResourcePool.use', 'body', body);
    const lease = await this.acquire(options);
    try {
      return await body(lease.value);
    } finally {
      lease[Symbol.dispose]();
    }
  }

  /**
   * Ends the pool: newcomers are refused from now on, those who wait are still served, and each resource
   * is destroyed as soon as nobody uses it. Waits until all are. A checkpoint; cancelled, it only waits no
   * longer. May be called again.
   *
   * @param options - `signal`: ends the wait too
   * @throws (rejects) AggregateError if `destroy` failed for some; the ambient scope's CancelledError or
   *   `signal.reason`
   */
  async drain(options?: WaitOptions): Promise<void> {
    enter(options);
    this.#isClosed = true;
    this.#shrink();
    if (this.#size > 0) {
      await this.#drainers.park({ signal: options?.signal, name: `drain of ${this.#label}` });
    }
    const failures = this.#failures.splice(0);
    if (failures.length === 0) return;
    throw new AggregateError(
      failures,
      `ResourcePool.drain: destroy failed for ${failures.length} of the ${this.#label}`,
    );
  }

  /** How it stands: who waits, and what is held. */
  statistics(): ResourcePoolStatistics {
    const { borrowed, waiting } = this.#slots;
    return { borrowed, idle: this.#idle.length, size: this.#size, waiting };
  }

  get #size(): number {
    return this.#slots.borrowed + this.#idle.length;
  }

  get #isMinimum(): boolean {
    return this.#size - this.#ending <= this.#min;
  }

  async #acquire(options: WaitOptions | undefined): Promise<Lease<T>> {
    const { slot, idle } = await this.#seek(options);
    try {
      const item = idle ?? (await this.#make());
      const guard = new GuardOf(() => {
        this.#takeBack(item, slot);
      });
      return { value: item.value, [Symbol.dispose]: () => guard[Symbol.dispose]() };
    } catch (error) {
      this.#leave(slot);
      throw error;
    }
  }

  async #seek(
    options: WaitOptions | undefined,
  ): Promise<{ slot: Guard; idle: Item<T> | undefined }> {
    this.#seeking += 1;
    let slot: Guard | undefined;
    try {
      slot = await this.#slots.take(1, options);
      return { slot, idle: await this.#reuse(options) };
    } catch (error) {
      slot?.[Symbol.dispose]();
      throw error;
    } finally {
      this.#seeking -= 1;
      this.#shrink();
    }
  }

  /** The idle one that was used last and is still good. */
  async #reuse(options: WaitOptions | undefined): Promise<Item<T> | undefined> {
    for (let item = this.#idle.pop(); item !== undefined; item = this.#idle.pop()) {
      if (!this.#isTooOld(item) && (await this.#isValid(item))) return item;
      await this.#end(item);
      // What made the check fail may be that the caller is cancelled.
      enter(options);
    }
    return undefined;
  }

  async #make(): Promise<Item<T>> {
    const value = await this.#create();
    return { value, born: this.#loop.now(), idleSince: Infinity };
  }

  // A check that throws is most likely a connection that is gone.
  async #isValid(item: Item<T>): Promise<boolean> {
    try {
      return (await this.#validate?.(item.value)) !== false;
    } catch {
      return false;
    }
  }

  #isTooOld(item: Item<T>): boolean {
    return this.#loop.now() - item.born >= this.#maxAge;
  }

  #takeBack(item: Item<T>, slot: Guard): void {
    if (this.#isTooOld(item)) {
      // eslint-disable-next-line @ambit/no-unowned-task -- never rejects; drain() waits for it
      void this.#endWith(item, slot);
      return;
    }
    item.idleSince = this.#loop.now();
    this.#idle.push(item);
    this.#leave(slot);
  }

  #leave(slot: Guard): void {
    slot[Symbol.dispose]();
    this.#shrink();
  }

  /** Destroys those that have been idle for too long; once closed, and nobody seeks one, all. */
  #shrink(): void {
    while (this.#isSuperfluous(this.#idle[0])) {
      const slot = this.#slots.tryTake(1);
      if (slot === undefined) break;
      // eslint-disable-next-line @ambit/no-unowned-task -- never rejects; drain() waits for it
      void this.#endWith(this.#idle.shift() as Item<T>, slot);
    }
    this.#watch();
    if (this.#isClosed && this.#size === 0) this.#drainers.unparkAll();
  }

  #isSuperfluous(item: Item<T> | undefined): boolean {
    if (item === undefined) return false;
    if (this.#isClosed) return this.#seeking === 0;
    return !this.#isMinimum && item.idleSince + this.#idleTimeout <= this.#loop.now();
  }

  /** One timer, for the one that is idle for longest. */
  #watch(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const eldest = this.#idle[0];
    if (eldest === undefined || this.#isMinimum || this.#isClosed) return;
    if (this.#idleTimeout === Infinity) return;
    this.#timer = this.#loop.callAt(eldest.idleSince + this.#idleTimeout, () => {
      this.#shrink();
    });
  }

  /** The clock of where the pool was made. */
  get #loop(): EventLoop {
    return this.#here(currentLoop);
  }

  async #endWith(item: Item<T>, slot: Guard): Promise<void> {
    this.#ending += 1;
    await this.#end(item);
    this.#ending -= 1;
    this.#leave(slot);
  }

  /** Never rejects: nobody could be told, but who drains the pool. */
  async #end(item: Item<T>): Promise<void> {
    try {
      await this.#here(() => shield(() => this.#destroy(item.value)));
    } catch (error) {
      this.#failures.push(error);
    }
  }

  #refuseIfClosed(): void {
    if (!this.#isClosed) return;
    throw new ClosedError(`ResourcePool.acquire: the ${this.#label} is drained; make a new one`);
  }
}
