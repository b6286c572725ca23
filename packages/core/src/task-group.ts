import { Admission } from './admission.ts';
import { ambient } from './ambient.ts';
import { CancelScope, currentFrame } from './cancel-scope.ts';
import type { ScopeOptions } from './cancel-scope.ts';
import { isCausedBy, withoutCancellations } from './cancellation.ts';
import { checkFunction, isThenable, show } from './check.ts';
import { Children } from './children.ts';
import { taskSpawned } from './diagnostics.ts';
import { InvalidStateError } from './errors.ts';
import { Failures } from './failure-policy.ts';
import type { OnFailure } from './failure-policy.ts';
import { checkGroupOptions, checkSpawnOptions } from './group-options.ts';
import type { SpawnOptions, TaskGroupOptions } from './group-options.ts';
import { emitWarning } from './internal/emit-warning.ts';
import { promised } from './internal/promised.ts';
import { refusal, refuseIfCancelled } from './park.ts';
import { ResourceStack } from './resource-stack.ts';
import type { Failure, Resource } from './resource-stack.ts';
import { Starting } from './starting.ts';
import { watchForStuckTasks } from './stuck-watch.ts';
import { TaskCore } from './task.ts';
import type { TaskOwner } from './task.ts';
import { TimeoutError } from './timeout-error.ts';

/** What a task runs: an ordinary function, mostly an async one. It gets its task. */
export type TaskFunction<T> = (task: Task<T>) => T | PromiseLike<T>;

/** A TaskFunction whose `T` can be told from what it returns, without that of the task it gets being known before. */
export type Spawnable<T> = (task: Task<never>) => T | PromiseLike<T>;

/**
 * A function at work, owned by a group. It is a promise of the function's result; the group answers
 * for its failure, so that it never becomes an `unhandledRejection`.
 *
 * @example
 * const task = group.spawn(() => download(url), { name: 'download' });
 * const file = await task.join();
 */
export class Task<T> extends TaskCore<T> {
  /** The group that owns it. */
  declare readonly group: TaskGroup;
}

/** Has a place in itself for what other scopes rarely have. */
class GroupScope extends CancelScope {
  override _owner: object | undefined = undefined;
  override _group: object | undefined = undefined;
  override _options: ScopeOptions | undefined = undefined;

  constructor(options: ScopeOptions | undefined) {
    super();
    if (options !== undefined) this._configure(options);
  }
}

/**
 * The owner of tasks: it ends only after each of them has. `taskGroup(body)` is the form to use; this
 * one, `await using group = new TaskGroup()`, is for code that passes scopes by hand.
 *
 * End the block with `await group.join()`: leaving it otherwise means that the block threw, so the
 * children are cancelled and waited for.
 *
 * @example
 * await using group = new TaskGroup();
 * group.spawn(() => serve(group.signal));
 * await group.join();
 */
export class TaskGroup implements AsyncDisposable, TaskOwner {
  /** @internal One that stays, as that of Waiter. */
  static readonly _samples: readonly object[] = samplesOf(TaskGroup);
  /** The scope that the children, and the body of `taskGroup(body)`, run in. */
  readonly scope: CancelScope;

  readonly #policy: OnFailure;
  readonly #born: number;
  readonly #children: Children<Task<unknown>>;
  readonly #admission: Admission;
  readonly #failures: Failures;
  #starting: Map<TaskCore<unknown>, Starting<unknown>> | undefined;
  #stack: ResourceStack | undefined;
  #isEnded = false;
  #stuckWatch: Disposable | undefined;
  /** Over when its resources are released too. */
  #end: Promise<void> | undefined;
  /** What a cancellation has cut short: the body, a child that counts. */
  #isBodyCut = false;
  #isChildCut = false;
  /** @internal Whether a child that cancels itself fails the group: that of a helper which needs every value. */
  _needsAll = false;

