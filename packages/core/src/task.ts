import type { CancelScope } from './cancel-scope.ts';
import { ambient } from './ambient.ts';
import { currentFrame } from './cancel-scope.ts';
import { isCausedBy, withoutCancellations } from './cancellation.ts';
import { isThenable, show } from './check.ts';
import { taskSettled } from './diagnostics.ts';
import { InvalidStateError } from './errors.ts';
import { emitWarning } from './internal/emit-warning.ts';
import { whenSettled } from './internal/native-promise.ts';
import { quiet } from './internal/quiet.ts';
import { showBriefly } from './internal/show-briefly.ts';
import { tried } from './internal/tried.ts';
import { Outcome } from './outcome.ts';
import { shielded } from './resource-stack.ts';

/**
 * - `queued`: waits for its turn in a group with a `limit`
 * - `running`
 * - `cancelling`: asked to end, and still cleaning up
 * - `fulfilled`, `rejected`, `cancelled`: done
 */
export type TaskStatus =
  'queued' | 'running' | 'cancelling' | 'fulfilled' | 'rejected' | 'cancelled';

/** What a task reports to. */
export interface TaskOwner {
  /** @internal */ _childEnded(task: TaskCore<unknown>): void;
}

// The sample that is kept is 0.
let ids = -1;

function begin(task: TaskCore<unknown>, fn: (task: never) => unknown): void {
  task._call(fn as (task: TaskCore<unknown>) => unknown);
}

function taskHere(): TaskCore<unknown> {
  return currentFrame()._scope._task as TaskCore<unknown>;
}

function succeedHere(value: unknown): void {
  taskHere()._end('fulfilled', value);
}

function failHere(error: unknown): void {
  taskHere()._fail(error);
}

/** The working of a task; its public type, which knows the group, is `Task`. */
export abstract class TaskCore<T> extends Outcome<T> implements AsyncDisposable {
  /** Unique in this process. */
  readonly id: number;
  readonly group: TaskOwner;
  /** The scope that its function runs in. */
  readonly scope: CancelScope;
  /** @internal */ _name: string;
  /** @internal The instant it was spawned. */
  readonly _born: number;
  /** @internal Holds a place of the group's `limit`; false while it waits for its turn. */
  _hasSlot = false;

  /** @internal */ declare _isDaemon: boolean;
  /** @internal Where it was spawned, in debug mode. */
  declare _spawnSite: string | undefined;
  /** @internal Which task it waits for, in debug mode. */
  declare _awaits: TaskCore<unknown> | undefined;

  static {
    showBriefly(this.prototype, (task) => `Task ${show(task.name)} (${task.status})`);
    Object.assign(this.prototype, {
      _isOwned: true,
      _isDaemon: false,
      _spawnSite: undefined,
      _awaits: undefined,
    });
  }

  /** @internal */
  constructor(group: TaskOwner, scope: CancelScope, name: string, born: number) {
    super();
    ids += 1;
    this.id = ids;
    this.group = group;
    this.scope = scope;
    this._name = name;
    // In whole milliseconds: a small integer takes no object of its own.
    this._born = Math.floor(born);
  }

  /** The name given at `spawn`, else the function's, else `task-<id>`. */
  get name(): string {
    return this._name === '' ? `task-${String(this.id)}` : this._name;
  }

  set name(name: string) {
    this._name = name;
  }

