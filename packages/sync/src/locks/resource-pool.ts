import type { Handle } from '@ambit/core';
import { checkFunction, park, ParkingLot, refused, throwIfCancelled } from '@ambit/core/lowlevel';
import { inSteps } from '../internal/after.ts';
import { ClosedError } from '../internal/errors.ts';
import type { Guard } from './guard-of.ts';
import { OpenLease } from './lease.ts';
import type { Lease, LeaseEnd } from './lease.ts';
import { labelOf } from '../internal/options.ts';
import type { WaitOptions } from '../internal/options.ts';
import { Permits } from './permits.ts';
import { Lifecycle } from './pooled.ts';
import type { Pooled } from './pooled.ts';
import { checkPoolOptions } from './resource-pool-options.ts';
import type { ResourcePoolOptions, ResourcePoolStatistics } from './resource-pool-options.ts';

/**
 * Lends resources that are expensive to make, such as connections, and makes new ones as they are needed,
 * up to `max`. First come, first served. Lends the resource that was used last, so that the others become
 * idle and can be destroyed. What `create` opens belongs to the pool: to the group in which the pool was
 * constructed, not to the group of the caller that happened to need it first.
 *
 * @example
 * const pool = new ResourcePool({ create: connect, destroy: (db) => db.end(), max: 10 });
 * const rows = await pool.use((db) => db.query('select 1'));
 * await pool.drain();
 */
export class ResourcePool<T> {
  readonly #lifecycle: Lifecycle<T>;
  readonly #min: number;
  readonly #idleTimeout: number;
  readonly #label: string;
  /** The right to one resource: to make it, to use it, to destroy it. Free ones are no fewer than idle ones. */
  readonly #slots: Permits;
  /** Idle for longest first. */
  readonly #idle: Pooled<T>[] = [];
  readonly #drainers = new ParkingLot();
  /** Calls that wait for a slot, or have one and look for an idle resource. */
  #seeking = 0;
  /** Resources that are being destroyed and have no successor. */
  #ending = 0;
  #isClosed = false;
  #timer: Handle | undefined;

  /**
   * @param options - see {@link ResourcePoolOptions}
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options: ResourcePoolOptions<T>) {
    checkPoolOptions(options);
    this.#label = labelOf('ResourcePool', 'resource pool', options);
    this.#lifecycle = new Lifecycle(options);
    this.#min = options.min ?? 0;
    this.#idleTimeout = options.idleTimeout ?? Infinity;
    this.#slots = new Permits(options.max, this.#label);
  }

  /**
   * Waits until a resource is free or may be made, behind all earlier callers; makes it if need be. A
   * checkpoint.
   *
   * @param options - `signal`: ends the wait too, and cancels `create` and `validate`
   * @returns the lease: the resource is its `value`; disposing it gives the resource back, `discard()`
   *   destroys it
   * @throws (rejects) ClosedError once `drain()` was called; what `create` throws; the ambient scope's
   *   CancelledError or `signal.reason`, and then none is taken
   * @example
   * using lease = await pool.acquire();
   * await lease.value.query('select 1');
   */
  acquire(options?: WaitOptions): Promise<Lease<T>> {
    try {
      throwIfCancelled(options, 'ResourcePool.acquire');
      this.#refuseIfClosed();
    } catch (error) {
      return refused(error);
    }
    return inSteps(() => this.#acquire(options));
  }

  /**
   * Acquires a resource, calls the body with it, and gives it back once the body has ended. A checkpoint.
   *
   * @param body - called while the resource is lent
   * @param options - `signal`: ends the wait for the resource; not the body
   * @returns the body's value
   * @throws (rejects) what `acquire` or the body throws
   */
  async use<R>(body: (value: T) => R | PromiseLike<R>, options?: WaitOptions): Promise<R> {
    checkFunction('ResourcePool.use', 'body', body);
    throwIfCancelled(options, 'ResourcePool.use');
    const lease = await this.acquire(options);
    try {
      return await this.#slots.during(1, () => body(lease.value));
    } finally {
      lease[Symbol.dispose]();
    }
  }

  /**
   * Ends the pool: later calls of `acquire` are refused, earlier ones are still served, and each resource
   * is destroyed as soon as it is not used. Waits until all are destroyed. A checkpoint; a cancellation
   * ends the wait only. May be called again.
   *
   * @param options - `signal`: ends the wait too
   * @throws (rejects) AggregateError if `destroy` failed for some; the ambient scope's CancelledError or
   *   `signal.reason`
   */
  drain(options?: WaitOptions): Promise<void> {
    return inSteps(async () => {
      throwIfCancelled(options, 'ResourcePool.drain');
      this.#isClosed = true;
      this.#shrink();
      if (this.#size > 0) {
        await this.#drainers.park({ signal: options?.signal, name: `drain of ${this.#label}` });
      }
      const failures = this.#lifecycle.failures.splice(0);
      if (failures.length === 0) return;
      throw new AggregateError(
        failures,
        `ResourcePool.drain: destroy failed for ${failures.length} of the ${this.#label}`,
      );
    });
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): ResourcePoolStatistics {
    const { borrowed, waiting, peak } = this.#slots;
    return { borrowed, idle: this.#idle.length, size: this.#size, waiting, peak };
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
      const item = idle ?? (await this.#lifecycle.make(options));
      return new OpenLease(item.value, (state) => {
        this.#takeBack(item, slot, state);
      });
    } catch (error) {
      this.#leave(slot);
      throw error;
    }
  }

  async #seek(
    options: WaitOptions | undefined,
  ): Promise<{ slot: Guard; idle: Pooled<T> | undefined }> {
    this.#seeking += 1;
    try {
      const slot = await this.#slots.take('ResourcePool.acquire', 1, options);
      return { slot, idle: await this.#reuse(slot, options) };
    } finally {
      this.#seeking -= 1;
      this.#shrink();
    }
  }

  /** The idle resource that was used last and is still good. If it rejects, the slot is not the caller's anymore. */
  async #reuse(slot: Guard, options: WaitOptions | undefined): Promise<Pooled<T> | undefined> {
    for (let item = this.#idle.pop(); item !== undefined; item = this.#idle.pop()) {
      const isGood = this.#lifecycle.isGood(item, options);
      if (isGood === true || (isGood !== false && (await isGood))) return item;
      await this.#replace(item, slot, options);
    }
    return undefined;
  }

  /** Destroys a resource; the slot is for another one then. */
  async #replace(item: Pooled<T>, slot: Guard, options: WaitOptions | undefined): Promise<void> {
    const ended = this.#lifecycle.end(item);
    try {
      await park<void>((waker) => void ended.then(() => waker.wake()), {
        signal: options?.signal,
        name: `destroy of ${this.#label}`,
      });
      throwIfCancelled(options);
    } catch (error) {
      // Cancelled, also in the check that has failed: the caller goes, the slot when all is destroyed.
      // eslint-disable-next-line @ambit/no-unowned-task -- never rejects; drain() waits for it
      void this.#leaveAfter(ended, slot);
      throw error;
    }
  }

