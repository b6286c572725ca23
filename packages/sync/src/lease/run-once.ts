import { checkFunction } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';
import { checkLeaseName, checkMilliseconds } from './arguments.ts';
import type { LeaseOptions } from './arguments.ts';
import { DistributedLock } from './distributed-lock.ts';
import type { HeldLease, InScope } from './held-lease.ts';
import { storeCall } from './store-call.ts';
import type { LeaseStore } from './lease-store.ts';

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
  const lock = new DistributedLock(store, key, options);
  const { keep = 86_400_000, wait = false, signal } = options ?? {};
  checkMilliseconds('runOnce', 'keep', keep, 1);
  const mark = `${key}:done`;
  const isDone = async (): Promise<boolean> =>
    (await storeCall('holders', mark, () => store.holders(mark))).length > 0;

  if (await isDone()) return { ran: false };
  const lease = await (wait
    ? lock._leased.acquire('run', { signal })
    : lock._leased.tryAcquire({ signal }));
  if (lease === undefined) return { ran: false };
  return lock._run(lease, async (held): Promise<RunOnceResult<T>> => {
    if (await isDone()) return { ran: false };
    const value = await body(held);
    const { holder } = held;
    const request = { name: mark, holder, ttl: keep, limit: 1 };
    await storeCall('acquire', mark, () => store.acquire(request));
    return { ran: true, value };
  });
}
