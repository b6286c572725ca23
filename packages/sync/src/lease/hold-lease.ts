import { getRunningLoop, shield } from '@ambit/core';
import { checkCall, checkFunction, throwIfCancelled } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';
import { checkLeaseName, checkMilliseconds, termOf } from './arguments.ts';
import { Lease } from './held-lease.ts';
import type { InScope, KeptLease } from './held-lease.ts';
import { Instant } from './instant.ts';
import { runUnder } from './lease-scope.ts';

/** How a lease of another library is kept. @beta */
export interface LeaseTerms {
  /** Milliseconds after which it runs out unless it is renewed: at least 50. */
  readonly ttl: number;
  /**
   * Renews it: resolving with false, `'gone'` or `'revoked'` means that it is lost, with anything else that it is held;
   * a rejection is tried again.
   */
  readonly renew: () => unknown;
  /** Milliseconds before its end at which the body is cancelled: at most half of `ttl`. Default `ttl / 5`. */
  readonly margin?: number | undefined;
  /** Milliseconds of `ttl` that are over already. Default 0. */
  readonly age?: number | undefined;
}

/** Options for {@link holdLease}. @beta */
export interface HoldLeaseOptions extends LeaseTerms, WaitOptions {
  /** Shown in messages and in the task tree: 1 to 512 characters. */
  readonly name: string;
}

/**
 * Keeps a lease that another library got (the lock of a job, the visibility timeout of a message) and runs the body
 * under it, as `DistributedLock.run` does: the body's scope is cancelled before the lease can run out. Waits for the body to end.
 *
 * @beta
 * @param options - `renew`: renews it; `ttl`, `margin`, `age` in milliseconds
 * @param body - runs in `lease.scope`
 * @returns the body's value
 * @throws (rejects) what the body throws; LeaseLostError if the loss cut the body short; the ambient scope's
 *   CancelledError; TypeError or RangeError for a bad argument
 * @example
 * await holdLease({ name: job.id, ttl: 30_000, renew: () => job.extend(30_000) }, () => work(job));
 */
export async function holdLease<T>(
  options: HoldLeaseOptions,
  body: (lease: InScope<KeptLease>) => T | PromiseLike<T>,
): Promise<T> {
  checkCall('holdLease', options);
  const given = options as Partial<HoldLeaseOptions> | undefined;
  checkLeaseName('holdLease', 'name', given?.name);
  checkTerms('holdLease', options);
  checkFunction('holdLease', 'body', body);
  throwIfCancelled({ signal: options.signal });
  return keepLease(options.name, options, body);
}

/** Checks what is said of a lease. There is no default for its time: only its library knows when it runs out. */
export function checkTerms(where: string, terms: LeaseTerms): void {
  const { renew, ttl, age = 0 }: Partial<LeaseTerms> = terms;
  checkMilliseconds(where, 'ttl', ttl);
  termOf(where, terms);
  checkFunction(where, 'renew', renew);
  checkMilliseconds(where, 'age', age);
}

/** Runs the body under a lease whose terms are checked. Its `renew` is called on the very object that was given. */
export function keepLease<T>(
  name: string,
  terms: LeaseTerms,
  body: (lease: InScope<KeptLease>) => T | PromiseLike<T>,
): Promise<T> {
  const { ttl, margin } = termOf(name, terms);
  const loop = getRunningLoop();
  const sent = new Instant(loop, terms.age);
  const lease = new Lease({
    ...{ loop, name, ttl, margin, grace: 0, sent, line: undefined },
    // Renewed while the body cleans up, too, also in a cancelled scope.
    renew: () => shield(() => terms.renew()),
    release: undefined,
    onEnd: undefined,
  });
  return runUnder(lease, body);
}
