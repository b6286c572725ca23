import { getRunningLoop, shield } from '@ambit/core';
import { checkFunction, checkOptions, throwIfCancelled } from '@ambit/core/lowlevel';
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
  checkOptions('holdLease', options);
  const given = options as Partial<HoldLeaseOptions> | undefined;
  const { name, renew, ttl: time, age = 0 } = given ?? {};
  checkLeaseName('holdLease', 'name', name);
  // There is no default here: only its library knows when it runs out.
  checkMilliseconds('holdLease', 'ttl', time);
  const { ttl, margin } = termOf('holdLease', options);
  checkFunction('holdLease', 'renew', renew);
  checkFunction('holdLease', 'body', body);
  checkMilliseconds('holdLease', 'age', age);
  throwIfCancelled(options);
  const loop = getRunningLoop();
  const sent = new Instant(loop, age);
  const lease = new Lease({
    ...{ loop, name: options.name, ttl, margin, grace: 0, sent, line: undefined },
    // Renewed while the body cleans up, too, also in a cancelled scope.
    renew: () => shield(() => options.renew()),
    release: undefined,
    onEnd: undefined,
  });
  return runUnder(lease, body);
}
