import type { Future } from '@ambit/core';
import type { ResourceLimits } from 'node:worker_threads';
import { realTimer } from '../real-work.ts';
import type { Encoded } from './error-codec.ts';
import { LiveThread } from './live-thread.ts';
import type { WorkerOutcome } from './live-thread.ts';
import type { Thread, WorkerOrder } from './worker-call.ts';
import { because } from './worker-result.ts';

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
  /** Set once, and set anew after each call: to make a timer costs more than the rest of a call does here. */
  #idle: NodeJS.Timeout | undefined;
  #isBusy = false;
  /** Threads that are to end: one may be idle for too long while another one is ending still. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: WorkerThreadOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#live !== undefined;
  }

  begin(order: WorkerOrder): Future<WorkerOutcome> {
    this.#isBusy = true;
    const live = (this.#live ??= this.#start());
    try {
      return live.begin(order, order.transfer);
    } catch (cause) {
      const text = `run: the arguments of ${order.name} of ${order.module} cannot be sent${because(cause)}; give plain data`;
      throw new TypeError(text, { cause });
    }
  }

  cancel(reason: Encoded): void {
    this.#live?.cancel(reason);
  }

  /** No call is in it. */
  rest(): void {
    this.#isBusy = false;
    if (this.#live === undefined) return;
    this.#idle = this.#idle?.refresh() ?? realTimer(this.#options.idleTimeout, () => this.#tire());
  }

  #tire(): void {
    // eslint-disable-next-line @ambit/no-unowned-task -- the end of the pool waits for it, too
    if (!this.#isBusy) void this.kill();
  }

  async kill(): Promise<void> {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    if (this.#live !== undefined) this.#end(this.#live);
    // A call that comes meanwhile has a thread of its own.
    this.#live = undefined;
    await Promise.all(this.#ending);
  }

  #end(live: LiveThread): void {
    const ending = live.kill().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #start(): LiveThread {
    const live: LiveThread = new LiveThread(this.#options.resourceLimits, () => {
      if (this.#live === live) this.#live = undefined;
    });
    return live;
  }
}
