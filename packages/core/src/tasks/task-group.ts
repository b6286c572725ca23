import { keepShape } from '../internal/keep-shapes.ts';
import { adoptInto } from './adopted.ts';
import { bound } from './bind.ts';
import type { BindOptions } from './bind.ts';
import { checkFunction, show } from '../internal/check.ts';
import { GroupCore } from './group-core.ts';
import { checkGroupOptions, checkSpawnOptions } from './group-options.ts';
import type { SpawnOptions, StartOptions, TaskGroupOptions } from './group-options.ts';
import { checkSignalOptions } from '../internal/signal-options.ts';
import { checkCall } from '../waiting/call-options.ts';
import { noteCall } from '../loop/note-call.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { showBriefly } from '../internal/show-briefly.ts';
import type { Resource } from './cleanups.ts';
import { startChild } from './start-child.ts';
import { Task } from './task.ts';
import type { Spawnable } from './task.ts';
import { underSignal } from '../waiting/under-signal.ts';
import { paced } from '../waiting/ready.ts';
import { DAEMON } from '../waiting/marks.ts';

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
export class TaskGroup extends GroupCore implements AsyncDisposable {
  static {
    keepShape(this, ...samplesOf(TaskGroup));
    showBriefly(this.prototype, ({ scope, size }) => {
      const name = scope.name === '' ? 'TaskGroup' : `TaskGroup ${show(scope.name)}`;
      return `${name} (${String(size)} ${size === 1 ? 'task' : 'tasks'})`;
    });
  }

  constructor(options?: TaskGroupOptions) {
    checkGroupOptions('TaskGroup', options);
    if (options?.parent === undefined) noteCall('TaskGroup', options);
    super(options);
  }

  /** Aborted when the group is cancelled. */
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** How many children have not ended yet, queued ones and daemons included. */
  get size(): number {
    return this._children.size;
  }

  /** The children that have not ended yet. */
  get tasks(): Iterable<Task<unknown>> {
    return this._unfinished();
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
    this._checkOpen('spawn');
    const task = this._makeTask<T>(fn, options);
    if (options?.daemon === true) task._marks |= DAEMON;
    this._adopt(task, fn, currentFrame()._variables);
    return task;
  }

  /**
   * Makes a function for foreign callbacks, of a queue or an emitter for example: each call of it is a child of the group, in its scope
   * wherever it is called from, waited for and cancelled with the group. The function sees the context variables of the call, or,
   * where there are none, those of this one.
   *
   * @param fn - what each call runs; `this` is that of the call
   * @param options - `name`: of the tasks
   * @returns the function; what it gives is a promise of the value. The failure of a call goes to its caller only, never to the
   *   group. It rejects with the group's CancelledError in a group that is cancelled, without calling `fn`, and with an
   *   InvalidStateError once the group has ended
   * @throws TypeError for bad arguments
   * @example
   * worker.on('job', group.bind((job: Job) => handle(job), { name: (job) => `job ${job.id}` }));
   */
  bind<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    options?: BindOptions<A>,
  ): (...args: A) => Promise<R> {
    return bound(this, fn, options);
  }

  /**
   * Starts a child and waits until it says that it is ready. Until then the child is under the
   * caller's scopes, and its errors come out here alone; from then on it is a child like any other.
   * A pending start keeps the group open.
   *
   * @param fn - is to call `started(value)` once
   * @param options - as those of `spawn`; `signal`: cancels the child, until it has said that it is ready
   * @returns the value given to `started`
   * @throws (rejects) what the function throws before; InvalidStateError if it ends without calling
   *   `started`, or if the group has ended; the caller's CancelledError
   */
  start<T>(
    fn: (task: Task<unknown>, started: (value: T) => void) => unknown,
    options?: StartOptions,
  ): Promise<T> {
    return promiseTry(() => {
      checkFunction('start', 'fn', fn);
      checkSpawnOptions('start', options);
      checkCall('start', options);
      return underSignal(options?.signal, () => startChild(this, fn, options));
    });
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
   * @throws (rejects) StragglersError if the group has a `grace` and children are left after it
   */
  stop(reason?: unknown): Promise<void> {
    return promiseTry(() => {
      this._refuseChild('stop');
      this.cancel(reason);
      return this._within(this._stopped());
    });
  }

  /**
   * Waits until all children, daemons apart, have ended. A checkpoint.
   *
   * @param options - `signal`: ends the wait, and cancels no child
   * @throws (rejects) as the group would: the first failure; TimeoutError if the group's own time cut
   *   children short, or its signal's reason; the ambient scope's CancelledError
   */
  join(options?: SignalOptions): Promise<void> {
    return promiseTry(() => {
      this._refuseChild('join');
      checkSignalOptions('join', options);
      return this._within(this._joined(options?.signal));
    });
  }

  /**
   * Has a resource released after the children have ended, last first, shielded.
   *
   * @returns the resource
   * @throws TypeError if it cannot be disposed of; InvalidStateError once the group has ended
   */
  use<R extends Disposable | AsyncDisposable>(resource: R): R {
    this._checkOpen('use');
    return this._resources().use(resource);
  }

  /**
   * Takes a handle over from the group that it belongs to: this group closes it at its end, and the other one does not.
   * The handles of `@ambit/io` belong to the group in which they were opened, other disposables to the group whose `use`
   * was given them last. A handle that is closed stays as it is.
   *
   * @param handle - what `connectTcp` or `openFile` returned, for example
   * @returns the handle
   * @throws TypeError if it cannot be disposed of; InvalidStateError once the group has ended
   * @example
   * const stream = await taskGroup(async () => around.adopt(await connectTcp({ host, port })));
   */
  adopt<R extends Disposable | AsyncDisposable>(handle: R): R {
    this._checkOpen('adopt');
    adoptInto(this, handle);
    return handle;
  }

  /**
   * Opens a resource made by `defineResource`, and has it released as by {@link TaskGroup.use}.
   * Waits for its setup, and is a checkpoint as that is.
   *
   * @returns the resource's value
   * @throws (rejects) what its setup throws; InvalidStateError once the group has ended
   */
  async enter<T>(resource: Resource<T>, options?: SignalOptions): Promise<T> {
    this._checkOpen('enter');
    return this._resources().enter(resource, options);
  }

  /**
   * Has a function called after the children have ended, last first, shielded.
   *
   * @param cleanup - what it returns is awaited
   * @throws InvalidStateError once the group has ended
   */
  defer(cleanup: () => unknown): void {
    this._checkOpen('defer');
    this._resources().defer(cleanup);
  }

  /**
   * Cancels the children that are left and waits for everything.
   *
   * @throws (rejects) failures that no code has seen, through `join()` or by awaiting the task;
   *   InvalidStateError if a child of the group disposes of it
   */
  [Symbol.asyncDispose](): Promise<void> {
    return promiseTry(() => {
      this._refuseChild('dispose');
      return this._endWithin(paced(this._dispose()));
    });
  }

  /** @internal */
  override _newTask<T>(name: string): Task<T> {
    return new Task<T>(this, name);
  }
}

function samplesOf(Group: typeof TaskGroup): readonly object[] {
  const group = new Group();
  group.scope._end();
  return [group, new Task(group, '')];
}
