import { decodeThrown, encodeThrown } from '../internal/error-codec.ts';
import { InvalidStateError, messageOf } from '../internal/errors.ts';
import { BrokenWorkerError, ClosedResourceError } from '../internal/worker-errors.ts';
import { moveOnAfter } from '../combinators/timeouts.ts';
import { shield } from '../combinators/shield.ts';
import { isCancelled } from '../scope/cancelled-error.ts';
import type { Future } from '../waiting/future.ts';
import type { Order } from './worker-order.ts';
import type { WorkerOutcome, WorkerThread } from './worker-thread.ts';

/** One call in a worker. */
export class WorkerCall {
  /** Settles when the worker is free for the next, or gone. */
  readonly done: Future<WorkerOutcome>;
  readonly #order: Order;
  readonly #thread: WorkerThread;

  /**
   * Sends it off.
   *
   * @throws TypeError for arguments that cannot be sent; nothing has happened then
   */
  constructor(order: Order, thread: WorkerThread) {
    this.#order = order;
    this.#thread = thread;
    try {
      this.done = thread.begin(order);
    } catch (cause) {
      const why = messageOf(cause);
      const text = `run: the arguments of ${order.name} cannot be sent: ${why}; give plain data`;
      throw new TypeError(text, { cause });
    }
  }

  /** Waits for what it comes to; if the caller is cancelled, ends it as `onCancel` says. */
  async outcome(): Promise<WorkerOutcome> {
    const { signal, onCancel } = this.#order;
    try {
      return await this.done.wait({ signal });
    } catch (cancellation) {
      if (onCancel === 'abandon') {
        this.#tell(cancellation);
        throw cancellation;
      }
      const outcome = await this.stop(cancellation);
      if (outcome.ambit === 'cancelled' || outcome.ambit === 'killed') throw cancellation;
      return outcome;
    }
  }

  /** Ends it: with time for its cleanup, or without. Waits until it has ended. */
  stop(reason: unknown): Promise<WorkerOutcome> {
    return shield(async () => {
      const { onCancel, grace } = this.#order;
      if (onCancel === 'cooperate') {
        this.#tell(reason);
        const outcome = await moveOnAfter(grace, () => this.done.wait());
        if (outcome !== undefined) return outcome;
      }
      this.#thread.kill();
      return this.done.wait();
    });
  }

  #tell(reason: unknown): void {
    if (this.done.done) return;
    // Of the scopes of this page, the worker cannot make anything.
    this.#thread.cancel(encodeThrown(isCancelled(reason) ? reason.reason : reason));
  }
}

/** The value of a call that has ended; throws if there is none. */
export function valueOf(outcome: WorkerOutcome, name: string, site: Error): unknown {
  switch (outcome.ambit) {
    case 'value':
      return outcome.value;
    case 'error':
      throw withSite(decodeThrown(outcome.error), site);
    case 'broken':
      throw broken(`run: the worker that ran ${name} has died`, outcome.cause);
    case 'cancelled':
    case 'killed':
      throw new ClosedResourceError(`run: the pool was closed while it ran ${name}`);
  }
}

/** The error of a worker that is gone by itself. */
export function broken(text: string, cause: unknown): BrokenWorkerError {
  const why = messageOf(cause);
  return new BrokenWorkerError(`${text}: ${why}`, { cause });
}

/** The place of a call, for the stack of what its function throws. */
export function callSite(): Error {
  return new InvalidStateError('call site');
}

/** The stack of the worker, and then that of the caller. */
function withSite(error: unknown, site: Error): unknown {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return error;
  const frames = String(site.stack).replace(/^InvalidStateError: call site\n/, '');
  error.stack = `${String(error.stack)}\n    --- in a worker, called from ---\n${frames}`;
  return error;
}
