import { ownedUntil } from '../actions/owned-until.ts';
import { shield } from '../combinators/shield.ts';
import { BusyResourceError } from '../internal/busy-resource-error.ts';
import { ClosedResourceError } from '../internal/worker-errors.ts';
import { idleTimer } from '../loop/event-loop.ts';
import type { Handle } from '../loop/event-loop.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { throwIfCancelled } from '../waiting/checkpoint.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import { broken, callSite, valueOf, WorkerCall } from './worker-call.ts';
import { orderOf } from './worker-order.ts';
import type { Order, WebWorkerRunOptions } from './worker-order.ts';
import { limitsOf, starterOf } from './pool-options.ts';
import type { Limits, WebWorkerPoolOptions, WorkerSource } from './pool-options.ts';
import type { WorkerFunctions } from './worker-side.ts';
import { WorkerThread } from './worker-thread.ts';
import type { WorkerLike } from './worker-thread.ts';

/** Returned by {@link WebWorkerPool.statistics}: counts of this moment. @beta */
export interface WebWorkerPoolStatistics {
  /** How many workers there may be. */
  readonly size: number;
  /** How many there are. */
  readonly threads: number;
  /** Calls in a worker, abandoned ones too. */
  readonly busy: number;
  /** Calls that wait for a worker. */
  readonly waiting: number;
}

/**
 * Workers for functions that compute: see {@link webWorkerPool}.
 *
 * @example
 * const digest = await pool.run('sha256', [bytes]);
 *
 * @beta
 */
