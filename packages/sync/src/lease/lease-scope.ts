import { CancelScope } from '@ambit/core';
import type { InScope, Lease } from './held-lease.ts';

/**
 * Runs the body in a scope that is cancelled when the lease is lost, and lets the lease go once the body has ended.
 *
 * @throws (rejects) what the body throws; the LeaseLostError if the loss cut the body short
 */
export async function runUnder<T>(
  lease: Lease,
  body: (lease: InScope<Lease>) => T | PromiseLike<T>,
): Promise<T> {
  const scope = new CancelScope({ name: `lease ${JSON.stringify(lease.name)}` });
  endWith(scope, lease);
  let value: T | undefined;
  try {
    value = await scope.run(() => body(Object.assign(lease, { scope })));
  } finally {
    await lease.release();
  }
  // Without a loss, the body has cancelled its own scope.
  if (scope.cancelCaught) throw lease._error ?? (scope.reason as Error);
  return value as T;
}

/** Cancels the scope when the lease is lost, or when its deadline has come. */
function endWith(scope: CancelScope, lease: Lease): void {
  scope.deadline = lease._deadline;
  lease._watch({
    renewed: (deadline) => {
      scope.deadline = deadline;
    },
    lost: (error) => {
      scope.cancel(error);
    },
    // Also by the body itself, which goes on without it.
    released: () => {
      scope.deadline = Infinity;
    },
  });
  // A checkpoint may look at the clock before the keeper's timer does.
  scope.onCancel((reason) => {
    if (reason.scope === scope && reason.source === 'deadline') lease._expire();
  });
}
