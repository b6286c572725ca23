import { node } from '../node.ts';
import { shield } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import {
  checkCount,
  checkDuration,
  checkOptions,
  giveTo,
  ParkingLot,
  refused,
  throwIfCancelled,
  whenDone,
  refusalOf,
} from '@ambit/core/lowlevel';
import type { ResourceLimits } from 'node:worker_threads';
import { BusyResourceError, ClosedResourceError } from '../errors.ts';
import { own } from '../ownership.ts';
import type { Holding } from '../ownership.ts';
import { realWork } from '../real-work.ts';
import type { WorkerOutcome } from './live-thread.ts';
import { WorkerCall } from './worker-call.ts';
import type { WorkerOrder } from './worker-call.ts';
import { orderOf } from './worker-order.ts';
import type { WorkerRunOptions } from './worker-order.ts';
import { endedBy, valueOf } from './worker-result.ts';
import { WorkerThread } from './worker-thread.ts';

/** Options for `WorkerPool`. */
export interface WorkerPoolOptions {
  /** How many threads at most; they start as they are needed. Default: as many as the machine runs at once. */
  readonly size?: number | undefined;
  /** How many calls may wait for a thread. Default `Infinity`. */
  readonly maxQueue?: number | undefined;
  /** Milliseconds after which an idle thread ends. Default 10000; `Infinity`: it stays. */
  readonly idleTimeout?: number | undefined;
  /** Memory that each thread may use, as for `node:worker_threads`. Too little to start with ends the process. */
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** Returned by `WorkerPool.statistics()`: counts of this moment. */
export interface WorkerPoolStatistics {
  /** How many threads there may be. */
  readonly size: number;
  /** How many there are. */
  readonly threads: number;
  /** Calls in a thread, abandoned ones too. */
  readonly busy: number;
  /** Calls that wait for a thread. */
  readonly waiting: number;
}

/**
 * Worker threads for functions that compute. A function is named by module and export; arguments and results are
 * copied, as by `structuredClone`, when a thread takes the call. Calls wait in line, first in, first out. Idle threads
 * do not keep the process alive; calls do.
 *
 * The group around it disposes of it at its end. That cancels the calls that are still running, and ends all threads.
 *
 * @example
 * await using pool = new WorkerPool({ size: 4 });
 * const hash = await pool.run<string>(new URL('./hash.js', import.meta.url), 'sha256', [bytes]);
 */
export class WorkerPool implements AsyncDisposable {
  readonly #size: number;
  readonly #maxQueue: number;
  readonly #threadOptions: { idleTimeout: number; resourceLimits: ResourceLimits | undefined };
  readonly #holding: Holding;
  readonly #threads = new Set<WorkerThread>();
  /** The one that was used last is used next: the others may go. */
  readonly #idle: WorkerThread[] = [];
  readonly #calls = new Set<WorkerCall>();
  readonly #line = new ParkingLot<WorkerThread>();
  #closing: Promise<void> | undefined;

  /** @throws RangeError or TypeError if an option is not what it should be */
  constructor(options: WorkerPoolOptions = {}) {
    checkOptions('WorkerPool', options);
    const { size = node.os.availableParallelism(), maxQueue = Infinity } = options;
    const { idleTimeout = 10_000, resourceLimits } = options;
    checkCount('WorkerPool', 'size', size, 1);
    checkCount('WorkerPool', 'maxQueue', maxQueue, 0);
    checkDuration('WorkerPool', 'idleTimeout', idleTimeout);
    checkOptions('WorkerPool resourceLimits', resourceLimits);
    this.#size = size;
    this.#maxQueue = maxQueue;
    this.#threadOptions = { idleTimeout, resourceLimits };
    this.#holding = own(this);
  }

  /** @internal Other code closes it. */
  _disown(): this {
    this.#holding.release();
    return this;
  }