export class WebWorkerPool<F extends WorkerFunctions = WorkerFunctions> implements AsyncDisposable {
  readonly #start: () => WorkerLike;
  readonly #limits: Limits;
  readonly #threads = new Set<WorkerThread>();
  /** The one that was used last is used next: the others may go. */
  readonly #idle = new Map<WorkerThread, Handle>();
  readonly #calls = new Set<WorkerCall>();
  readonly #loop = currentRuntime().loop;
  readonly #line = new ParkingLot<WorkerThread>();
  readonly #disown: () => void;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(source: WorkerSource, options?: WebWorkerPoolOptions) {
    this.#limits = limitsOf(options);
    this.#start = starterOf(source);
    this.#disown = ownedUntil(() => this[Symbol.asyncDispose]());
  }

  /**
   * Calls a function of the worker's module, and waits for what it returns. While all workers are busy the call waits in line;
   * cancelled there, it never starts. Cancelled while it runs: see `onCancel`; unless it is abandoned this waits until the
   * function has ended or its worker is terminated, and a value that it returns anyway is returned. A checkpoint.
   *
   * @param name - of the function
   * @param args - its arguments: what structured clone can copy
   * @param options - `transfer`, `onCancel`, `grace`; `signal`: cancels the call too
   * @returns what the function returns, copied
   * @throws (rejects) what the function throws, with its class name, message, causes and both stacks; BusyResourceError if `maxQueue`
   *   calls wait; BrokenWorkerError if the worker died or cannot start; ClosedResourceError if the pool is disposed of; TypeError
   *   if there is no such function, or arguments or result cannot be copied; the ambient scope's CancelledError, or `signal.reason`
   * @example
   * const digest = await pool.run('sha256', [bytes], { transfer: [bytes.buffer] });
   */
  async run<N extends keyof F & string>(
    name: N,
    args: Readonly<Parameters<F[N]>>,
    options?: WebWorkerRunOptions,
  ): Promise<Awaited<ReturnType<F[N]>>> {
    const site = callSite();
    const order = orderOf(name, args, options);
    throwIfCancelled(options, 'run');
    let thread = await this.#acquire(order);
    while (!(await this.#isStarted(thread, order))) thread = await this.#acquire(order);
    const call = this.#begin(thread, order);
    return valueOf(await call.outcome(), name, site) as Awaited<ReturnType<F[N]>>;
  }

  /** Returns a snapshot for diagnostics: the workers, and the calls in and before them. */
  statistics(): WebWorkerPoolStatistics {
    const { size } = this.#limits;
    const threads = this.#threads.size;
    return { size, threads, busy: this.#calls.size, waiting: this.#line.size };
  }

  /** Cancels the calls that run, by the `onCancel` and `grace` of each, and terminates all workers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= shield(() => this.#close());
    await this.#closing;
  }

  #checkOpen(name: string): void {
    if (this.#closing === undefined) return;
    throw new ClosedResourceError(`run: the pool was closed before ${name} was called`);
  }

  async #acquire({ name, signal }: Order): Promise<WorkerThread> {
    this.#checkOpen(name);
    const idle = [...this.#idle.keys()].at(-1);
    if (idle !== undefined) {
      this.#wakeUp(idle);
      return idle;
    }
    const { size, maxQueue } = this.#limits;
    if (this.#threads.size < size) return this.#startThread();
    if (this.#line.size < maxQueue) {
      return this.#line.park({ signal, name: `a worker for ${name}` });
    }
    throw new BusyResourceError(
      `run: all workers are busy (${size}), and as many calls wait as maxQueue allows (${this.#line.size}); call ${name} later, or make maxQueue larger`,
    );
  }

  #startThread(): WorkerThread {
    const thread = new WorkerThread(this.#start(), (gone) => this.#onGone(gone));
    this.#threads.add(thread);
    return thread;
  }

  /** Waits until it takes calls; false if it is gone since it did. */
  async #isStarted(thread: WorkerThread, { name, signal }: Order): Promise<boolean> {
    try {
      await thread.started.wait({ signal });
      this.#checkOpen(name);
    } catch (error) {
      this.#release(thread);
      throw error;
    }
    if (thread.isReady || thread.failure === undefined) return !thread.isGone;
    throw broken(`run: a worker for ${name} cannot start`, thread.failure.cause);
  }

  #begin(thread: WorkerThread, order: Order): WorkerCall {
    try {
      const call = new WorkerCall(order, thread);
      this.#calls.add(call);
      void call.done.then(() => {
        this.#calls.delete(call);
        this.#release(thread);
      });
      return call;
    } catch (error) {
      this.#release(thread);
      throw error;
    }
  }

  /** It is free for the next call. */
  #release(thread: WorkerThread): void {
    if (thread.isGone || this.#line.unpark(1, thread) > 0) return;
    if (this.#closing !== undefined) {
      thread.kill();
      return;
    }
    const { idleTimeout } = this.#limits;
    const end = (): void => thread.kill();
    this.#idle.set(thread, idleTimer(this.#loop, this.#loop.now() + idleTimeout, end));
  }

  #wakeUp(thread: WorkerThread): void {
    this.#idle.get(thread)?.cancel();
    this.#idle.delete(thread);
  }

  /** Its place is given to the caller that waits longest. */
  #onGone(thread: WorkerThread): void {
    this.#wakeUp(thread);
    this.#threads.delete(thread);
    const { head } = this.#line;
    if (head === undefined || this.#closing !== undefined) return;
    try {
      this.#release(this.#startThread());
    } catch (error) {
      head.fail(error);
    }
  }

  async #close(): Promise<void> {
    this.#disown();
    const closed = 'run: the pool was closed while a call waited for a worker';
    this.#line.failAll(() => new ClosedResourceError(closed));
    const reason = new ClosedResourceError('run: the pool was closed');
    await Promise.all(Array.from(this.#calls, (call) => call.stop(reason)));
    for (const thread of this.#threads) thread.kill();
  }
}

/**
 * Makes a pool of web workers for functions that compute. All of them load one module, in which `exposeToPool` names the functions;
 * they start as they are needed. The group around the call disposes of the pool at its end: that cancels the calls which still run, and
 * terminates all workers. Outside of a group, dispose of it.
 *
 * @param source - makes a worker, in the form that bundlers look for: `() => new Worker(new URL('./hash.worker.js', import.meta.url),
 *   { type: 'module' })`; or the URL of a module that is served as it is
 * @param options - `size`, `maxQueue`, `idleTimeout`
 * @throws InvalidStateError where there is no `Worker`; TypeError or RangeError for bad arguments
 * @example
 * import type { Hash } from './hash.worker.js';
 *
 * await using pool = webWorkerPool<Hash>(
 *   () => new Worker(new URL('./hash.worker.js', import.meta.url), { type: 'module' }),
 *   { size: 2 },
 * );
 * const digest = await pool.run('sha256', [bytes]);
 *
 * @beta
 */
export function webWorkerPool<F extends WorkerFunctions = WorkerFunctions>(
  source: WorkerSource,
  options?: WebWorkerPoolOptions,
): WebWorkerPool<F> {
  return new WebWorkerPool<F>(source, options);
}
