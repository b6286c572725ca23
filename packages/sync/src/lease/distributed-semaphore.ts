import { checkFunction } from '@ambit/core/lowlevel';
import { inSteps } from '../internal/after.ts';
import type { WaitOptions } from '../internal/options.ts';
import type { LeaseOptions } from './arguments.ts';
import type { InScope, Lease, SemaphoreLease } from './held-lease.ts';
import { Leased } from './leased.ts';
import type { LeaseStatistics } from './leasing.ts';
import type { LeaseHolder, LeaseStore } from './lease-store.ts';

/**
 * Lets a fixed number of holders in at a time, on all nodes that use the same store. As a {@link DistributedLock} it
 * hands out leases, but without a fence: several holders have no order to check.
 *
 * @beta
 * @example
 * const slots = new DistributedSemaphore(store, 'transcoding', 4);
 * await slots.run(() => transcode(video));
 */
export class DistributedSemaphore {
  readonly #name: string;
  readonly #leased: Leased;

  /**
   * @param store - where leases are kept
   * @param name - what is shared: 1 to 512 characters
   * @param permits - how many hold it at a time: a whole number from 1, the same on all nodes
   * @param options - `ttl`, `margin`, `poll` and `grace` in milliseconds; `identity`: names this node
   * @throws TypeError or RangeError if an argument is not what it should be
   */
  // eslint-disable-next-line max-params -- public: as a lock, and how many
  constructor(store: LeaseStore, name: string, permits: number, options?: LeaseOptions) {
    this.#name = name;
    this.#leased = new Leased(
      { where: 'DistributedSemaphore', kind: 'semaphore', store, name, permits },
      options,
    );
  }

  /** What is shared. */
  get name(): string {
    return this.#name;
  }

  /**
   * Waits until a lease is granted. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the lease: renewed until it is released; `lost` tells if that fails
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then nothing is held;
   *   LeaseStoreError if the first question failed
   */
  acquire(options?: WaitOptions): Promise<SemaphoreLease> {
    return inSteps(async () => {
      const lease = await this.#leased.acquire('acquire', options);
      this.#leased.lend(lease);
      return held(lease);
    });
  }

  /**
   * Asks once. Passes no caller that waits in this process.
   *
   * @returns the lease, or undefined if all are held
   * @throws (rejects) as {@link acquire}
   */
  tryAcquire(options?: WaitOptions): Promise<SemaphoreLease | undefined> {
    return inSteps(async () => {
      const lease = await this.#leased.tryAcquire(options);
      if (lease === undefined) return undefined;
      this.#leased.lend(lease);
      return held(lease);
    });
  }

  /**
   * Acquires, runs the body under the lease, and releases when the body has ended, however it ends.
   *
   * @param body - runs in `lease.scope`, which is cancelled when the lease is lost
   * @param options - `signal`: ends the wait; not the body
   * @returns the body's value
   * @throws (rejects) as {@link acquire}; what the body throws; LeaseLostError if the loss cut the body short
   */
  async run<T>(
    body: (lease: InScope<SemaphoreLease>) => T | PromiseLike<T>,
    options?: WaitOptions,
  ): Promise<T> {
    checkFunction('DistributedSemaphore.run', 'body', body);
    const lease = await this.#leased.acquire('run', options);
    return this.#leased.run(lease, (own) => body(own as InScope<Lease & { holder: string }>));
  }

  /**
   * Asks the store for the present holders, on all nodes, and waits for its answer.
   *
   * @param options - `signal`: ends the wait too
   * @returns the holders
   * @throws (rejects) LeaseStoreError; the ambient scope's CancelledError; `signal.reason`
   */
  holders(options?: WaitOptions): Promise<LeaseHolder[]> {
    return inSteps(() => this.#leased.holders(options));
  }

  /**
   * Cancels all present holders, wherever they run; see {@link DistributedLock.revoke}.
   *
   * @returns how many leases were revoked, once the store has answered
   * @throws (rejects) LeaseStoreError
   */
  revoke(): Promise<number> {
    return inSteps(() => this.#leased.revoke());
  }

  /** Returns a snapshot of the counts of this object, for diagnostics. */
  statistics(): LeaseStatistics {
    return this.#leased.statistics();
  }
}

/** A semaphore's lease has a holder. */
function held(lease: Lease): SemaphoreLease {
  return lease as Lease & { readonly holder: string };
}