  constructor(options?: TaskGroupOptions) {
    checkGroupOptions('TaskGroup', options);
    this.#policy = options?.onFailure ?? 'cancel';
    this.#failures = new Failures(this.#policy);
    this.scope = new GroupScope(options);
    this.scope._owner = this;
    this.scope._group = this;
    this.scope._start();
    this.#children = new Children(this.scope, this.#label());
    this.#admission = new Admission(options?.limit ?? Infinity);
    const { loop, debug } = this.scope._runtime;
    this.#born = loop.now();
    if (debug) this.#stuckWatch = watchForStuckTasks(this.scope, this.#label(), () => this.tasks);
  }

  /** Aborted when the group is cancelled. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** How many children have not ended yet, queued ones and daemons included. */
  get size(): number {
    return this.#children.size;
  }

  /** The children that have not ended yet. */
  get tasks(): Iterable<Task<unknown>> {
    // Those that are still being started hang on the scopes of their callers.
    const starting = (this.#starting?.keys() ?? []) as Iterable<Task<unknown>>;
    return new Set([...this.#children.list(this), ...starting]);
  }

  /**
   * Starts a child. The function is called at once, up to its first `await`; in a group that is at its
   * limit later, and in one that is cancelled never: the task returned is `cancelled` then.
   *
   * @param fn - gets its task
   * @param options - `name`: shown in messages and in the task tree; `daemon`: cancelled when the body and
   *   all other children have ended
   * @returns the task
   * @throws TypeError if it is not a function; InvalidStateError once the group has ended
   */
  spawn<T>(fn: Spawnable<T>, options?: SpawnOptions): Task<T> {
    checkFunction('spawn', 'fn', fn);
    checkSpawnOptions('spawn', options);
    this.#checkOpen('spawn');
    const task = this.#makeTask<T>(fn, options);
    if (options?.daemon === true) task._isDaemon = true;
    this.#children.add(task);
    task.scope._open(this.#children.scopeFor(task), task, currentFrame()._variables);
    this.#launch(task, fn);
    return task;
  }

  /**
   * Starts a child and waits until it says that it is ready. Until then the child is under the
   * caller's scopes, and its errors come out here alone; from then on it is a child like any other.
   * A pending start keeps the group open.
   *
   * @param fn - is to call `started(value)` once
   * @returns the value given to `started`
   * @throws (rejects) what the function throws before; InvalidStateError if it ends without calling
   *   `started`, or if the group has ended; the caller's CancelledError
   */
  start<T>(
    fn: (task: Task<unknown>, started: (value: T) => void) => unknown,
    options?: SpawnOptions,
  ): Promise<T> {
    const caller = currentFrame();
    try {
      checkFunction('start', 'fn', fn);
      checkSpawnOptions('start', options);
      this.#checkOpen('start');
      refuseIfCancelled(this.scope, undefined);
      refuseIfCancelled(caller._scope, undefined);
    } catch (error) {
      return error === this.scope.reason
        ? refusal(this.scope, error)
        : refusal(caller._scope, error);
    }
    const task = this.#makeTask<unknown>(fn, options);
    const starting = new Starting<T>();
    this.#starting ??= new Map();
    this.#starting.set(task, starting as Starting<unknown>);
    this.#children.add(task);
    task.scope._group = groupOf(this.scope);
    task.scope._open(caller._scope, task, caller._variables);
    const started = (value: T): void => {
      this.#started(task, starting, value, options?.daemon === true);
    };
    this.#launch(task, (self: Task<unknown>) => fn(self, started));
    return starting.promise;
  }

  #started<T>(task: Task<unknown>, starting: Starting<T>, value: T, isDaemon: boolean): void {
    starting.announce(task, value);
    // The caller is cancelled, or gone: the child stays his to the end.
    if (task.done || task.scope.reason !== undefined) return;
    this.#starting?.delete(task);
    if (isDaemon) this.#children.makeDaemon(task);
    task.scope._rehang(this.#children.scopeFor(task));
    starting.succeed();
  }

  /**
   * Cancels the children, and the body of `taskGroup(body)`. Quiet: it is not a failure. Does not wait.
   *
   * @param reason - why: the `reason` of the CancelledError
   */
  cancel(reason?: unknown): void {
    this.scope._cancelBy('explicit', reason);
  }

  /**
   * Cancels the group and waits until all children have ended. Nothing cancels this wait.
   *
   * @param reason - why: the `reason` of the CancelledError
   */
  async stop(reason?: unknown): Promise<void> {
    this.#refuseChild('stop');
    this.cancel(reason);
    await this.#children.untilEmpty();
  }

  /**
   * Waits until all children, daemons apart, have ended. A checkpoint.
   *
   * @throws (rejects) as the group would: the first failure; TimeoutError if the group's own time cut
   *   children short, or its signal's reason; the ambient scope's CancelledError
   */
  async join(): Promise<void> {
    this.#refuseChild('join');
    let shield = false;
    while (this.#children.active > 0) {
      try {
        await this.#children.untilIdle(shield);
      } catch (error) {
        if (this.scope.reason === undefined) throw error;
        // The children are being cancelled as well: what they come to is what counts.
        shield = true;
      }
    }
    if (!this.#failures.isEmpty) {
      this.#failures.observe();
      throw this.#failures.toError(this.scope.name);
    }
    refuseIfCancelled(currentFrame()._scope, undefined);
    const cut = this.#cutShort(this.#isChildCut);
    if (cut !== undefined) throw cut.error;
  }

  /**
   * Has a resource released after the children have ended, last first, shielded.
   *
   * @returns the resource
   * @throws TypeError if it cannot be disposed of; InvalidStateError once the group has ended
   */
  use<R extends Disposable | AsyncDisposable>(resource: R): R {
    this.#checkOpen('use');
    return this.#resources().use(resource);
  }

  /**
   * Opens a resource made by `defineResource`, and has it released as by {@link TaskGroup.use}.
   * Waits for its setup, and is a checkpoint as that is.
   *
   * @returns the resource's value
   * @throws (rejects) what its setup throws; InvalidStateError once the group has ended
   */
  async enter<T>(resource: Resource<T>): Promise<T> {
    this.#checkOpen('enter');
    return this.#resources().enter(resource);
  }

  /**
   * Has a function called after the children have ended, last first, shielded.
   *
   * @param cleanup - what it returns is awaited
   * @throws InvalidStateError once the group has ended
   */
  defer(cleanup: () => unknown): void {
    this.#checkOpen('defer');
    this.#resources().defer(cleanup);
  }

  /**
   * Cancels the children that are left and waits for everything.
   *
   * @throws (rejects) failures that nobody has seen, through `join()` or by awaiting the task;
   *   InvalidStateError if a child of the group disposes of it
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#refuseChild('dispose');
    if (this.#isEnded) return this.#end;
    const isLeft = this.#children.active > 0;
    if (isLeft) this.#leave();
    while (this.size > 0) await this.#children.untilEmpty();
    await this.#finish(this.#verdict() ?? (isLeft ? { error: this.scope.reason } : undefined));
    const unseen = this.#failures.unobserved();
    if (!unseen.isEmpty) throw unseen.toError(this.scope.name);
  }

  #leave(): void {
    if (this.scope._runtime.debug) this.#warnOfLeaving();
    this.cancel('the block of this task group was left without join()');
  }

  #warnOfLeaving(): void {
    emitWarning(
      `${this.#label()} was left with ${String(this.#children.active)} unfinished tasks, which are cancelled now; ` +
        'end the block with `await group.join()`',
      'TaskGroupWarning',
    );
  }

  /** @internal Its children have ended: it takes no more, and releases what it has. */
  get _isEnded(): boolean {
    return this.#isEnded;
  }

  /** @internal Runs a body in the group, waits for the children, and says what came of it all. */
  async _run<T>(body: (group: this) => T | PromiseLike<T>): Promise<T> {
    let value: T | undefined;
    try {
      // Each promise costs something: one is only awaited where there is one (decision 9).
      const returned = ambient.run(this.scope, body, this);
      value = isThenable(returned) ? await returned : returned;
    } catch (error) {
      this.#bodyFailed(error);
    }
    // Again and again: who was woken by the last child may have spawned another one.
    while (this.size > 0) await this.#children.untilEmpty();
    const end = this.#finish(this.#verdict());
    if (end !== undefined) await end;
    // Once more: the release of a resource may have failed.
    const failure = this.#verdict();
    if (failure !== undefined) throw failure.error;
    return value as T;
  }

  #bodyFailed(error: unknown): void {
    const reason = this.scope.reason;
    if (reason !== undefined && isCausedBy(reason, error)) {
      this.#isBodyCut = true;
      return;
    }
    const failure = reason === undefined ? error : withoutCancellations(reason, error);
    this.#failures.add(failure, 'the body');
    this.scope._cancelBy('failure', failure);
  }

  /** What the group throws; undefined: it ends well. */
  #verdict(): Failure | undefined {
    if (!this.#failures.isEmpty) return { error: this.#failures.toError(this.scope.name) };
    const isCut = this.#isBodyCut || this.#isChildCut;
    if (this.scope._isCancelledFromOutside()) {
      return isCut || this.#children.isWaitCut ? { error: this.scope._parent?.reason } : undefined;
    }
    return this.#cutShort(isCut) ?? (this.#isBodyCut ? { error: this.scope.reason } : undefined);
  }

  /** What the group's own time or signal has made of it. */
  #cutShort(isCut: boolean): Failure | undefined {
    const own = this.scope._own;
    if (!isCut || own === undefined) return undefined;
    if (own.source === 'signal') return { error: own.reason };
    if (own.source !== 'deadline') return undefined;
    const ms = Math.max(this.scope.deadline - this.#born, 0);
    return { error: new TimeoutError(ms, this.scope) };
  }

  /** Answers a promise if there is something to release. */
  #finish(failure: Failure | undefined): Promise<void> | undefined {
    if (this.#isEnded) return this.#end;
    this.#isEnded = true;
    if (this.#stack === undefined) this.#close();
    else this.#end = this.#release(this.#stack, failure);
    return this.#end;
  }

  async #release(stack: ResourceStack, failure: Failure | undefined): Promise<void> {
    for (const { error } of await stack._release(failure)) this.#failures.add(error, 'a cleanup');
    this.#close();
  }

  #close(): void {
    this.#children.close();
    this.#stuckWatch?.[Symbol.dispose]();
    this.scope._end();
  }

  #resources(): ResourceStack {
    this.#stack ??= new ResourceStack();
    return this.#stack;
  }

  #launch(task: TaskCore<unknown>, fn: (task: never) => unknown): void {
    if (taskSpawned.hasSubscribers) taskSpawned.publish({ task });
    this.#admission.admit(task, fn);
  }