  /**
   * Calls an exported function in a thread, and waits for what it returns. While all threads are busy the call waits in
   * line; cancelled there, it never starts. Cancelled while it runs: see `onCancel`; unless it is abandoned this waits
   * until the function has ended or its thread is terminated, and a value that it returns anyway is returned.
   *
   * @param module - a URL, or a path; a relative one is relative to the current directory
   * @param name - of the export
   * @param args - its arguments: what `structuredClone` can copy
   * @throws (rejects) what the function throws, with its class name, code, causes and both stacks; BusyResourceError if
   *   `maxQueue` calls wait; BrokenWorkerError if the thread died; ClosedResourceError if the pool is disposed of;
   *   TypeError if there is no such function, or arguments or result cannot be copied; the ambient scope's
   *   CancelledError, or `signal.reason`
   */
  // eslint-disable-next-line max-params -- public: module, name and arguments are the call
  run<T>(
    module: URL | string,
    name: string,
    args: readonly unknown[] = [],
    options: WorkerRunOptions = {},
  ): Promise<T> {
    try {
      const order = orderOf({ module, name, args }, options);
      const site: { stack?: string } = {};
      const result = realWork(() => this.#call(order, options, site));
      // When the call has been sent off: the thread need not wait for that. Only where the stack is to begin is `run` named.
      // eslint-disable-next-line @typescript-eslint/unbound-method -- see above
      Error.captureStackTrace(site, this.run);
      return result as Promise<T>;
    } catch (error) {
      return refused(error);
    }
  }

  // One function, since each that awaits another costs a promise.
  async #call(
    order: WorkerOrder,
    options: WorkerRunOptions,
    site: { readonly stack?: string },
  ): Promise<unknown> {
    const refused = refusalOf('run', options);
    if (refused !== undefined) return refused;
    this.#checkOpen(order);
    const thread = this.#free() ?? (await this.#untilFree(options, order));
    const call = this.#begin(thread, options, order);
    let outcome: WorkerOutcome;
    try {
      outcome = await call.wait(options.signal);
    } catch (cancellation) {
      outcome = await endedBy(cancellation, call, order);
    }
    return valueOf(outcome, order, site);
  }

  #checkOpen({ name }: WorkerOrder): void {
    if (this.#closing === undefined) return;
    throw new ClosedResourceError(`run: the pool was closed before ${name} was called`);
  }

  #free(): WorkerThread | undefined {
    const idle = this.#idle.pop();
    if (idle !== undefined || this.#threads.size >= this.#size) return idle;
    const thread = new WorkerThread(this.#threadOptions);
    this.#threads.add(thread);
    return thread;
  }

  #untilFree({ signal }: WorkerRunOptions, { name, module }: WorkerOrder): Promise<WorkerThread> {
    if (this.#line.size < this.#maxQueue) {
      return this.#line.park({ signal, name: `a thread for ${name} of ${module}` });
    }
    throw new BusyResourceError(
      `run: all threads are busy (${this.#size}), and as many calls wait as maxQueue allows (${this.#line.size}); call ${name} later, or make maxQueue larger`,
    );
  }

  #begin(thread: WorkerThread, options: WorkerRunOptions, order: WorkerOrder): WorkerCall {
    try {
      // It may have been cancelled when it had just got the thread.
      throwIfCancelled(options);
      this.#checkOpen(order);
      const call = new WorkerCall(order, thread);
      this.#calls.add(call);
      whenDone(call.done, () => {
        this.#calls.delete(call);
        this.#release(thread);
      });
      return call;
    } catch (error) {
      this.#release(thread);
      throw error;
    }
  }

  #release(thread: WorkerThread): void {
    if (this.#line.unpark(1, thread) > 0) return;
    this.#idle.push(thread);
    thread.rest();
  }

  /** Returns a snapshot for diagnostics: the threads, and the calls in and before them. */
  statistics(): WorkerPoolStatistics {
    const threads = [...this.#threads].filter((thread) => thread.isRunning).length;
    return { size: this.#size, threads, busy: this.#calls.size, waiting: this.#line.size };
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= shield(() => realWork(() => this.#close()));
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#holding.release();
    const closed = 'run: the pool was closed while a call waited for a thread';
    this.#line.failAll(() => new ClosedResourceError(closed));
    const reason = new ClosedResourceError('run: the pool was closed');
    await Promise.all(Array.from(this.#calls, (call) => call.stop(reason)));
    await Promise.all(Array.from(this.#threads, (thread) => thread.kill()));
  }
}
