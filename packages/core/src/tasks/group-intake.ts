import { Admission } from './admission.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { taskOf } from './current-group.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Variables } from '../scope/frame.ts';
import type { FailureOrigin } from '../scope/heir.ts';
import { Children } from './children.ts';
import { taskSettled, taskSpawned } from '../diagnostics/channels.ts';
import { counts } from '../diagnostics/counts.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { isThenable, show } from '../internal/check.ts';
import { Failures } from './group-outcome.ts';
import type { OnFailure } from './group-outcome.ts';
import type { SpawnOptions, TaskGroupOptions } from './group-options.ts';
import { GroupScope } from './group-scope.ts';
import { debugTools } from './debug-tools.ts';
import type { Starting } from './start-handshake.ts';
import { messageOf } from './task-message.ts';
import { endOf } from './task-outcome.ts';
import { Task } from './task.ts';
import { CALLERS, DAEMON } from '../waiting/marks.ts';

/**
 * The half of a group that has to do with its children: it takes them, lets them begin (`admission`), and judges what each came
 * to. The other half, `GroupCore`, waits for them and ends the group. It is an `Heir`, too: it takes what has outlived its grace.
 */
export abstract class GroupIntake {
  /** The scope that the children, and the body of `taskGroup(body)`, run in. */
  readonly scope: CancelScope;
  /** @internal */ readonly _children: Children<Task<unknown>>;
  /** @internal What a helper makes of its children. */
  _judging: 'needed' | 'judged' | undefined = undefined;
  /** @internal Those that have not said yet that they are ready. */
  _starting: Map<Task<unknown>, Pick<Starting<unknown>, 'ended'>> | undefined = undefined;
  /** @internal Its children have ended: it takes no more, and releases what it has. */
  _isEnded = false;
  /** @internal */ readonly _failures: Failures;
  /** @internal A cancellation has cut a child short that counts. */ _isChildCut = false;

  readonly #policy: OnFailure;
  readonly #admission: Admission;
  /** Whose `onError` is told of each failure, so that none is kept. */
  readonly #supervisor: TaskGroupOptions | undefined;

  constructor(options: TaskGroupOptions | undefined) {
    this.scope = new GroupScope(options);
    this.#policy = options?.onFailure ?? 'cancel';
    this.#supervisor = options?.onError === undefined ? undefined : options;
    // What a supervisor fails with is an error of its own: the body's, or that of `onError`.
    const policy = this.#supervisor === undefined ? this.#policy : 'cancel';
    this._failures = new Failures(policy, this.scope);
    this._children = new Children(this.scope, this._label(), this);
    this.#admission = new Admission(options?.limit ?? Infinity);
  }

  /** @internal What is in it has been cancelled. */
  abstract _windDown(): void;
  /** @internal */
  abstract _newTask<T>(name: string): Task<T>;

  /** @internal The children that have not ended yet; those that are being started hang on the scopes of their callers. */
  _unfinished(): Set<Task<unknown>> {
    return new Set([...this._children.list(this), ...(this._starting?.keys() ?? [])]);
  }

  /** @internal */
  _hold(): () => void {
    return this._children.hold();
  }