  #makeTask<T>(fn: { readonly name: string }, options: SpawnOptions | undefined): Task<T> {
    const { debug, loop } = this.scope._runtime;
    const task = new Task<T>(this, new CancelScope(), options?.name ?? fn.name, loop.now());
    if (debug) task._spawnSite = callSite();
    return task;
  }

  /** @internal */
  _childEnded(task: TaskCore<unknown>): void {
    const starting = this.#starting?.get(task);
    if (starting === undefined) this.#judge(task);
    else this.#starting?.delete(task);
    starting?.ended(task);
    this.#admission.release(task);
    this.#children.remove(task);
  }

  #judge(task: TaskCore<unknown>): void {
    const isCancelled = task._settled === 'cancelled';
    const byItself = isCancelled && task.scope._own === task._result;
    if (task._settled === 'rejected' || (byItself && this._needsAll)) {
      this.#failures.add(task._result, task);
      if (this.#policy === 'cancel') this.scope._cancelBy('failure', task._result);
    }
    // Cancelled by itself is not cut short by the group's cancellation.
    if (isCancelled && !byItself && !task._isDaemon) this.#isChildCut = true;
  }

  #checkOpen(verb: string): void {
    if (!this.#isEnded) return;
    throw new InvalidStateError(`${verb}: ${this.#label()} has ended; ${verb} inside its body`);
  }

  // A child that waits for its group waits for itself.
  #refuseChild(verb: string): void {
    for (let scope: CancelScope | undefined = currentFrame()._scope; scope; scope = scope._parent) {
      if (scope === this.scope) return;
      const task = scope._task as TaskCore<unknown> | undefined;
      if (task?.group !== this || task.done) continue;
      throw new InvalidStateError(
        `${verb}: called by the task ${show(task.name)} of ${this.#label()}, this would wait for itself ` +
          'for ever; call it outside the group’s tasks',
      );
    }
  }

  #label(): string {
    return this.scope.name === '' ? 'the task group' : `the task group "${this.scope.name}"`;
  }
}

