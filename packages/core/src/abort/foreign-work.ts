import { currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { isCausedBy } from '../scope/cancellation.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { parkIn, refusal, refuseIfCancelled } from '../waiting/park.ts';
import { CallSignal } from './call-signal.ts';

/**
 * Waits for work that ends by itself once its signal is aborted: nothing else cuts the wait short, so
 * that its cleanup is waited for too. What it rejects with because the scope was cancelled becomes
 * the scope's CancelledError.
 */
export function untilDone<T>(
  scope: CancelScope,
  name: string,
  start: () => PromiseLike<T>,
): Promise<T> {
  return parkIn<T>(
    scope,
    (waiter) => {
      start().then(
        (value) => {
          waiter.wake(value);
        },
        (error: unknown) => {
          const reason = scope.reason;
          const isCancellation = reason !== undefined && isCausedBy(reason, error);
          if (isCancellation) markHandled(waiter.promise);
          waiter.fail(isCancellation ? reason : error);
        },
      );
    },
    { shield: true, name },
  );
}

/** Calls a function that takes an AbortSignal with one for this call, and waits for it. */
export function callWithSignal<T>(
  name: string,
  options: SignalOptions | undefined,
  start: (signal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const scope = currentFrame()._scope;
  try {
    checkCall(name, options);
    refuseIfCancelled(scope, options?.signal);
  } catch (error) {
    return refusal(scope, error);
  }
  const link = new CallSignal(scope, options?.signal);
  return untilDone(scope, name, () => released(link, () => start(link.signal)));
}

/** The link is removed before a caller learns the outcome of the work. */
async function released<T>(link: CallSignal, start: () => PromiseLike<T>): Promise<T> {
  try {
    return await start();
  } finally {
    link.release();
  }
}
