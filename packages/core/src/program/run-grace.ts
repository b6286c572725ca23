import { GraceClock } from '../scope/grace-clock.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { isCancelled } from '../scope/cancelled-error.ts';
import { reportLater } from '../internal/report-later.ts';
import { StragglersError } from '../scope/stragglers-error.ts';
import { remainsOf, stragglerOf } from '../scope/stragglers.ts';
import { TaskGroup } from '../tasks/task-group.ts';

/**
 * How long a run waits for what was cancelled in it, once main has failed, or has ended and only such tasks are left. After a
 * signal, or an uncaught error, `Shutdown` bounds the wait: it ends the process.
 */
export class RunGrace implements Disposable {
  readonly #scope: CancelScope;
  readonly #grace: number;
  readonly #clock: GraceClock;
  /** The outermost first. */
  readonly #groups: TaskGroup[] = [];

  /** `scope`: that of the run; `grace`: milliseconds. */
  constructor(scope: CancelScope, grace: number) {
    this.#scope = scope;
    this.#grace = grace;
    this.#clock = new GraceClock(scope, grace);
  }

  start(): void {
    if (this.#scope.reason === undefined) this.#clock.start();
  }

  /** Makes a group of the run: its wind-down is what the time counts from. */
  group(name: string): TaskGroup {
    const group = new TaskGroup({ name });
    group._countdown = this;
    this.#groups.push(group);
    return group;
  }

  /** Bounds the wait for main and its tasks. */
  bound<T>(running: Promise<T>): Promise<T> {
    return this.#clock.bound(running, () => this.#leave(running));
  }

  #leave(running: Promise<unknown>): StragglersError {
    const cause = this.#groups.at(-1)?._causeSoFar();
    for (const { scope } of this.#groups) scope._isLeft = true;
    const since = this.#scope._runtime.loop.now() - this.#grace;
    const tasks = remainsOf(this.#scope).tasks.map((task) => stragglerOf(task, since));
    // No caller waits for its result any more.
    running.catch((error: unknown) => {
      if (error !== cause && !isCancelled(error)) reportLater(error);
    });
    return new StragglersError({ label: 'the run', grace: this.#grace }, tasks, cause);
  }

  [Symbol.dispose](): void {
    this.#clock[Symbol.dispose]();
  }
}
