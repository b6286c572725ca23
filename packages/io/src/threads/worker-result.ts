import { BrokenWorkerError, messageOf } from '@ambit/core/lowlevel';
import { ClosedResourceError } from '../errors.ts';
import { decodeThrown } from './error-codec.ts';
import type { WorkerOutcome } from './live-thread.ts';
import type { WorkerCall, WorkerOrder } from './worker-call.ts';

/** Ends a call whose caller is cancelled, as `onCancel` says; returns what it came to anyway. */
export async function endedBy(
  cancellation: unknown,
  call: WorkerCall,
  { onCancel }: WorkerOrder,
): Promise<WorkerOutcome> {
  if (onCancel === 'abandon') {
    call.abandon(cancellation);
    throw cancellation;
  }
  const outcome = await call.stop(cancellation);
  if (outcome.is === 'cancelled') throw cancellation;
  return outcome;
}

/** The value of a call that has ended; throws if there is none. */
export function valueOf(
  outcome: WorkerOutcome,
  { name, module }: WorkerOrder,
  site: { readonly stack?: string },
): unknown {
  switch (outcome.is) {
    case 'value':
      return outcome.value;
    case 'error':
      throw withSite(decodeThrown(outcome.error), site);
    case 'broken':
      throw new BrokenWorkerError(
        `run: the thread that ran ${name} of ${module} has died${because(outcome.cause)}`,
        { cause: outcome.cause },
      );
    case 'cancelled':
      throw new ClosedResourceError(`run: the pool was closed while it ran ${name} of ${module}`);
  }
}

/** The message of `cause`, as the end of another message. */
export function because(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  return `: ${messageOf(cause)}`;
}

/** The stack of the thread, and then that of the caller. */
function withSite(error: unknown, site: { readonly stack?: string }): unknown {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return error;
  // Of Bun it may be a list, the first time.
  const stack: unknown = site.stack;
  const frames = typeof stack === 'string' ? stack.split('\n').slice(1).join('\n') : '';
  error.stack = `${String(error.stack)}\n    --- in a worker thread, called from ---\n${frames}`;
  return error;
}
