import type { Future } from '@ambit/core';
import type { ResourceLimits } from 'node:worker_threads';
import { realTimer } from '../real-work.ts';
import type { Encoded } from './error-codec.ts';
import { LiveThread } from './live-thread.ts';
import type { WorkerOutcome } from './live-thread.ts';
import type { Thread, WorkerOrder } from './worker-call.ts';

/** Options for `WorkerThread`. */
export interface WorkerThreadOptions {
  /** Milliseconds after which an idle thread ends. */
  readonly idleTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

/**
 * A place for a thread, one call at a time. The thread starts with the first call, ends when it was idle for long or broke, and another
 * one starts with the next.
 */
export class WorkerThread implements Thread {
  readonly #options: WorkerThreadOptions;
  #live: LiveThread | undefined;
  #idle: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: WorkerThreadOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#live !== undefined;
  }

  begin(order: WorkerOrder): Future<WorkerOutcome> {
    clearTimeout(this.#idle);
    return (this.#live ??= this.#start()).begin(order, order.transfer);
  }

  cancel(reason: Encoded): void {
    this.#live?.cancel(reason);
  }

  /** No call is in it. */
  rest(): void {
    const { idleTimeout } = this.#options;
    if (this.#live === undefined) return;
    // eslint-disable-next-line @ambit/no-unowned-task -- the end of the pool waits for it, too
    this.#idle = realTimer(idleTimeout, () => void this.kill());
  }

  async kill(): Promise<void> {
    clearTimeout(this.#idle);
    if (this.#live !== undefined) this.#ending = this.#live.kill();
    // A call that comes meanwhile has a thread of its own.
    this.#live = undefined;
    await this.#ending;
  }

  #start(): LiveThread {
    const live: LiveThread = new LiveThread(this.#options.resourceLimits, () => {
      if (this.#live === live) this.#live = undefined;
    });
    return live;
  }
}
