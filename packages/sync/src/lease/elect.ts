import { getRunningLoop } from '@ambit/core';
import { checkCall, checkFunction, currentRandom, park, untilDraining } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';

import type { LeaseOptions } from './arguments.ts';
import { reportStoreFailure } from './channels.ts';
import { DistributedLock } from './distributed-lock.ts';
import { LeaseLostError, LeaseStoreError } from './errors.ts';
import type { HeldLease, InScope, Lease } from './held-lease.ts';
import { backoff } from './backoff.ts';
import type { LeaseStore } from './lease-store.ts';

/**
 * Runs a body while this node leads, after a wait in which the node is a candidate. After a loss it waits for the
 * body's cleanup and is a candidate again. Once the body has ended by itself, the node resigns. Failures of the store
 * are waited out. In a scope that drains it is no longer a candidate: while it leads, the body may end by itself.
 *
 * `new DistributedLock(store, name).holders()` tells the leader.
 *
 * @beta
 * @param store - where leases are kept
 * @param name - what is led: 1 to 512 characters
 * @param body - runs in `lease.scope`, which is cancelled when the leadership is lost
 * @param options - as for {@link DistributedLock}; `signal`: ends the waits between two terms
 * @returns the body's value. In a scope that drains, undefined on a node that does not lead, which its type leaves out. Where the
 *   value is needed and the scope may drain, let the body be typed to return `T | undefined`
 * @throws (rejects) what the body throws; the ambient scope's CancelledError; TypeError or RangeError for a bad argument
 * @example
 * await elect(store, 'scheduler', ({ scope }) => schedule(scope));
 */
// eslint-disable-next-line max-params -- public: as the constructor of a lock, and the body
export async function elect<T>(
  store: LeaseStore,
  name: string,
  body: (lease: InScope<HeldLease>) => T | PromiseLike<T>,
  options?: LeaseOptions & WaitOptions,
): Promise<T> {
  checkFunction('elect', 'body', body);
  checkCall('elect', options);
  const lock = new DistributedLock(store, name, options);
  const candidate = new Candidate(lock, options?.signal);
  for (;;) {
    const lease = await untilDraining(() => candidate.lead(), undefined);
    // Quietly, as each source of work ends: see the docs of the function.
    if (lease === undefined) return undefined as T;
    try {
      return await lock._run(lease, body);
    } catch (error) {
      if (!(error instanceof LeaseLostError && error.holder === lease.holder)) throw error;
      const ms = lock._leased.timing.poll * currentRandom()();
      await untilDraining(() => candidate.pause(ms), undefined);
    }
  }
}

class Candidate {
  readonly #lock: DistributedLock;
  readonly #signal: AbortSignal | undefined;

  constructor(lock: DistributedLock, signal: AbortSignal | undefined) {
    this.#lock = lock;
    this.#signal = signal;
  }

  /** Waits until it leads, also while the store fails. */
  async lead(): Promise<Lease> {
    const { timing } = this.#lock._leased;
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#lock._leased.acquire('run', { signal: this.#signal });
      } catch (error) {
        if (!(error instanceof LeaseStoreError)) throw error;
        reportStoreFailure('acquire', this.#lock.name, error);
        await this.pause(backoff(failures, timing.poll, timing.ttl));
      }
    }
  }

  pause(ms: number): Promise<void> {
    return park<void>(
      (waker) => {
        const timer = getRunningLoop().callLater(ms, () => void waker.wake());
        return () => {
          timer.cancel();
        };
      },
      { name: `leader ${JSON.stringify(this.#lock.name)}`, signal: this.#signal },
    );
  }
}
