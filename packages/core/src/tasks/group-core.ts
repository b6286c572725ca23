import { callIn } from '../scope/scope-body.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { isCausedBy, withoutCancellations } from '../scope/cancellation.ts';
import { debugTools } from './debug-tools.ts';
import type { Heir } from '../scope/heir.ts';
import { isThenable } from '../internal/check.ts';
import { cutShort, verdictOf } from './group-outcome.ts';
import { GroupGrace } from './group-grace.ts';
import { GroupIntake } from './group-intake.ts';
import type { TaskGroupOptions } from './group-options.ts';
import { refuseIfCancelled } from '../waiting/park.ts';
import { yieldIfDue } from '../waiting/ready.ts';
import { Cleanups } from './cleanups.ts';
import type { Failure } from './cleanups.ts';
import { remainsOf } from '../scope/stragglers.ts';
import { forget, watchOver } from './still-waiting.ts';
import type { Task } from './task.ts';

/**
 * The half of a group that waits for its children and ends it, within its grace if it was given one. Its public class is
 * `TaskGroup`.
 *
 * @example
 * const isGroup = value instanceof TaskGroup;
 */
export abstract class GroupCore extends GroupIntake {
  /** @internal Begins to count when what is in the group has been cancelled; without one a warning comes after a while. */
  _countdown: { start(): void } | undefined;
  readonly #grace: GroupGrace | undefined;
  readonly #born: number;
  #cleanups: Cleanups | undefined;
  /** Over when its resources are released too. */
  #end: Promise<void> | undefined;
  #isBodyRunning = false;
  #isBodyCut = false;
  #isWatched = false;

  constructor(options: TaskGroupOptions | undefined) {
    super(options);
    const grace = options?.grace ?? Infinity;
    this.#grace = grace === Infinity ? undefined : new GroupGrace(this, grace);
    this._countdown = this.#grace?.clock;
    this.scope._owner = this;
    this.scope._group = this;
    this.scope._start(currentFrame());
    this.#born = this.scope._runtime.loop.now();
    if (this.scope._reason !== undefined) this._windDown();
  }

  /** @internal Runs a body in the group, waits for the children, and says what came of it all. */
  _run<T>(body: (group: this) => T | PromiseLike<T>): Promise<T> {
    return this._endWithin(this.#runToEnd(body));
  }

  async #runToEnd<T>(body: (group: this) => T | PromiseLike<T>): Promise<T> {
    let value: T | undefined;
    this.#isBodyRunning = true;
    try {
      // Each promise costs something: one is only awaited where there is one (decision 9).
      const returned = callIn(this.scope, body, this);
      value = (isThenable(returned) ? await returned : returned) as T;
    } catch (error) {
      this.#bodyFailed(error);
    }
    this.#isBodyRunning = false;
    // Again and again: the code that the last child wakes may have spawned another one.
    while (this._children.size > 0) await this._children.untilEmpty();
    const end = this.#finish(this.#verdict());
    if (end !== undefined) await end;
    // Once more: the release of a resource may have failed.
    const failure = this.#verdict();
    const pause = this.scope._runtime.pause();
    if (pause !== undefined) await pause;
    if (failure !== undefined) throw failure.error;
    return value as T;
  }