  #takeBack(item: Pooled<T>, slot: Guard, state: LeaseEnd): void {
    if (state === 'broken' || this.#lifecycle.isTooOld(item)) {
      // eslint-disable-next-line @ambit/no-unowned-task -- never rejects; drain() waits for it
      void this.#leaveAfter(this.#lifecycle.end(item), slot);
      return;
    }
    item.idleSince = this.#lifecycle.now();
    this.#idle.push(item);
    this.#leave(slot);
  }

  async #leaveAfter(ended: Promise<void>, slot: Guard): Promise<void> {
    this.#ending += 1;
    await ended;
    this.#ending -= 1;
    this.#leave(slot);
  }

  #leave(slot: Guard): void {
    slot[Symbol.dispose]();
    this.#shrink();
  }

  /** Destroys the resources that have been idle for too long; once closed, and if no call seeks one, all. */
  #shrink(): void {
    while (this.#isSuperfluous(this.#idle[0])) {
      const slot = this.#slots.tryTake(1);
      if (slot === undefined) break;
      const item = this.#idle.shift() as Pooled<T>;
      // eslint-disable-next-line @ambit/no-unowned-task -- never rejects; drain() waits for it
      void this.#leaveAfter(this.#lifecycle.end(item), slot);
    }
    this.#watch();
    if (this.#isClosed && this.#size === 0) this.#drainers.unparkAll();
  }

  #isSuperfluous(item: Pooled<T> | undefined): boolean {
    if (item === undefined) return false;
    if (this.#isClosed) return this.#seeking === 0;
    return !this.#isMinimum && item.idleSince + this.#idleTimeout <= this.#lifecycle.now();
  }

  /** One timer, for the resource that is idle for longest. */
  #watch(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const eldest = this.#idle[0];
    if (eldest === undefined || this.#isMinimum || this.#isClosed) return;
    if (this.#idleTimeout === Infinity) return;
    this.#timer = this.#lifecycle.callIdleAt(eldest.idleSince + this.#idleTimeout, () => {
      this.#shrink();
    });
  }

  #refuseIfClosed(): void {
    if (!this.#isClosed) return;
    throw new ClosedError(`ResourcePool.acquire: the ${this.#label} is drained; make a new one`);
  }
}
