import { rareFields } from '../internal/keep-shapes.ts';
import { checkName } from '../internal/check-values.ts';
import { show } from '../internal/check.ts';
import { showBriefly } from '../internal/show-briefly.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { HAS_SLOT, OBSERVED } from '../waiting/marks.ts';
import { Outcome } from '../waiting/outcome.ts';
import { yieldIfDue } from '../waiting/ready.ts';
import { debugTools } from './debug-tools.ts';
import type { TaskGroup } from './task-group.ts';
import { endOf } from './task-outcome.ts';
import { begin } from './task-run.ts';
import { owned, refuseAwait, refuseDeadlock, untilEnded } from './task-waits.ts';

/**
 * - `queued`: waits for its turn in a group with a `limit`
 * - `running`
 * - `cancelling`: asked to end, and still cleaning up
 * - `fulfilled`, `rejected`, `cancelled`: done
 */
export type TaskState =
  'queued' | 'running' | 'cancelling' | 'fulfilled' | 'rejected' | 'cancelled';

/** What a task runs: an ordinary function, mostly an async one. It gets its task. */
export type TaskFunction<T> = (task: Task<T>) => T | PromiseLike<T>;

/** A TaskFunction whose `T` can be told from what it returns, without that of the task it gets being known before. */
export type Spawnable<T> = (task: Task<never>) => T | PromiseLike<T>;

// The sample that is kept is 0.
let ids = -1;

/**
 * A function at work, owned by a group. It is a promise of the function's result; the group answers
 * for its failure, so that it never becomes an `unhandledRejection`.
 *
 * @example
 * const task = group.spawn(() => download(url), { name: 'download' });
 * const file = await task.join();
 */
export class Task<T> extends Outcome<T> implements AsyncDisposable {
  /** Unique in this process. */
  readonly id: number;
  /** The group that owns it: it takes its failure, and waits for it. */
  readonly group: TaskGroup;
  /** The scope that its function runs in. */
  readonly scope: CancelScope;
  /** @internal */ _name: string;
  /** @internal The instant it was spawned. */
  readonly _born: number;

  /** @internal Where it was spawned, in debug mode. */
  declare _spawnSite: string | undefined;
  /** @internal Which task it waits for, in debug mode. */
  declare _awaits: Task<unknown> | undefined;

  static {
    showBriefly(this.prototype, (task) => `Task ${show(task.name)} (${task._stateSoFar()})`);
    rareFields(this.prototype, {
      _isOwned: true,
      _spawnSite: undefined,
      _awaits: undefined,
    });
  }

  /** @internal */
  constructor(group: TaskGroup, name: string) {
    super();
    ids += 1;
    this.id = ids;
    this.group = group;
    this.scope = new AnyScope();
    this._name = name;
    // In whole milliseconds: a small integer takes no object of its own.
    this._born = Math.floor(group.scope._runtime.loop.now());
  }

  /** The name given at `spawn`, else the function's, else `task-<id>`. */
  get name(): string {
    return this._name === '' ? `task-${String(this.id)}` : this._name;
  }

  set name(name: string) {
    checkName('Task', name);
    this._name = name;
  }

  /** Aborted when the task is cancelled. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** Where it stands: `queued`, `running`, `cancelling`, or what it came to. */
  get state(): TaskState {
    // What is due by the clock comes first: it ends a task that is queued.
    if (this._settled === undefined) this.scope._reasonByClock();
    return this._stateSoFar();
  }

  /** @internal As far as it was noticed: for looks that must cancel nothing. */
  _stateSoFar(): TaskState {
    if (this._settled !== undefined) return this._settled;
    if (!this._is(HAS_SLOT)) return 'queued';
    return this.scope._here()._reason === undefined ? 'running' : 'cancelling';
  }