  #bodyFailed(error: unknown): void {
    const reason = this.scope._reasonOfStarted();
    if (reason !== undefined && isCausedBy(reason, error)) {
      this.#isBodyCut = true;
      return;
    }
    const failure = reason === undefined ? error : withoutCancellations(reason, error);
    this._failures.add(failure, 'the body');
    this.scope._cancelBy('failure', failure, { by: 'the body' });
  }

  /** @internal */
  async _stopped(): Promise<void> {
    await this._children.untilEmpty();
    await yieldIfDue();
  }

  /** @internal */
  async _joined(signal: AbortSignal | undefined): Promise<void> {
    let shield = false;
    while (this._children.active > 0) {
      try {
        await this._children.untilIdle({ shield, signal });
      } catch (error) {
        if (this.scope._reasonOfStarted() === undefined) throw error;
        // The children are being cancelled as well: what they come to is what counts.
        shield = true;
      }
    }
    const pause = yieldIfDue();
    if (pause !== undefined) await pause;
    if (!this._failures.isEmpty) {
      this._failures.observe();
      throw this._failures.toError(this.scope.name);
    }
    refuseIfCancelled(currentFrame()._scope, signal);
    const cut = this._isChildCut ? cutShort(this.scope, this.#born) : undefined;
    if (cut !== undefined) throw cut.error;
  }

  abstract [Symbol.asyncDispose](): Promise<void>;

  /** @internal */
  async _dispose(): Promise<void> {
    if (this._isEnded) return this.#end;
    const isLeft = this._children.active > 0;
    if (isLeft) {
      if (this.scope._runtime.debug) debugTools.loaded?.noteLeaving(this);
      this.scope._cancelBy('explicit', 'the block of this task group was left without join()');
    }
    while (this._children.size > 0) await this._children.untilEmpty();
    await this.#finish(
      this.#verdict() ?? (isLeft ? { error: this.scope._reasonOfStarted() } : undefined),
    );
    const unseen = this._failures.unobserved();
    if (!unseen.isEmpty) throw unseen.toError(this.scope.name);
  }

  /** @internal Bounds a wait for the group by its grace. */
  _within<T>(waiting: Promise<T>): Promise<T> {
    return this.#grace === undefined ? waiting : this.#grace.within(waiting);
  }

  /** @internal Bounds the wait for its end. */
  _endWithin<T>(ending: Promise<T>): Promise<T> {
    return this.#grace === undefined ? ending : this.#grace.endWithin(ending);
  }

  /** @internal */
  override _windDown(): void {
    if (this._countdown !== undefined) this._countdown.start();
    else if (!this._isEnded) {
      this.#isWatched = true;
      watchOver(this, this.scope._runtime);
    }
  }

  /** What the group throws; undefined: it ends well. */
  #verdict(): Failure | undefined {
    if (this.scope._reason === undefined && this._failures.isEmpty) return undefined;
    const { isWaitCut } = this._children;
    const isCut = { body: this.#isBodyCut, child: this._isChildCut, wait: isWaitCut };
    return verdictOf({ scope: this.scope, failures: this._failures, born: this.#born, isCut });
  }

  /** @internal */
  _causeSoFar(): unknown {
    const body = this.#isBodyCut || this.#isBodyRunning;
    const isCut = { body, child: this._isChildCut || this._children.active > 0, wait: true };
    const end = { scope: this.scope, failures: this._failures, born: this.#born, isCut };
    return verdictOf(end)?.error;
  }

  /** @internal */
  get _isOccupied(): boolean {
    return this.#isBodyRunning || this._children.size > 0;
  }

  /** @internal */
  _remains(): readonly Task<unknown>[] {
    const found = new Set<Task<unknown>>(remainsOf(this.scope).tasks as never);
    for (const task of this._starting?.keys() ?? []) found.add(task);
    return [...found];
  }

  /** @internal */
  _leaveTo(heir: Heir): void {
    this._failures.heir = heir;
  }

  /** Returns a promise if there is something to release. */
  #finish(failure: Failure | undefined): Promise<void> | undefined {
    if (this._isEnded) return this.#end;
    this._isEnded = true;
    if (this.#cleanups === undefined) this.#close();
    else this.#end = this.#release(this.#cleanups, failure);
    return this.#end;
  }

  async #release(cleanups: Cleanups, failure: Failure | undefined): Promise<void> {
    const failures = await cleanups.release(failure);
    const errors = failures.map(({ error }) => error);
    this._failures.addAll(errors, 'a cleanup');
    this.#close();
  }

  #close(): void {
    this._children.close();
    this.#grace?.clock[Symbol.dispose]();
    if (this.#isWatched) forget(this, this.scope._runtime);
    this.scope._end();
  }

  /** @internal */
  _resources(): Cleanups {
    this.#cleanups ??= new Cleanups();
    return this.#cleanups;
  }
}