/* @__NO_SIDE_EFFECTS__ */
function samplesOf(Group: typeof TaskGroup): readonly object[] {
  const group = new Group();
  group.scope._end();
  return [group, new Task(group, new CancelScope(), '', 0)];
}

function callSite(): string {
  const { stack } = new Error();
  return stack?.split('\n').slice(4).join('\n') ?? '';
}

/**
 * Runs a body that may spawn tasks, and waits for all of them. Nothing that was started in it is still
 * running when it settles.
 *
 * The first failure, of a child or of the body, cancels the rest; once everyone has ended it is thrown,
 * itself, with later failures in its `suppressedErrors`. With `onFailure: 'continue'` a child's failure
 * cancels nobody, and a TaskGroupError of all failures is thrown at the end.
 *
 * @param body - gets the group; runs inside its scope
 * @param options - `limit`, `onFailure`, and those of a CancelScope
 * @returns the body's value
 * @throws (rejects) the first failure; TaskGroupError; TimeoutError if the group's own `timeout` or
 *   `deadline` cut anything short; `signal.reason` likewise; a CancelledError if the body was
 *   interrupted, or if a cancellation from outside cut the group short
 * @example
 * const [user, orders] = await taskGroup(async (group) => {
 *   const user = group.spawn(() => fetchUser(id));
 *   const orders = group.spawn(() => fetchOrders(id));
 *   return [await user, await orders];
 * });
 */
