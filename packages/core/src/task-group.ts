import { ambient } from './ambient.ts';
import { CancelScope, checkScopeOptions, currentFrame } from './cancel-scope.ts';
import type { CancelledError, ScopeOptions, ScopeRegistration } from './cancel-scope.ts';
import { isCausedBy, withoutCancellations } from './cancellation.ts';
import { checkCount, checkFunction, checkName, checkOneOf, checkOptions, show } from './check.ts';
import { InvalidStateError } from './errors.ts';
import { Failures } from './failure-policy.ts';
import type { OnFailure } from './failure-policy.ts';
import { emitWarning } from './internal/emit-warning.ts';
import { quiet } from './internal/quiet.ts';
import { refusal, refuseIfCancelled } from './park.ts';
import { ParkingLot } from './parking-lot.ts';
import { ResourceStack } from './resource-stack.ts';
import type { Resource } from './resource-stack.ts';
import { TaskCore } from './task.ts';
import type { TaskOwner } from './task.ts';
import { TimeoutError } from './timeout-error.ts';

export interface TaskGroupOptions extends ScopeOptions {
  /** How many tasks run at a time, a whole number from 1; the others are `queued`, in order. */
  readonly limit?: number | undefined;
  /** `'cancel'` (default): the first failure cancels the others; `'continue'`: it cancels nobody. */
  readonly onFailure?: OnFailure | undefined;
}

export interface SpawnOptions {
  /** Shows in messages and in the task tree. Default: the function's name, else `task-<id>`. */
  readonly name?: string | undefined;
  /** A daemon does not keep its group: it is cancelled once everything else in the group has ended. */
  readonly daemon?: boolean | undefined;
}

/** What a task runs: an ordinary function, mostly an async one. It gets its task. */
export type TaskFunction<T> = (task: Task<T>) => T | PromiseLike<T>;

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

/** A child that is being started by `start()`: until it says so, the caller answers for it. */
class Starting<T> {
  readonly promise: Promise<T>;
  isAnnounced = false;
  #value: T | undefined;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  announce(value: T): void {
    this.isAnnounced = true;
    this.#value = value;
  }

  succeed(): void {
    this.#resolve(this.#value as T);
  }

  /** The child has ended under the caller. */
  ended(task: TaskCore<unknown>): void {
    if (task._settled === 'fulfilled' && this.isAnnounced) this.succeed();
    else if (task._settled === 'fulfilled') this.#reject(neverStarted(task));
    else this.#reject(task._result);
    if (task._settled === 'cancelled') quiet(this.promise);
  }
}

