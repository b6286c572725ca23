import { GraceClock } from '../scope/grace-clock.ts';
import { heirOf } from '../scope/heir.ts';
import type { Heir } from '../scope/heir.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { whenSettled } from '../internal/native-promise.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { pathOf, stragglerOf } from '../scope/stragglers.ts';
import { StragglersError } from '../scope/stragglers-error.ts';
import type { Straggler } from '../scope/stragglers-error.ts';
import type { WaitingGroup } from './still-waiting.ts';

/** A group, as far as its grace concerns it. */
export interface BoundedGroup extends WaitingGroup {
  readonly scope: CancelScope;
  /** @internal Its body or a child has not ended. */ readonly _isOccupied: boolean;
  /** @internal What it would throw if those that are left were cut short by now. */
  _causeSoFar(): unknown;
  /** @internal From now on the heir hears of failures. */ _leaveTo(heir: Heir): void;
}

/**
 * The bound on how long a group waits for what was cancelled. Past it the calls that wait for the group reject, each with the
 * same error; the group itself winds down in the background, and the group around it waits for that.
 */
export class GroupGrace {
  readonly clock: GraceClock;
  readonly #group: BoundedGroup;
  readonly #grace: number;
  #error: StragglersError | undefined;

  /** `grace`: milliseconds. */
  constructor(group: BoundedGroup, grace: number) {
    this.#group = group;
    this.#grace = grace;
    this.clock = new GraceClock(group.scope, grace);
  }

  /** Bounds a wait for the group. */
  within<T>(waiting: Promise<T>): Promise<T> {
    return this.#bound(waiting, () => this.#overdue());
  }

  /** Bounds the wait for the end of the group: the tasks that are left then belong to the group around. */
  endWithin<T>(ending: Promise<T>): Promise<T> {
    return this.#bound(ending, () => this.#leave(ending));
  }

  #bound<T>(promise: Promise<T>, over: () => Error): Promise<T> {
    if (!this.clock.isOver || !this.#group._isOccupied) return this.clock.bound(promise, over);
    markHandled(promise);
    return Promise.reject(over());
  }

  #leave(ending: Promise<unknown>): StragglersError {
    const error = this.#overdue();
    const { scope } = this.#group;
    if (scope._isLeft) return error;
    scope._isLeft = true;
    const heir = heirOf(scope);
    this.#group._leaveTo(heir);
    const letGo = heir._hold();
    whenSettled(ending, letGo, letGo);
    return error;
  }

  #overdue(): StragglersError {
    this.#error ??= new StragglersError(
      { label: this.#group._label(), grace: this.#grace },
      this.#stragglers(),
      this.#group._causeSoFar(),
    );
    return this.#error;
  }

  #stragglers(): Straggler[] {
    const { scope } = this.#group;
    const now = scope._runtime.loop.now();
    const since = scope._reason?._since ?? now - this.#grace;
    const tasks = this.#group._remains().map((task) => stragglerOf(task, since));
    if (tasks.length > 0) return tasks;
    return [{ name: 'the body', path: pathOf(scope), cancelledFor: now - since }];
  }
}