export function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T> {
  return promised(() => {
    checkFunction('taskGroup', 'body', body);
    checkGroupOptions('taskGroup', options);
    return new TaskGroup(options)._run(body);
  });
}

export interface HelperOptions extends TaskGroupOptions {
  /** A child that cancels itself has no value: its CancelledError is its failure. */
  readonly needsAll?: boolean | undefined;
}

/**
 * The group of a helper such as `gather`: what is opened in it belongs to the explicit group around.
 */
export function helperGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: HelperOptions,
): Promise<T> {
  return helper(options)._run(body);
}

/** The same without a body. */
export function helper(options?: HelperOptions): TaskGroup {
  const group = new TaskGroup(options);
  group._needsAll = options?.needsAll === true;
  // Nothing has been opened in it yet.
  group.scope._group = undefined;
  return group;
}

/**
 * The task that the caller runs in, or undefined.
 *
 * @example
 * log(`[${currentTask()?.name ?? 'main'}] connected`);
 */
export function currentTask(): Task<unknown> | undefined {
  return currentFrame()._scope._nearestOpen()._task as Task<unknown> | undefined;
}

/**
 * The innermost explicit group (`taskGroup`, `new TaskGroup`, `run`) around the caller that still takes what is
 * to be released: not one that is releasing already. Helpers own nothing.
 *
 * @returns the group; undefined outside of any
 * @example
 * const owner = currentGroup();
 * owner?.use(connection); // closed with the group
 */
export function currentGroup(): TaskGroup | undefined {
  return groupOf(currentFrame()._scope._nearestOpen());
}

function groupOf(scope: CancelScope): TaskGroup | undefined {
  for (let here: CancelScope | undefined = scope; here !== undefined; here = here._parent) {
    const group = here._group as TaskGroup | undefined;
    if (group !== undefined && !group._isEnded) return group;
  }
  return undefined;
}
