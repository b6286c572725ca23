import { isCancelled, moveOnAfter, shield } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import type { Transferable } from 'node:worker_threads';
import { encodeThrown } from './error-codec.ts';
import type { WorkerChannel } from './worker-channel.ts';
import type { WorkerReply, WorkerTask } from './worker-messages.ts';

/** What is done about a call in a thread whose caller is cancelled. */
export type OnCancel = 'cooperate' | 'terminate' | 'abandon';

/** What a call came to. */
export type WorkerOutcome =
  | WorkerReply
  /** The thread died of it, or with it. */
  | { readonly is: 'broken'; readonly cause: unknown };

/** What is to be called. */
export interface WorkerOrder {
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly transfer: readonly Transferable[];
  readonly onCancel: OnCancel;
  readonly grace: number;
}

/** Where a call can be run. */
export interface Thread {
  /** To the thread that runs the next call. */
  readonly channel: WorkerChannel;
  /** Resolves when the call is over, rejects once the thread is. */
  run(task: WorkerTask): Promise<void>;
  /** Ends the thread, and with it the call; waits until it has ended. */
  kill(): Promise<void>;
}

/** One call in a thread. */
export class WorkerCall {
  /** Settles when the thread is free for the next, or has ended. Never rejects. */
  readonly done: Promise<WorkerOutcome>;
  readonly #order: WorkerOrder;
  readonly #thread: Thread;
  readonly #channel: WorkerChannel;
  readonly #id: number;
  #isKilled = false;
  #isAbandoned = false;

  /**
   * Sends it off.
   *
   * @throws the DataCloneError of arguments that cannot be sent; nothing has happened then
   */
  constructor(order: WorkerOrder, thread: Thread) {
    this.#order = order;
    this.#thread = thread;
    this.#channel = thread.channel;
    this.#id = this.#channel.begin(order.args, order.transfer);
    const { module, name } = order;
    this.done = this.#run({ id: this.#id, module, name, end: this.#channel.takeEnd() });
  }

  async #run(task: WorkerTask): Promise<WorkerOutcome> {
    try {
      await this.#thread.run(task);
      return this.#channel.reply() ?? { is: 'broken', cause: undefined };
    } catch (cause) {
      // Before it was killed it may have come to something.
      const reply = this.#channel.reply();
      return reply ?? (this.#isKilled ? { is: 'cancelled' } : { is: 'broken', cause });
    } finally {
      this.#channel.settle();
    }
  }

  /** Waits for what it comes to. */
  wait(options: { signal?: AbortSignal | undefined; name: string }): Promise<WorkerOutcome> {
    return park<WorkerOutcome>(
      (waker) => void this.done.then((outcome) => waker.wake(outcome)),
      options,
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
      const { onCancel, grace, name } = this.#order;
      const isGentle = onCancel === 'cooperate' && !this.#isAbandoned;
      const outcome = isGentle
        ? await moveOnAfter(grace, () => this.wait({ name: `the cleanup of ${name}` }))
        : undefined;
      if (outcome !== undefined) return outcome;
      this.#isKilled = true;
      await this.#thread.kill();
      return this.done;
    });
  }

  #tell(reason: unknown): void {
    // Of the scopes of this thread, the other cannot make anything.
    const why = isCancelled(reason) ? reason.reason : reason;
    this.#channel.cancel({ is: 'cancel', id: this.#id, reason: encodeThrown(why) });
  }
}
