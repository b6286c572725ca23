import { currentFrame } from '../cancel-scope.ts';
import type { CancelScope } from '../cancel-scope.ts';
import { isCausedBy } from '../cancellation.ts';
import { checkOptions, checkSignal } from '../check.ts';
import { quiet } from '../internal/quiet.ts';
import { parkIn, refusal, refuseIfCancelled } from '../park.ts';
import { CallSignal } from './call-signal.ts';

/** What the functions of this door take, in addition to the ambient scope. */
export interface SignalOption {
  /** Aborting it ends the call with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

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
          if (isCancellation) quiet(waiter.promise);
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
  options: SignalOption | undefined,
  start: (signal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const scope = currentFrame()._scope;
  try {
    checkOptions(name, options);
    checkSignal(name, options?.signal);
    refuseIfCancelled(scope, options?.signal);
  } catch (error) {
    return refusal(scope, error);
  }
  const link = new CallSignal(scope, options?.signal);
  return untilDone(scope, name, () => released(link, () => start(link.signal)));
}

/** Whatever the work comes to, the link goes before anybody hears of it. */
async function released<T>(link: CallSignal, start: () => PromiseLike<T>): Promise<T> {
  try {
    return await start();
  } finally {
    link.release();
  }
}
