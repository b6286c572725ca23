import { getRunningLoop, shield } from '@ambit/core';
import { checkCall, checkFlag, checkFunction, throwIfCancelled } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';
import { checkLeaseName, checkMilliseconds } from './arguments.ts';
import type { LeaseOptions } from './arguments.ts';
import { DistributedLock } from './distributed-lock.ts';
import { LeaseStoreError } from './errors.ts';
import type { HeldLease, InScope } from './held-lease.ts';
import type { Leased } from './leased.ts';
import type { LeaseHolder, LeaseStore } from './lease-store.ts';
import { request, StoreFailure } from './request.ts';

/** Options for {@link runOnce}. @beta */
export interface RunOnceOptions extends LeaseOptions, WaitOptions {
  /** Milliseconds for which a success counts: no node runs the body again. Default 86,400,000: a day. */
  readonly keep?: number | undefined;
  /** Waits for a node that is at it, and takes over if that fails. Default false. */
  readonly wait?: boolean | undefined;
}

/** Whether {@link runOnce} ran the body here. @beta */
export type RunOnceResult<T> = { readonly ran: true; readonly value: T } | { readonly ran: false };

/**
 * Runs the body on one node: on all nodes that use the same store, one at a time, and not again once it has succeeded.
 * At least once: a node may end between the body's success and the mark that says so.
 *
 * @beta
 * @param store - where leases are kept
 * @param key - what is done; the instant of a scheduled run belongs into it
 * @param body - runs under a lease of that name
 * @param options - `keep`: milliseconds for which a success counts; `wait`: waits for another node that is at it
 * @returns the value, if the body ran here; `{ ran: false }` if it was done before, or another node is at it
 * @throws (rejects) what the body throws; LeaseLostError; LeaseStoreError; the ambient scope's CancelledError
 * @example
 * await runOnce(store, `report of ${day}`, () => sendReport(day));
 */
// eslint-disable-next-line max-params -- public: as the constructor of a lock, and the body
export async function runOnce<T>(
  store: LeaseStore,
  key: string,
  body: (lease: InScope<HeldLease>) => T | PromiseLike<T>,
  options?: RunOnceOptions,
): Promise<RunOnceResult<T>> {
  checkFunction('runOnce', 'body', body);
  checkLeaseName('runOnce', 'key', key);
  checkCall('runOnce', options);
  const lock = new DistributedLock(store, key, options);
  const { keep = 86_400_000, wait = false, signal } = options ?? {};
  checkMilliseconds('runOnce', 'keep', keep, 1);
  checkFlag('runOnce', 'wait', wait);
  const mark = new Mark(store, key, lock._leased);
  throwIfCancelled({ signal });
  if (await mark.isSet(signal)) return { ran: false };
  const lease = await (wait
    ? lock._leased.acquire('run', { signal })
    : lock._leased.tryAcquire({ signal }));
  if (lease === undefined) return { ran: false };
  return lock._run(lease, async (held): Promise<RunOnceResult<T>> => {
    if (await mark.isSet(undefined)) return { ran: false };
    const value = await body(held);
    await mark.set(held.holder, keep);
    return { ran: true, value };
  });
}

/** Says that a key is done: a lease of a name of its own, which runs out when the success counts no more. */
class Mark {
  readonly #store: LeaseStore;
  readonly #name: string;
  readonly #leased: Leased;

  constructor(store: LeaseStore, key: string, leased: Leased) {
    this.#store = store;
    // Unicode keeps the last character for uses like this one: the lock or the key `x:done` is not the mark of `x`.
    this.#name = `${key}:done\uFDD0`;
    this.#leased = leased;
  }

  async isSet(signal: AbortSignal | undefined): Promise<boolean> {
    const send = (): Promise<LeaseHolder[]> => this.#store.holders(this.#name);
    return (await this.#ask('holders', send, signal)).length > 0;
  }

  // What has succeeded is marked, also in a cancelled scope.
  async set(holder: string, ttl: number): Promise<void> {
    const wanted = { name: this.#name, holder, ttl, limit: 1 };
    await shield(() => this.#ask('acquire', () => this.#store.acquire(wanted), undefined));
  }

  async #ask<T>(
    operation: string,
    send: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { label, timing } = this.#leased;
    try {
      return await request<T>({
        ...{ loop: getRunningLoop(), signal, label, send },
        patience: timing.ttl - timing.margin,
        // It holds nothing that would have to go back.
        grace: 0,
        undo: () => undefined,
      });
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      throw new LeaseStoreError(operation, this.#name, error.cause);
    }
  }
}
