import { Future, isCancelled, shield } from '@ambit/core';
import { keepShape, park, whenDone } from '@ambit/core/lowlevel';
import type { Transferable } from 'node:worker_threads';
import { moveOnAfterReal, onPowerOff } from '../real-work.ts';
import { encodeThrown } from './error-codec.ts';
import type { Encoded } from './error-codec.ts';
import type { WorkerOutcome } from './live-thread.ts';
import type { WorkerTask } from './worker-messages.ts';

/** What is done about a call in a thread whose caller is cancelled. */
export type OnCancel = 'cooperate' | 'terminate' | 'abandon';

/** What is to be called. */
export interface WorkerOrder extends WorkerTask {
  readonly transfer: readonly Transferable[];
  readonly onCancel: OnCancel;
  readonly grace: number;
}

/** Where a call can be run. */
export interface Thread {
  /** Sends a call off: see `LiveThread`. */
  begin(order: WorkerOrder): Future<WorkerOutcome>;
  /** Tells the call that its caller is cancelled. */
  cancel(reason: Encoded): void;
  /** Ends the thread, and with it the call; waits until it has ended. */
  kill(): Promise<void>;
}

/** One call in a thread. */
export class WorkerCall {
  /** Settles when the thread is free for the next, or has ended. Never rejects. */
  readonly done: Future<WorkerOutcome>;
  readonly #order: WorkerOrder;
  readonly #thread: Thread;
  #isAbandoned = false;

  static {
    const order: WorkerOrder = {
      ...{ module: '', name: '', args: [], transfer: [] },
      ...{ onCancel: 'cooperate', grace: 1000 },
    };
    const thread: Thread = {
      begin: () => new Future(),
      cancel: () => undefined,
      kill: () => Promise.resolve(),
    };
    keepShape(this, new WorkerCall(order, thread));
  }

  /**
   * Sends it off.
   *
   * @throws TypeError for arguments that cannot be sent; what a thread fails with that cannot start. Nothing has happened then
   */
  constructor(order: WorkerOrder, thread: Thread) {
    this.#order = order;
    this.#thread = thread;
    this.done = thread.begin(order);
    const forget = onPowerOff(() => {
      thread.kill().catch(() => undefined);
    });
    whenDone(this.done, forget);
  }

  /** Waits for what it comes to. */
  wait(signal?: AbortSignal): Promise<WorkerOutcome> {
    const { name, module } = this.#order;
    return park<WorkerOutcome>(
      (waker) => whenDone(this.done, () => void waker.wake(this.done.result())),
      { signal, name: `${name} of ${module}` },
    );
  }

  /** No caller waits for it any more. It learns that, and may go on. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true;
    this.#tell(reason);
  }

  /** Ends it: as it was ordered, with time for its cleanup or without. Waits until it has ended. */
  stop(reason: unknown): Promise<WorkerOutcome> {
    return shield(async () => {
      this.#tell(reason);
      const { onCancel, grace } = this.#order;
      const isGentle = onCancel === 'cooperate' && !this.#isAbandoned;
      const outcome = isGentle ? await moveOnAfterReal(grace, () => this.wait()) : undefined;
      if (outcome !== undefined) return outcome;
      await this.#thread.kill();
      return this.done.wait();
    });
  }

  #tell(reason: unknown): void {
    // The thread is another call's by now.
    if (this.done.done) return;
    // Of the scopes of this thread, the other cannot make anything.
    const why = isCancelled(reason) ? reason.reason : reason;
    this.#thread.cancel(encodeThrown(why));
  }
}