  /** Aborted when the task is cancelled. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** Where it stands: `queued`, `running`, `cancelling`, or what it came to. */
  get status(): TaskStatus {
    if (this._settled !== undefined) return this._settled;
    if (!this._hasSlot) return 'queued';
    return this.scope.reason === undefined ? 'running' : 'cancelling';
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
   * Cancels the task and waits until its cleanup is over. Whatever it ends with, does not reject for
   * it: the group answers for that. Nothing cancels this wait.
   *
   * @param reason - why: the `reason` of the CancelledError
   * @throws (rejects) InvalidStateError if the task stops itself
   */
  async stop(reason?: unknown): Promise<void> {
    this._refuseDeadlock('stop');
    if (!this.cancel(reason)) return;
    await shielded(
      () =>
        new Promise<void>((resolve) => {
          if (this.done) resolve();
          else this._listen(resolve);
        }),
    );
  }

  /**
   * Waits for the task. A checkpoint; cancelling the caller never cancels the task.
   *
   * @param options - `signal`: ends the wait too
   * @returns the task's value
   * @throws (rejects) the task's error, or its CancelledError; the ambient scope's CancelledError or
   *   `signal.reason` if the wait was cancelled; InvalidStateError if the task joins itself
   */
  join(options?: { readonly signal?: AbortSignal | undefined }): Promise<T> {
    try {
      this._refuseDeadlock('join');
    } catch (error) {
      return Promise.reject(error);
    }
    const wait = this._wait(options, `join ${this.name}`);
    if (this.scope._runtime.debug) this._noteWaiter(wait);
    return wait;
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this._refuseSelf();
    const derived = super.then(onFulfilled, onRejected);
    return typeof onRejected === 'function' ? derived : this._owned(derived);
  }

  override catch<B = never>(
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  override finally(onFinally?: (() => void) | null): Promise<T> {
    return this._owned(super.finally(onFinally));
  }

  // The group answers for the task's error. A promise derived from it that nobody looks at must not
  // report it a second time; what a callback throws is another matter.
  private _owned<P>(derived: Promise<P>): Promise<P> {
    const owned: Promise<P> = derived.catch((error: unknown) => {
      if (error === this._result && this._settled !== 'fulfilled') quiet(owned);
      throw error;
    });
    return owned;
  }

  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** @internal */
  _label(): string {
    return `the task ${show(this.name)}`;
  }

  // A task that awaits itself waits for ever. Only `then` tells us, which may be called for other ends
  // in a deeper scope: so only a direct call counts.
  private _refuseSelf(): void {
    if (this.done || currentFrame()._scope._nearestOpen()._task !== this) return;
    throw this._selfWait();
  }

  private _selfWait(): InvalidStateError {
    return new InvalidStateError(
      `await: the task ${show(this.name)} would wait for itself for ever; await it from outside`,
    );
  }

  // A task waits for everything in it before it ends: nothing in it may wait for the task.
  _refuseDeadlock(verb: string): void {
    if (this.done) return;
    let scope: CancelScope | undefined = currentFrame()._scope;
    while (scope !== undefined && scope !== this.scope) scope = scope._parent;
    if (scope === undefined) return;
    throw new InvalidStateError(
      `${verb}: called inside the task ${show(this.name)}, this would wait for itself for ever; ` +
        `${verb} it from outside`,
    );
  }

  // Debug mode sees cycles of tasks that wait for each other.
  private _noteWaiter(wait: Promise<T>): void {
    const waiter = currentFrame()._scope._task as TaskCore<unknown> | undefined;
    if (waiter === undefined) return;
    for (let next: TaskCore<unknown> | undefined = this._awaits; next; next = next._awaits) {
      if (next === waiter) warnOfCycle(waiter, this);
    }
    waiter._awaits = this;
    const forget = (): void => {
      waiter._awaits = undefined;
    };
    wait.then(forget, forget);
  }

  /** @internal Calls the function, in the task's scope. */
  _begin(fn: (task: never) => unknown): void {
    ambient.run(this.scope, begin, this, fn);
  }

  /** @internal */
  _call(fn: (task: this) => unknown): void {
    let returned: unknown;
    try {
      returned = fn(this);
      if (returned === this) throw this._selfWait();
    } catch (error) {
      this._fail(error);
      return;
    }
    if (isThenable(returned)) this._follow(returned);
    else this._end('fulfilled', returned);
  }

  // Handled in the same tick: its rejection never is an unhandledRejection.
  private _follow(promise: PromiseLike<unknown>): void {
    if (ambient.isFollowing) {
      // We are in the task's scope, and so are these: the scope tells them whose end it is, and no task needs a closure.
      whenSettled(promise, succeedHere, failHere);
      return;
    }
    whenSettled(
      promise,
      (value) => {
        this._end('fulfilled', value);
      },
      (error: unknown) => {
        this._fail(error);
      },
    );
  }

  /** @internal For a task that was cancelled before its function was called. */
  _endUnstarted(): void {
    this._end('cancelled', this.scope.reason);
  }

  /** @internal */
  _fail(error: unknown): void {
    const reason = this.scope.reason;
    if (reason === undefined) this._end('rejected', this._located(error));
    else if (isCausedBy(reason, error)) this._end('cancelled', reason);
    else this._end('rejected', this._located(withoutCancellations(reason, error)));
  }

  // The stack of an error ends at the spawn; debug mode goes on from there.
  private _located(error: unknown): unknown {
    if (this._spawnSite === undefined) return error;
    const site = `\n    -- the task ${show(this.name)} was spawned here --\n${this._spawnSite}`;
    tried(() => {
      appendToStack(error, site);
    }, undefined);
    return error;
  }

  /** @internal */
  _end(settled: 'fulfilled' | 'rejected' | 'cancelled', result: unknown): void {
    this.scope._end();
    this.scope._task = undefined;
    this._settle(settled, result);
    if (taskSettled.hasSubscribers) {
      taskSettled.publish({
        task: this,
        status: settled,
        error: settled === 'fulfilled' ? undefined : result,
      });
    }
    this.group._childEnded(this);
  }
}

function appendToStack(error: unknown, site: string): void {
  if (!(error instanceof Error) || !Object.isExtensible(error)) return;
  if (error.stack?.includes(site) === true) return;
  error.stack = `${error.stack ?? error.message}${site}`;
}

function warnOfCycle(waiter: TaskCore<unknown>, joined: TaskCore<unknown>): void {
  emitWarning(
    `the tasks ${show(waiter.name)} and ${show(joined.name)} wait for each other, and would for ever`,
    'DeadlockWarning',
  );
}
