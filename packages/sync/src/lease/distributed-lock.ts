import { checkFunction } from '@ambit/core/lowlevel';
import { inSteps } from '../internal/after.ts';
import type { WaitOptions } from '../internal/options.ts';
import type { LeaseOptions } from './arguments.ts';
import type { HeldLease, InScope, Lease } from './held-lease.ts';
import { Leased } from './leased.ts';
import type { LeaseStatistics } from './leasing.ts';
import type { LeaseHolder, LeaseStore } from './lease-store.ts';

/**
 * Lets one holder in at a time, on all nodes that use the same store.
 *
 * It is a lease: a holder that does not renew it loses it. The body of {@link run} is cancelled `margin` milliseconds
 * before that; a process that is stopped, or whose event loop is blocked, cannot be told in time. Where two writers at
 * once would do harm, the resource must check the lease's `fence`.
 *
 * In a process, callers are served in the order they came; among processes no order is promised.
 *
 * @beta
 * @example
 * const lock = new DistributedLock(redisStore(redis), 'nightly report');
 * await lock.run(async (lease) => {
 *   const report = await compute();
 *   await save(report, lease.fence);
 * });
 */
export class DistributedLock {
  readonly #name: string;
  readonly #leased: Leased;

  /**
   * @param store - where leases are kept
   * @param name - what is locked: 1 to 512 characters
   * @param options - `ttl`, `margin`, `poll` and `grace` in milliseconds; `identity`: names this node
   * @throws TypeError or RangeError if an argument is not what it should be
   */
  constructor(store: LeaseStore, name: string, options?: LeaseOptions) {
    this.#name = name;
    this.#leased = new Leased(
      { where: 'DistributedLock', kind: 'lock', store, name, permits: 1 },
      options,
    );
  }

  /** What is locked. */
  get name(): string {
    return this.#name;
  }

  /**
   * Waits until the lock is granted. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the lease: renewed until it is released; `lost` tells if that fails
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then the lock is not held;
   *   LeaseStoreError if the first question failed; InvalidStateError inside `run()` of the same lock
   * @example
   * await using lease = await lock.acquire();
   */
  acquire(options?: WaitOptions): Promise<HeldLease> {
    return inSteps(async () => {
      const lease = await this.#leased.acquire('acquire', options);
      this.#leased.lend(lease);
      return fenced(lease);
    });
  }

  /**
   * Asks once. Passes no caller that waits in this process.
   *
   * @returns the lease, or undefined if the lock is held
   * @throws (rejects) as {@link acquire}
   */
  tryAcquire(options?: WaitOptions): Promise<HeldLease | undefined> {
    return inSteps(async () => {
      const lease = await this.#leased.tryAcquire(options);
      if (lease === undefined) return undefined;
      this.#leased.lend(lease);
      return fenced(lease);
    });
  }

  /**
   * Acquires, runs the body under the lease, and releases when the body has ended, however it ends.
   *
   * @param body - runs in `lease.scope`, which is cancelled when the lease is lost
   * @param options - `signal`: ends the wait for the lock; not the body
   * @returns the body's value
   * @throws (rejects) as {@link acquire}; what the body throws; LeaseLostError if the loss cut the body short
   */
  async run<T>(
    body: (lease: InScope<HeldLease>) => T | PromiseLike<T>,
    options?: WaitOptions,
  ): Promise<T> {
    checkFunction('DistributedLock.run', 'body', body);
    return this._run(await this.#leased.acquire('run', options), body);
  }

  /** @internal Runs the body under a lease of this lock. */
  _run<T>(lease: Lease, body: (lease: InScope<HeldLease>) => T | PromiseLike<T>): Promise<T> {
    return this.#leased.run(lease, (held) =>
      body(held as InScope<Lease & { fence: number; holder: string }>),
    );
  }

  /** @internal */
  get _leased(): Leased {
    return this.#leased;
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
   * Cancels the present holder, also on another node: its renewals are refused. The lock stays taken until the holder has
   * let go or its lease runs out, so that no two holders overlap.
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

/** A lock's lease has both. */
function fenced(lease: Lease): HeldLease {
  return lease as Lease & { readonly holder: string; readonly fence: number };
}
