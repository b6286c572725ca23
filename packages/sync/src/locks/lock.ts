import { ContextVar, currentTask, InvalidStateError } from '@ambit/core';
import type { Task } from '@ambit/core';
import {
  checkCall,
  checkFunction,
  isWithin,
  keepShape,
  noteLoan,
  ParkingLot,
  ready,
  refused,
  show,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import type { Guard } from './guard-of.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** Returned by {@link Lock.statistics}. */
export interface LockStatistics {
  /** Whether it is held. */
  readonly locked: boolean;
  /** The name of the task that acquired it; undefined if it is free, or was acquired outside of tasks. */
  readonly owner: string | undefined;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/** One hold of a lock, which begins when the lock is handed over: the guard. */
export class Hold implements Disposable {
  readonly task: Task<unknown> | undefined = currentTask();
  /** A condition has woken it, and it waits in the lock's line. */
  isNotified = false;
  /** It ends with the body of a `run`; a guard may be handed on to anyone. */
  isOfRun = false;
  readonly #lock: Lock;
  /** In debug mode: warns if the task ends without giving the lock back. */
  #loan: Disposable | undefined;

  constructor(lock: Lock) {
    this.#lock = lock;
  }

  begin(): void {
    if (this.task === undefined) return;
    this.#loan = loanOf(this.task, this.#lock);
  }

  end(): void {
    this.#loan?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#lock._give(this);
  }
}

// Apart from `begin`, which would make room for the arrow in each call.
function loanOf(task: Task<unknown>, lock: Lock): Disposable | undefined {
  return noteLoan(task, () => `the ${lock._label}`);
}

/**
 * Lets one caller in at a time, first come, first served: for code that must not be interleaved across an
 * `await`. A released lock goes straight to the caller that waits longest; no newcomer can barge in.
 *
 * Not reentrant: a call inside the lock's own {@link Lock.run} would wait for itself, and gets an
 * InvalidStateError at once. That counts along awaits, and in tasks of groups that were opened in there;
 * a task spawned from there into an outer group may wait, since nothing in there waits for it.
 *
 * @example
 * const lock = new Lock({ name: 'settings' });
 * await lock.run(async () => {
 *   const settings = await read();
 *   await write({ ...settings, theme: 'dark' });
 * });
 */
export class Lock {
  static {
    keepShape(Hold, new Hold(new Lock()));
  }

  /** @internal The callers that wait; the data is their future hold. */
  readonly _lot: ParkingLot<Hold, Hold> = new ParkingLot<Hold, Hold>();
  /** @internal Undefined while the lock is free; then no caller waits. */
  _hold: Hold | undefined;
  /** @internal */ readonly _label: string;
  // Only of locks that are used by `run`.
  #ambientHold: ContextVar<Hold> | undefined;

  /**
   * @param options - `name`: shown in messages and in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: NameOptions) {
    this._label = labelOf('Lock', 'lock', options);
  }

  /** True while the lock is held. */
  get locked(): boolean {
    return this._hold !== undefined;
  }

  /**
   * Waits until the lock is free and all earlier callers have had it. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it releases the lock, whichever task does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then the lock is not
   *   taken; InvalidStateError inside `run()` of this same lock
   * @example
   * using held = await lock.acquire();
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    return this._acquire('Lock.acquire', options);
  }

  /** @internal */ _acquire(where: string, options: WaitOptions | undefined): Promise<Hold> {
    let signal: AbortSignal | undefined;
    try {
      // Before the look at the lock: where the options are a scope or a task, reading it looks at the clock, and what is due may let go.
      signal = options?.signal;
      this.#refuseWithin();
      // A wait looks for a cancellation itself; it does not get these options.
      if (this._hold === undefined) throwIfCancelled(options, where);
      else checkCall(where, options);
    } catch (error) {
      return refused(error);
    }
    const hold = new Hold(this);
    if (this._hold !== undefined) return this.#park(hold, signal);
    this.#begin(hold);
    return ready(hold);
  }

  /**
   * Takes the lock if it is free. Never waits.
   *
   * @returns the guard, or undefined if the lock is held
   */
  tryAcquire(): Guard | undefined {
    if (this._hold !== undefined) return undefined;
    const hold = new Hold(this);
    this.#begin(hold);
    return hold;
  }

  /**
   * Releases the lock, whichever task holds it: it goes to the caller that waits longest. The guard of that
   * holder then does nothing anymore.
   *
   * @throws InvalidStateError if it is not held
   */
  release(): void {
    if (this._hold === undefined) {
      throw new InvalidStateError(
        `Lock.release: the ${this._label} is not held; release it once for each acquire`,
      );
    }
    this._give(this._hold);
  }

  /**
   * Acquires the lock, calls the body, and releases the lock when the body has ended, by success or failure. A
   * checkpoint.
   *
   * @param body - called while the lock is held
   * @param options - `signal`: ends the wait for the lock; not the body
   * @returns the body's value
   * @throws (rejects) what `acquire` or the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction('Lock.run', 'body', body);
    const hold = await this._acquire('Lock.run', options);
    hold.isOfRun = true;
    this.#ambientHold ??= new ContextVar<Hold>({ name: this._label });
    try {
      return await this.#ambientHold.run(hold, body);
    } finally {
      hold[Symbol.dispose]();
    }
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): LockStatistics {
    const { size: waiting, peak } = this._lot;
    return { locked: this.locked, owner: this._hold?.task?.name, waiting, peak };
  }

  /** @internal Takes up a hold again that was given up for a while. Nothing cancels it. */
  async _retake(hold: Hold): Promise<void> {
    if (this._hold === undefined) this.#begin(hold);
    else await this.#park(hold, 'shielded');
  }

  #park(hold: Hold, how: AbortSignal | 'shielded' | undefined): Promise<Hold> {
    const { name, blockedBy, isCertain } = this.#waiting;
    const shield = how === 'shielded';
    const signal = shield ? undefined : how;
    // One by one: spreading them would cost more than all the rest.
    return this._lot.park({ signal, shield, name, blockedBy, isCertain, data: hold });
  }

  /** @internal Ends a hold, if it is the present one. */
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
    if (this.#ambientHold === undefined || this._hold === undefined) return;
    if (!isWithin(this.#ambientHold, this._hold)) return;
    throw new InvalidStateError(
      `Lock.acquire: this call is inside run() of the ${this._label}, and would wait for itself forever; ` +
        'use the lock that is held already, or leave run() first',
    );
  }

  #heldBy: { readonly owner: string; readonly text: string } | undefined;

  /** How a wait for it is described. */
  readonly #waiting = {
    name: (): string => {
      const owner = this._hold?.task?.name;
      if (owner === undefined) return this._label;
      // A recorder asks at each wait: one text for as long as one task has it.
      if (this.#heldBy?.owner !== owner) {
        this.#heldBy = { owner, text: `${this._label} (held by ${show(owner)})` };
      }
      return this.#heldBy.text;
    },
    blockedBy: (): Task<unknown>[] => (this._hold?.task === undefined ? [] : [this._hold.task]),
    isCertain: (waiting: object): boolean =>
      this._hold?.isOfRun === true && this._hold.task !== waiting,
  };
}
