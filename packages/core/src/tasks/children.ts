import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { taskOf } from './current-group.ts';
import type { Registration } from '../scope/propagation.ts';
import type { ParkOptions } from '../waiting/park-options.ts';
import { Line } from '../waiting/line.ts';
import type { GroupIntake } from './group-intake.ts';
import type { Task } from './task.ts';
import { DAEMON } from '../waiting/marks.ts';

/** The children of a group: counts, finds and awaits them. A child that has ended is forgotten. */
export class Children<C extends Task<unknown>> {
  readonly #scope: CancelScope;
  readonly #label: string;
  readonly #group: { _windDown(): void };
  #active = 0;
  /** Those of the active that have outlived their grace, in groups and scopes that have been left to this one. */
  #left = 0;
  /** All is waited for, and nothing new is expected. */
  #isEnding = false;
  #daemons = 0;
  #scopeOfDaemons: CancelScope | undefined;
  #idle: Line<boolean> | undefined;

  /** `label`: what the waits for the children are called; `group` is told when all that are left have been cancelled. */
  constructor(scope: CancelScope, label: string, group: { _windDown(): void }) {
    this.#scope = scope;
    this.#label = label;
    this.#group = group;
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

  add(task: Task<unknown>): void {
    if (task._is(DAEMON)) this.#daemons += 1;
    else this.#active += 1;
  }

  remove(task: Task<unknown>): void {
    if (task._is(DAEMON)) this.#daemons -= 1;
    else this.#active -= 1;
    this.#look();
  }

  /** Keeps the group open for something that is no child, until the result is called. */
  keepOpen(): () => void {
    this.#active += 1;
    return () => {
      this.#active -= 1;
      this.#look();
    };
  }

  /** The same for what was cancelled, and has outlived its grace. */
  hold(): () => void {
    const close = this.keepOpen();
    this.#left += 1;
    this.#look();
    return () => {
      this.#left -= 1;
      close();
    };
  }

  #look(): void {
    if (this.#active === 0) this.#idle?._wake(Infinity, this.#scope._isCancelledFromOutside());
    else if (this.#isEnding && this.#active === this.#left) this.#group._windDown();
  }

  /** A child that kept the group open no longer does. */
  makeDaemon(task: Task<unknown>): void {
    // Counted in before it is counted out: the group must not look empty in between.
    this.#daemons += 1;
    this.remove(task);
    task._marks |= DAEMON;
  }

  /** The scope that a child's scope hangs on. */
  scopeFor(task: Task<unknown>): CancelScope {
    return task._is(DAEMON) ? this.#daemonScope() : this.#scope;
  }

  /** They are cancelled together, apart from the others. */
  #daemonScope(): CancelScope {
    if (this.#scopeOfDaemons === undefined) {
      this.#scopeOfDaemons = new AnyScope({ name: 'daemons' });
      this.#scopeOfDaemons._open(this.#scope, this.#scope._task, this.#scope._variables);
    }
    return this.#scopeOfDaemons;
  }

  /** Those of this owner: a task that another group starts may hang on our scope until it is ready. */
  list(owner: GroupIntake): C[] {
    const daemons = this.#scopeOfDaemons === undefined ? [] : tasksIn(this.#scopeOfDaemons);
    const tasks = tasksIn(this.#scope).concat(daemons);
    return tasks.filter((task) => task.group === owner) as C[];
  }

  /**
   * Parks until only daemons are left.
   *
   * @returns whether a cancellation from outside came before that; one of the same tick may come after
   */
  untilIdle(options: Pick<ParkOptions, 'shield' | 'signal'>): Promise<boolean> {
    this.#idle ??= new Line<boolean>();
    const blockedBy = (): Iterable<object> => tasksIn(this.#scope);
    // Property by property: a copy made by spreading costs more than the whole group, 3 us.
    const { shield, signal } = options;
    // Of whichever group the caller names, and so no loss of a scope.
    return this.#idle._parkIn(currentFrame()._scope, {
      shield,
      signal,
      name: this.#label,
      blockedBy,
    });
  }

  /** Waits for all, cancelling the daemons as soon as only they are left. Nothing cancels this wait. */
  async untilEmpty(): Promise<void> {
    this.#isEnding = true;
    this.#look();
    while (this.size > 0) {
      if (this.#active > 0) {
        if (await this.untilIdle({ shield: true })) this.isWaitCut = true;
      } else {
        this.#daemonScope()._cancelBy('shutdown', undefined);
        if (this.size > 0) this.#group._windDown();
        if (this.size > 0) await this.untilIdle({ shield: true });
      }
    }
  }

  /** The group has ended. */
  close(): void {
    this.#scopeOfDaemons?._end();
  }
}

function tasksIn(scope: CancelScope): Task<unknown>[] {
  const tasks: Task<unknown>[] = [];
  for (let below: Registration | undefined = scope._first; below; below = below._next) {
    if (!(below instanceof AnyScope)) continue;
    const task = taskOf(below);
    if (task?.scope === below) tasks.push(task);
  }
  return tasks;
}
