import { CancelScope } from './cancel-scope.ts';
import type { ScopeRegistration } from './cancel-scope.ts';
import { ParkingLot } from './parking-lot.ts';
import type { TaskCore, TaskOwner } from './task.ts';

/** Who is in a group: counts, finds and awaits its children. A child that has ended is forgotten. */
export class Children<C extends TaskCore<unknown>> {
  readonly #scope: CancelScope;
  readonly #label: string;
  #active = 0;
  #daemons = 0;
  #scopeOfDaemons: CancelScope | undefined;
  #idle: ParkingLot<boolean> | undefined;

  /** `label`: what the waits for the children are called. */
  constructor(scope: CancelScope, label: string) {
    this.#scope = scope;
    this.#label = label;
  }

  /** Whether a cancellation from outside came while those that keep the group open were waited for. */
  isWaitCut = false;

  /** Those that keep the group open: all but the daemons. */
  get active(): number {
    return this.#active;
  }

  get size(): number {
    return this.#active + this.#daemons;
  }

  add(task: TaskCore<unknown>): void {
    if (task._isDaemon) this.#daemons += 1;
    else this.#active += 1;
  }

  remove(task: TaskCore<unknown>): void {
    if (task._isDaemon) this.#daemons -= 1;
    else this.#active -= 1;
    if (this.#active === 0) this.#idle?.unparkAll(this.#scope._isCancelledFromOutside());
  }

  /** A child that kept the group open no longer does. */
  makeDaemon(task: TaskCore<unknown>): void {
    // Counted in before it is counted out: the group must not look empty in between.
    this.#daemons += 1;
    this.remove(task);
    task._isDaemon = true;
  }

  /** The scope that a child's scope hangs on. */
  scopeFor(task: TaskCore<unknown>): CancelScope {
    return task._isDaemon ? this.#daemonScope() : this.#scope;
  }

  /** They are cancelled together, apart from the others. */
  #daemonScope(): CancelScope {
    if (this.#scopeOfDaemons === undefined) {
      this.#scopeOfDaemons = new CancelScope({ name: 'daemons' });
      this.#scopeOfDaemons._open(this.#scope, this.#scope._task, this.#scope._variables);
    }
    return this.#scopeOfDaemons;
  }

  /** Those of this owner: a task that another group starts may hang on our scope until it is ready. */
  list(owner: TaskOwner): C[] {
    const daemons = this.#scopeOfDaemons === undefined ? [] : tasksIn(this.#scopeOfDaemons);
    const tasks = tasksIn(this.#scope).concat(daemons);
    return tasks.filter((task) => task.group === owner) as C[];
  }

  /**
   * Parks until nobody but daemons is left. `shield`: nothing cancels this wait.
   *
   * @returns whether a cancellation from outside came before that; one of the same tick may come after
   */
  untilIdle(shield: boolean): Promise<boolean> {
    this.#idle ??= new ParkingLot<boolean>();
    return this.#idle.park({ shield, name: this.#label, blockedBy: () => tasksIn(this.#scope) });
  }

  /** Waits for all, cancelling the daemons as soon as nobody else is left. Nothing cancels this wait. */
  async untilEmpty(): Promise<void> {
    while (this.size > 0) {
      if (this.#active > 0) {
        if (await this.untilIdle(true)) this.isWaitCut = true;
      } else {
        this.#daemonScope()._cancelBy('shutdown', undefined);
        if (this.size > 0) await this.untilIdle(true);
      }
    }
  }

  /** The group has ended. */
  close(): void {
    this.#scopeOfDaemons?._end();
  }
}

function tasksIn(scope: CancelScope): TaskCore<unknown>[] {
  const tasks: TaskCore<unknown>[] = [];
  for (let below: ScopeRegistration | undefined = scope._first; below; below = below._next) {
    if (!(below instanceof CancelScope)) continue;
    const task = below._task as TaskCore<unknown> | undefined;
    if (task?.scope === below) tasks.push(task);
  }
  return tasks;
}