  /** @internal */
  _straggled(error: unknown, by: FailureOrigin): void {
    const task = by instanceof Task ? by : undefined;
    if (task !== undefined && this.#supervisor !== undefined) this.#report(this.#supervisor, task);
    else this.#failed(error, by);
  }

  /** @internal */
  _makeTask<T>(fn: { readonly name: string }, options: SpawnOptions | undefined): Task<T> {
    const task = this._newTask<T>(options?.name ?? fn.name);
    if (this.scope._runtime.debug) task._spawnSite = debugTools.loaded?.spawnSite();
    return task;
  }

  /** @internal One call of a bound function. */
  _spawnBound<R>(
    fn: () => R | PromiseLike<R>,
    name: string,
    variables: Variables | undefined,
  ): Promise<R> {
    this._checkOpen('bind');
    return this._spawnApart(fn, { name, variables })._native();
  }

  /** @internal A child whose failure is its caller's, and not the group's. */
  _spawnApart<R>(
    fn: (task: Task<never>) => R | PromiseLike<R>,
    { name, variables }: { readonly name: string; readonly variables: Variables | undefined },
  ): Task<R> {
    const task = this._makeTask<R>(fn, { name });
    task._marks |= CALLERS;
    this._adopt(task, fn, variables);
    return task;
  }

  /** @internal */
  _adopt(
    task: Task<unknown>,
    fn: (task: never) => unknown,
    variables: Variables | undefined,
  ): void {
    this._children.add(task);
    task.scope._open(this._children.scopeFor(task), task, variables);
    this._launch(task, fn);
  }

  /** @internal */
  _launch(task: Task<unknown>, fn: (task: never) => unknown): void {
    counts.spawned += 1;
    if (taskSpawned.hasSubscribers) taskSpawned.publish(messageOf(task));
    this.#admission.admit(task, fn);
  }

  /** @internal */
  _childEnded(task: Task<unknown>): void {
    counts[task._settled ?? 'cancelled'] += 1;
    if (taskSettled.hasSubscribers) taskSettled.publish(messageOf(task));
    const starting = this._starting?.get(task);
    if (starting === undefined) this.#judge(task);
    else this._starting?.delete(task);
    starting?.ended(task);
    this.#admission.release(task);
    this._children.remove(task);
  }

  #judge(task: Task<unknown>): void {
    const isCancelled = task._settled === 'cancelled';
    const byItself = isCancelled && task.scope._own === task._result;
    const isFailure = task._settled === 'rejected' || (byItself && this._judging === 'needed');
    const isLeftToHelper =
      this._judging === 'judged' && this.scope._reasonOfStarted() === undefined;
    if (isFailure && !task._is(CALLERS) && !isLeftToHelper) {
      if (this.#supervisor === undefined) this.#failed(task._result, task);
      else this.#report(this.#supervisor, task);
    }
    // Cancelled by itself is not cut short by the group's cancellation.
    if (isCancelled && !byItself && !task._is(DAEMON)) this._isChildCut = true;
  }

  #failed(error: unknown, by: FailureOrigin): void {
    this._failures.add(error, by);
    if (this.#policy === 'cancel') this.scope._cancelBy('failure', error, { by });
  }

  #report(supervisor: TaskGroupOptions, task: Task<unknown>): void {
    try {
      const told: unknown = supervisor.onError?.(task._result, task);
      if (isThenable(told)) this.#follow(told);
    } catch (error) {
      this.#unreported(error);
    }
  }

  /** Types allow an async function where nothing is to be returned: the group waits for it, and its failure is not lost. */
  #follow(told: PromiseLike<unknown>): void {
    const close = this._children.keepOpen();
    Promise.resolve(told)
      .catch((error: unknown) => {
        const { settled, result } = endOf(this.scope, error);
        if (settled === 'rejected') this.#unreported(result);
      })
      .finally(close);
  }

  #unreported(error: unknown): void {
    this._failures.add(error, 'onError');
    this.scope._cancelBy('failure', error);
  }

  /** @internal */
  _checkOpen(verb: string): void {
    if (!this._isEnded) return;
    throw new InvalidStateError(`${verb}: ${this._label()} has ended; ${verb} inside its body`);
  }

  /** @internal */
  _label(): string {
    return this.scope.name === '' ? 'the task group' : `the task group "${this.scope.name}"`;
  }

  /** @internal A child that waits for its group waits for itself. */
  _refuseChild(verb: string): void {
    for (let scope: CancelScope | undefined = currentFrame()._scope; scope; scope = scope._parent) {
      if (scope === this.scope) return;
      const task = taskOf(scope);
      const group: GroupIntake | undefined = task?.group;
      if (task === undefined || group !== this || task.done) continue;
      throw new InvalidStateError(
        `${verb}: called by the task ${show(task.name)} of ${this._label()}, this would wait for itself ` +
          'forever; call it outside the group’s tasks',
      );
    }
  }
}
