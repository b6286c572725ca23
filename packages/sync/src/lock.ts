import { ContextVar, currentTask, InvalidStateError } from '@ambit/core';
import type { Task } from '@ambit/core';
import { enter, isWithin, noteLoan, ParkingLot } from '@ambit/core/lowlevel';
import { checkFunction, show } from './check.ts';
import type { Guard } from './guard-of.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** What `Lock.statistics()` tells: how it stands at this moment. */
export interface LockStatistics {
  /** Whether somebody holds it. */
  readonly locked: boolean;
  /** The name of the task that acquired it; undefined if it is free, or was acquired outside of tasks. */
  readonly owner: string | undefined;
  /** How many wait. */
  readonly waiting: number;
}

/** One holding of a lock, which begins when the lock is handed over: the guard. */
export class Hold implements Disposable {
  readonly task: Task<unknown> | undefined = currentTask();
  /** A condition has woken it, and it stands in the lock's line. */
  isNotified = false;
  readonly #lock: Lock;
  /** In debug mode: tells if the task ends without giving the lock back. */
  #loan: Disposable | undefined;

  constructor(lock: Lock) {
    this.#lock = lock;
  }

  begin(): void {
    if (this.task === undefined) return;
    this.#loan = noteLoan(this.task, () => `the ${this.#lock._label}`);
  }

  end(): void {
    this.#loan?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#lock._give(this);
  }
}

/**
 * Lets one in at a time, in the order they came: for what must not be interleaved across an `await`.
 * Released, it goes straight to who waits longest; nobody can barge in.
 *
 * Not reentrant: who acquires it inside its own {@link Lock.run} would wait for itself, and gets an
 * InvalidStateError at once. That counts along awaits, and in tasks of groups that were opened in there;
 * a task spawned from there into a group further out may wait, since nothing in there waits for it.
 *
 * @example
 * const lock = new Lock({ name: 'settings' });
 * await lock.run(async () => {
 *   const settings = await read();
 *   await write({ ...settings, theme: 'dark' });
 * });
 */
export class Lock {
  /** @internal Waiting for it; the data is the holding to be. */
  readonly _lot: ParkingLot<Hold, Hold> = new ParkingLot<Hold, Hold>();
  /** @internal Undefined while it is free; then nobody waits. */
  _hold: Hold | undefined;
  /** @internal */ readonly _label: string;
  /** @internal One that stays: with the last object of a shape goes the code compiled for it (decision 8). */
  static readonly _sample: Hold = new Hold(new Lock());
  // Only of locks that are used by `run`.
  #flow: ContextVar<Hold> | undefined;

  /**
   * @param options - `name`: shown in messages and in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: NameOptions) {
    this._label = labelOf('Lock', 'lock', options);
  }

  /** True while somebody holds it. */
  get locked(): boolean {
    return this._hold !== undefined;
  }

  /**
   * Waits until the lock is free and all who came before have had it. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it releases the lock, whoever does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then the lock is not
   *   taken; InvalidStateError inside `run()` of this same lock
   * @example
   * using held = await lock.acquire();
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    return this.#acquire(options);
  }

  #acquire(options: WaitOptions | undefined): Promise<Hold> {
    try {
      this.#refuseWithin();
      enter(options);
    } catch (error) {
      return refused(error);
    }
    const hold = new Hold(this);
    if (this._hold !== undefined) return this.#park(hold, options?.signal, false);
    this.#begin(hold);
    return taken(hold);
  }

  /** Takes the lock if it is free. Never waits. @returns the guard, or undefined if somebody holds it */
  tryAcquire(): Guard | undefined {
    if (this._hold !== undefined) return undefined;
    const hold = new Hold(this);
    this.#begin(hold);
    return hold;
  }

  /**
   * Releases it, whoever holds it: it goes to who waits longest. The guard of that holding then does
   * nothing any more.
   *
   * @throws InvalidStateError if nobody holds it
   */
  release(): void {
    if (this._hold === undefined) {
      throw new InvalidStateError(
        `Lock.release: nobody holds the ${this._label}; release what was acquired, once`,
      );
    }
    this._give(this._hold);
  }

  /**
   * Acquires, calls the body, and releases when it has ended, however it ends.
   *
   * @param body - called while the lock is held
   * @param options - `signal`: ends the wait for the lock; not the body
   * @returns the body's value
   * @throws (rejects) what `acquire` or the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction('Lock.run', 'body', body);
    const hold = await this.#acquire(options);
    this.#flow ??= new ContextVar<Hold>({ name: this._label });
    try {
      return await this.#flow.run(hold, body);
    } finally {
      hold[Symbol.dispose]();
    }
  }

  /** How it stands: who waits, and what is held. */
  statistics(): LockStatistics {
    const owner = this._hold?.task?.name;
    return { locked: this.locked, owner, waiting: this._lot.size };
  }

  /** @internal Takes up a holding again that was given up for a while. Nothing cancels it. */
  async _retake(hold: Hold): Promise<void> {
    if (this._hold === undefined) this.#begin(hold);
    else await this.#park(hold, undefined, true);
  }

  #park(hold: Hold, signal: AbortSignal | undefined, shield: boolean): Promise<Hold> {
    const { name, blockedBy } = this.#waiting;
    // One by one: spreading them would cost more than all the rest.
    return this._lot.park({ signal, shield, name, blockedBy, data: hold });
  }

  /** @internal Ends a holding, if it is the present one. */
  _give(hold: Hold): void {
    if (this._hold !== hold) return;
    hold.end();
    // Hand it over; setting it free first would let a newcomer barge in.
    for (let next = this._lot.head; next !== undefined; next = this._lot.head) {
      if (!next.wake(next.data)) continue;
      this.#begin(next.data);
      return;
    }
    this._hold = undefined;
  }

  #begin(hold: Hold): void {
    this._hold = hold;
    hold.begin();
  }

  #refuseWithin(): void {
    if (this.#flow === undefined || this._hold === undefined) return;
    if (!isWithin(this.#flow, this._hold)) return;
    throw new InvalidStateError(
      `Lock.acquire: this is inside run() of the ${this._label}, and would wait for itself for ever; ` +
        'use what is held already, or leave run() first',
    );
  }

  /** What a wait for it says of itself. */
  readonly #waiting = {
    name: (): string => {
      const owner = this._hold?.task?.name;
      return owner === undefined ? this._label : `${this._label} (held by ${show(owner)})`;
    },
    blockedBy: (): Task<unknown>[] => (this._hold?.task === undefined ? [] : [this._hold.task]),
  };
}