function neverStarted(task: TaskCore<unknown>): InvalidStateError {
  return new InvalidStateError(
    `start: the task ${show(task.name)} ended without calling started(); call it when it is ready`,
  );
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
  /** The scope that the children, and the body of `taskGroup(body)`, run in. */
  readonly scope: CancelScope;

  readonly #limit: number;
  readonly #policy: OnFailure;
  readonly #ms: number;
  readonly #failures = new Failures();
  #joinError: unknown;
  /** Children that keep the group open, those still starting included. */
  #active = 0;
  #daemons = 0;
  #running = 0;
  #daemonScope: CancelScope | undefined;
  #queue: ParkingLot | undefined;
  #idle: ParkingLot | undefined;
  #stack: ResourceStack | undefined;
  #isEnded = false;
  /** What a cancellation has cut short: the body, a child that counts, the wait for the children. */
  #isBodyCut = false;
  #isChildCut = false;
  #isWaitCut = false;
  #starting: Map<TaskCore<unknown>, Starting<unknown>> | undefined;

  constructor(options?: TaskGroupOptions) {
    checkGroupOptions('TaskGroup', options);
    this.#limit = options?.limit ?? Infinity;
    this.#policy = options?.onFailure ?? 'cancel';
    this.scope = new CancelScope(options);
    this.scope._owner = this;
    this.scope._group = this;
    this.scope._start();
    this.#ms = options?.timeout ?? this.scope.deadline - this.scope._runtime.loop.now();
  }

  /** Aborted when the group is cancelled. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** How many children have not ended yet, queued ones and daemons included. */
  get size(): number {
    return this.#active + this.#daemons;
  }

  /** The children that have not ended yet. */
  get tasks(): Iterable<Task<unknown>> {
    const tasks = [...tasksIn(this.scope, this)];
    if (this.#daemonScope !== undefined) tasks.push(...tasksIn(this.#daemonScope, this));
    return tasks;
  }

  /**
   * Starts a child. The function is called at once, up to its first `await`; in a group that is at its
   * limit later, and in one that is cancelled never: the task returned is `cancelled` then.
   *
   * @throws TypeError if it is not a function; InvalidStateError once the group has ended
   */
  spawn<T>(fn: TaskFunction<T>, options?: SpawnOptions): Task<T> {
    checkFunction('spawn', 'fn', fn);
    checkSpawnOptions('spawn', options);
    this.#checkOpen('spawn');
    const isDaemon = options?.daemon === true;
    const task = this.#makeTask<T>(fn, options);
    if (isDaemon) task._isDaemon = true;
    this.#countIn(task);
    task.scope._open(
      isDaemon ? this.#scopeOfDaemons() : this.scope,
      task,
      currentFrame()._variables,
    );
    this.#admit(task, fn);
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
    this.#countIn(task);
    task.scope._group = this.scope._group;
    task.scope._open(caller._scope, task, caller._variables);
    const started = (value: T): void => {
      this.#started(task, starting, value, options?.daemon === true);
    };
    this.#admit(task, (self: Task<unknown>) => fn(self, started));
    return starting.promise;
  }

  #started<T>(task: Task<unknown>, starting: Starting<T>, value: T, isDaemon: boolean): void {
    if (starting.isAnnounced) {
      throw new InvalidStateError(`started: the task ${show(task.name)} has called it before`);
    }
    starting.announce(value);
    // The caller is cancelled, or gone: the child stays his to the end.
    if (task.done || task.scope.reason !== undefined) return;
    this.#starting?.delete(task);
    if (isDaemon) {
      this.#countOut(task);
      task._isDaemon = true;
      this.#countIn(task);
    }
    task.scope._rehang(isDaemon ? this.#scopeOfDaemons() : this.scope);
    starting.succeed();
    this.#tellIdle();
  }

  /** Cancels the children, and the body of `taskGroup(body)`. Quiet: it is not a failure. Does not wait. */
  cancel(reason?: unknown): void {
    this.scope._cancelBy('explicit', reason);
  }

  /** Cancels the group and waits until all children have ended. Nothing cancels this wait. */
  async stop(reason?: unknown): Promise<void> {
    this.#refuseChild('stop');
    this.cancel(reason);
    await this.#untilEmpty();
  }

  /**
   * Waits until all children, daemons apart, have ended. A checkpoint.
   *
   * @throws (rejects) as the group would: the first failure; TimeoutError if the group's own time cut
   *   children short, or its signal's reason; the ambient scope's CancelledError
   */
  async join(): Promise<void> {
    this.#refuseChild('join');
    while (this.#active > 0) {
      try {
        await this.#untilIdle(false);
      } catch (error) {
        // The children are being cancelled as well: what they come to is what counts.
        if (this.scope.reason === undefined) throw error;
        await this.#untilIdle(true);
      }
    }
    if (!this.#failures.isEmpty) {
      this.#joinError = this.#failures.toError(this.#policy, this.scope.name);
      this.#failures.observe();
      throw this.#joinError;
    }
    refuseIfCancelled(currentFrame()._scope, undefined);
    this.#throwIfCutShort(this.#isChildCut);
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

  /** Opens a resource made by `defineResource`, and has it released as by {@link TaskGroup.use}. */
  async enter<T>(resource: Resource<T>): Promise<T> {
    this.#checkOpen('enter');
    return this.#resources().enter(resource);
  }

  /** Has a function called after the children have ended, last first, shielded. */
  defer(cleanup: () => unknown): void {
    this.#checkOpen('defer');
    this.#resources().defer(cleanup);
  }

  /**
   * Cancels the children that are left and waits for everything.
   *
   * @throws (rejects) failures that nobody has seen, through `join()` or by awaiting the task
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isEnded) return;
    if (this.#active > 0) {
      if (this.scope._runtime.debug) this.#warnOfLeaving();
      this.cancel('the block of this task group was left without join()');
    }
    await this.#untilEmpty();
    await this.#finish();
    const unseen = this.#failures.unobserved();
    if (!unseen.isEmpty) throw unseen.toError(this.#policy, this.scope.name);
  }

  #warnOfLeaving(): void {
    emitWarning(
      `${this.#label()} was left with ${String(this.#active)} unfinished tasks, which are cancelled now; ` +
        'end the block with `await group.join()`',
      'TaskGroupWarning',
    );
  }

  /** @internal Runs a body in the group, waits for the children, and says what came of it all. */
  async _run<T>(body: (group: this) => T | PromiseLike<T>): Promise<T> {
    let value: T | undefined;
    try {
      value = await ambient.run(this.scope, body, this);
    } catch (error) {
      this.#bodyFailed(error);
    }
    await this.#untilEmpty();
    await this.#finish();
    return this.#verdict(value as T);
  }

  #bodyFailed(error: unknown): void {
    const reason = this.scope.reason;
    if (reason !== undefined && isCausedBy(reason, error)) {
      this.#isBodyCut = true;
      return;
    }
    const failure = reason === undefined ? error : withoutCancellations(reason, error);
    if (failure !== this.#joinError || this.#joinError === undefined)
      this.#failures.add(failure, undefined);
    this.scope._cancelBy('failure', failure);
  }

  #verdict<T>(value: T): T {
    if (!this.#failures.isEmpty) throw this.#failures.toError(this.#policy, this.scope.name);
    const isCut = this.#isBodyCut || this.#isChildCut;
    if (this.scope._isCancelledFromOutside()) {
      if (isCut || this.#isWaitCut) throw this.scope._parent?.reason as CancelledError;
      return value;
    }
    this.#throwIfCutShort(isCut);
    if (this.#isBodyCut) throw this.scope.reason as CancelledError;
    return value;
  }

  /** For the group's own time and signal. */
  #throwIfCutShort(isCut: boolean): void {
    const own = this.scope._own;
    if (!isCut || own === undefined) return;
    if (own.source === 'deadline') throw new TimeoutError(this.#ms, this.scope);

    if (own.source === 'signal') throw own.reason;
  }

  async #finish(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.#releaseResources();
    this.#daemonScope?._end();
    this.scope._end();
  }

  async #releaseResources(): Promise<void> {
    if (this.#stack === undefined) return;
    const failure = this.#failures.isEmpty
      ? undefined
      : { error: this.#failures.toError(this.#policy, this.scope.name) };
    for (const { error } of await this.#stack._release(failure))
      this.#failures.add(error, undefined);
  }

  #resources(): ResourceStack {
    this.#stack ??= new ResourceStack();
    return this.#stack;
  }

  /** Waits for all, cancelling the daemons as soon as nobody else is left. Nothing cancels this wait. */
  async #untilEmpty(): Promise<void> {
    while (this.size > 0) {
      if (this.#active > 0) {
        await this.#untilIdle(true);
        if (this.scope._isCancelledFromOutside()) this.#isWaitCut = true;
      } else {
        this.#scopeOfDaemons()._cancelBy('shutdown', undefined);
        if (this.size > 0) await this.#untilIdle(true);
      }
    }
  }

  #untilIdle(shield: boolean): Promise<void> {
    this.#idle ??= new ParkingLot();
    return this.#idle.park({ shield, name: this.#label() });
  }

  #tellIdle(): void {
    if (this.#active === 0) this.#idle?.unparkAll();
  }

  #scopeOfDaemons(): CancelScope {
    if (this.#daemonScope === undefined) {
      this.#daemonScope = new CancelScope({ name: 'daemons' });
      this.#daemonScope._open(this.scope, this.scope._task, this.scope._variables);
    }
    return this.#daemonScope;
  }

  #makeTask<T>(fn: { readonly name: string }, options: SpawnOptions | undefined): Task<T> {
    const { debug, loop } = this.scope._runtime;
    const task = new Task<T>(this, new CancelScope(), options?.name ?? fn.name, loop.now());
    if (debug) task._spawnSite = callSite();
    return task;
  }

  #countIn(task: TaskCore<unknown>): void {
    if (task._isDaemon) this.#daemons += 1;
    else this.#active += 1;
  }

  #countOut(task: TaskCore<unknown>): void {
    if (task._isDaemon) this.#daemons -= 1;
    else this.#active -= 1;
  }

  /** Calls the function, now or when there is room. */
  #admit(task: TaskCore<unknown>, fn: (task: never) => unknown): void {
    if (task.scope._reason !== undefined) {
      task._endUnstarted();
      return;
    }
    if (this.#running >= this.#limit) {
      this.#queueUp(task, fn);
      return;
    }
    this.#running += 1;
    task._hasSlot = true;
    task._begin(fn);
  }

  #queueUp(task: TaskCore<unknown>, fn: (task: never) => unknown): void {
    this.#queue ??= new ParkingLot();
    const abandoned = (): void => {
      if (!task.done) task._endUnstarted();
    };
    const place = this.#queue._parkIn(task.scope, { name: 'its turn', onAbandon: abandoned });
    // A reaction registered here runs in the async context of the spawner, as the function would have.
    place.then(() => {
      task._hasSlot = true;
      if (task.scope.reason === undefined) task._begin(fn);
      else task._endUnstarted();
    }, abandoned);
  }

  /** @internal */
  _childEnded(task: TaskCore<unknown>): void {
    const starting = this.#starting?.get(task);
    if (starting === undefined) this.#judge(task);
    else this.#starting?.delete(task);
    starting?.ended(task);
    if (task._hasSlot) this.#passSlotOn();
    this.#countOut(task);
    this.#tellIdle();
  }

  #judge(task: TaskCore<unknown>): void {
    if (task._settled === 'rejected') {
      this.#failures.add(task._result, task);
      if (this.#policy === 'cancel') this.scope._cancelBy('failure', task._result);
    }
    // Cancelled by itself is not cut short by the group's cancellation.
    if (task._settled === 'cancelled' && !task._isDaemon && task.scope._own !== task._result) {
      this.#isChildCut = true;
    }
  }

  // Hand the place over; counting down first would let a newcomer overtake the queue.
  #passSlotOn(): void {
    if (this.#queue === undefined || this.#queue.unpark() === 0) this.#running -= 1;
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

function* tasksIn(scope: CancelScope, group: TaskGroup): Iterable<Task<unknown>> {
  for (let below: ScopeRegistration | undefined = scope._first; below; below = below._next) {
    if (!(below instanceof CancelScope)) continue;
    const task = below._task as Task<unknown> | undefined;
    if (task?.scope === below && task.group === group) yield task;
  }
}

function callSite(): string {
  const { stack } = new Error();
  return stack?.split('\n').slice(4).join('\n') ?? '';
}

export function checkGroupOptions(where: string, options: TaskGroupOptions | undefined): void {
  if (options === undefined) return;
  checkScopeOptions(where, options);
  if (options.limit !== undefined) checkCount(where, 'limit', options.limit, 1);
  if (options.onFailure !== undefined) {
    checkOneOf(where, 'onFailure', options.onFailure, ['cancel', 'continue']);
  }
}

function checkSpawnOptions(where: string, options: SpawnOptions | undefined): void {
  checkOptions(where, options);
  checkName(where, options?.name);
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
export async function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T> {
  checkFunction('taskGroup', 'body', body);
  checkGroupOptions('taskGroup', options);
  return new TaskGroup(options)._run(body);
}

/**
 * The group of a helper such as `gather`: what is opened in it belongs to the explicit group around.
 */
export async function helperGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T> {
  return helper(options)._run(body);
}

/** The same without a body. */
export function helper(options?: TaskGroupOptions): TaskGroup {
  const group = new TaskGroup(options);
  // Nothing has been opened in it yet.
  group.scope._group = group.scope._parent?._nearestOpen()._group;
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

/** The innermost explicit group (`taskGroup`, `new TaskGroup`, `run`) around the caller; helpers own nothing. */
export function currentGroup(): TaskGroup | undefined {
  return currentFrame()._scope._nearestOpen()._group as TaskGroup | undefined;
}