  /**
   * Asks the task to end: the next checkpoint in it throws. Does not wait. A task that was still
   * queued is never started.
   *
   * @param reason - why: the `reason` of the CancelledError
   * @returns false if it is done already
   */
  cancel(reason?: unknown): boolean {
    if (this.done) return false;
    this.scope._cancelBy('explicit', reason);
    return true;
  }

  /**
   * Cancels the task and waits until its cleanup is over. Never rejects for what the task ends with: its
   * group answers for that. The wait is part of the caller's own cleanup: a cancellation does not end it,
   * but a time limit around the caller does.
   *
   * @param reason - why: the `reason` of the CancelledError
   * @throws (rejects) InvalidStateError if the task stops itself; the CancelledError of a time limit that
   *   passes while this waits
   * @example
   * await task.stop('no longer needed');
   */
  async stop(reason?: unknown): Promise<void> {
    this._refuseDeadlock('stop');
    this.cancel(reason);
    if (this.done) return yieldIfDue();
    await this._noted(untilEnded(this, `stop ${this.name}`));
  }

  /**
   * Waits for the task. A checkpoint; cancelling the caller never cancels the task.
   *
   * @param options - `signal`: ends the wait too
   * @returns the task's value
   * @throws (rejects) the task's error, or its CancelledError; the ambient scope's CancelledError or
   *   `signal.reason` if the wait was cancelled; InvalidStateError if the task joins itself
   */
  join(options?: SignalOptions): Promise<T> {
    try {
      this._refuseDeadlock('join');
    } catch (error) {
      return Promise.reject(error);
    }
    return this._noted(this._wait(options, 'Task.join', `join ${this.name}`));
  }

  // In a scope that is cancelled already this is the caller's cleanup: it waits on, as for any promise.
  protected override _inTime(): Promise<T> {
    const scope = currentFrame()._scope;
    // Before the last look at the task: what is due by the clock may cancel it, which ends one that is queued.
    const isCancelled = !this.done && scope.reason !== undefined;
    if (this.done) return super._inTime();
    this._marks |= OBSERVED;
    const name = `await ${this.name}`;
    if (!isCancelled) return this._noted(this._park({ name, scope }));
    return this._noted(untilEnded(this, name)).then(() => super._inTime());
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    refuseAwait(this, [onFulfilled, onRejected]);
    const derived = super.then(onFulfilled, onRejected);
    return typeof onRejected === 'function' ? derived : owned(this, derived);
  }

  override catch<B = never>(
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  override finally(onFinally?: (() => void) | null): Promise<T> {
    return owned(this, super.finally(onFinally));
  }

  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** @internal */
  _label(): string {
    return `the task ${show(this.name)}`;
  }

  /** @internal A task waits for everything in it before it ends: nothing in it may wait for the task. */
  _refuseDeadlock(verb: string): void {
    refuseDeadlock(this, verb);
  }

  // Debug mode sees cycles of tasks that wait for each other.
  private _noted<P>(wait: Promise<P>): Promise<P> {
    if (this.scope._runtime.debug) debugTools.loaded?.noteWait(this, wait);
    return wait;
  }

  /** @internal Calls the function, in the task's scope. */
  _begin(fn: (task: never) => unknown): void {
    begin(this, fn);
  }

  /** @internal For a task that was cancelled before its function was called. */
  _endUnstarted(): void {
    this._end('cancelled', this.scope._reasonOfStarted());
  }

  /** @internal */
  _fail(error: unknown): void {
    const { settled, result } = endOf(this.scope, error);
    this._end(settled, settled === 'rejected' ? this._located(result) : result);
  }

  // The stack of an error ends at the spawn; debug mode goes on from there.
  private _located(error: unknown): unknown {
    if (this._spawnSite !== undefined) debugTools.loaded?.addSite(error, this);
    return error;
  }

  /** @internal */
  _end(settled: 'fulfilled' | 'rejected' | 'cancelled', result: unknown): void {
    this.scope._end();
    this.scope._task = undefined;
    this._settle(settled, result);
    this.group._childEnded(this);
  }
}
