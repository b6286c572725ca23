import { InvalidStateError } from '@ambit/core';
import {
  checkAnswer,
  checkCall,
  checkCount,
  checkFunction,
  ParkingLot,
  show,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import type { Guard } from '../locks/guard-of.ts';
import { Lock } from '../locks/lock.ts';
import type { Hold } from '../locks/lock.ts';
import { inSteps } from '../internal/after.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** Returned by {@link Condition.statistics}. */
export interface ConditionStatistics {
  /** Whether the lock is held. */
  readonly locked: boolean;
  /** The name of the task that acquired the lock. */
  readonly owner: string | undefined;
  /** How many callers wait for a notification. */
  readonly waiting: number;
  /** The most callers that ever waited for a notification at one time. */
  readonly peak: number;
  /** For the lock. */
  readonly waitingForLock: number;
}

/**
 * Lets tasks wait, under a lock, until the state that the lock protects has changed. All of `wait`,
 * `waitFor`, `notify` need the lock; `wait` gives it up while it waits, and always has it again
 * afterwards. A notified caller goes straight over to the lock's line (as in Trio).
 *
 * @example
 * const changed = new Condition();
 * await changed.run(async () => {
 *   const job = await changed.waitFor(() => jobs.shift());
 *   await handle(job);
 * });
 * // elsewhere
 * await changed.run(() => {
 *   jobs.push(job);
 *   changed.notify();
 * });
 */
export class Condition {
  readonly #lock: Lock;
  /** Not notified yet. */
  readonly #lot = new ParkingLot<Hold, Hold>();
  readonly #label: string;

  /**
   * @param lock - may be shared by several conditions; default: one of its own
   * @param options - `name`: shown in messages and in the task tree
   * @throws TypeError if an argument is not what it should be
   */
  constructor(lock?: Lock, options?: NameOptions) {
    if (lock !== undefined && !(lock instanceof Lock)) {
      throw new TypeError(`Condition: lock is ${show(lock)}, not a Lock; give a Lock, or nothing`);
    }
    this.#label = labelOf('Condition', 'condition', options);
    this.#lock = lock ?? new Lock(options);
  }

  /** True while the lock is held. */
  get locked(): boolean {
    return this.#lock.locked;
  }

  /**
   * As {@link Lock.acquire}, of the condition's lock.
   * A checkpoint.
   *
   * @returns the guard: disposing it releases the lock
   * @throws (rejects) as {@link Lock.acquire}
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    return this.#lock._acquire('Condition.acquire', options);
  }

  /**
   * As {@link Lock.tryAcquire}, of the condition's lock.
   *
   * @returns the guard, or undefined if the lock is held
   */
  tryAcquire(): Guard | undefined {
    return this.#lock.tryAcquire();
  }

  /** As {@link Lock.release}, of the condition's lock. */
  release(): void {
    this.#lock.release();
  }

  /**
   * As {@link Lock.run}, of the condition's lock.
   * A checkpoint.
   *
   * @param body - called while the lock is held
   * @returns the body's value
   * @throws (rejects) as {@link Lock.run}
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkCall('Condition.run', options);
    return this.#lock.run(body, options);
  }

  /**
   * Gives up the lock, waits to be notified, and acquires the lock again, which nothing cancels: the
   * caller holds it afterwards also if this rejects. A checkpoint.
   *
   * @param options - `signal`: ends the wait for the notification, or for the lock after it, too
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`; if it had been notified,
   *   the notification passes on. InvalidStateError if the lock is not held
   */
  wait(options?: WaitOptions): Promise<void> {
    return inSteps(async () => {
      const hold = this.#held('wait');
      throwIfCancelled(options, 'Condition.wait');
      await this.#wait(hold, options);
    });
  }

  /**
   * Waits until the predicate holds; it is called under the lock, first at once, then after each
   * notification. A checkpoint.
   *
   * @param predicate - synchronous: a promise is a TypeError
   * @param options - as those of {@link Condition.wait}
   * @returns the predicate's first truthy result
   * @throws (rejects) as {@link Condition.wait}, and what the predicate throws
   */
  waitFor<T>(predicate: () => T, options?: WaitOptions): Promise<T> {
    return inSteps(async () => {
      checkFunction('Condition.waitFor', 'predicate', predicate);
      const hold = this.#held('waitFor');
      throwIfCancelled(options, 'Condition.waitFor');
      // A notification of an earlier wait has been used up.
      hold.isNotified = false;
      for (;;) {
        const answer = this.#ask(predicate, hold);
        if (answer) return answer;
        await this.#wait(hold, options);
      }
    });
  }

  /**
   * Wakes the callers that wait longest; each goes on once it has the lock. If no caller waits, the
   * notification is lost.
   *
   * @param count - how many at most: a whole number from 0, or `Infinity`
   * @throws InvalidStateError if the lock is not held
   */
  notify(count = 1): void {
    checkCount('Condition.notify', 'count', count, 0);
    this.#held('notify');
    this.#pass(count);
  }

  /**
   * Wakes all callers that wait now; each goes on once it has the lock.
   *
   * @throws InvalidStateError if the lock is not held
   */
  notifyAll(): void {
    this.#held('notifyAll');
    this.#pass(Infinity);
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): ConditionStatistics {
    const { locked, owner, waiting: waitingForLock } = this.#lock.statistics();
    const { size: waiting, peak } = this.#lot;
    return { locked, owner, waiting, peak, waitingForLock };
  }

  #held(method: string): Hold {
    const hold = this.#lock._hold;
    if (hold !== undefined) return hold;
    throw new InvalidStateError(
      `Condition.${method}: the lock of the ${this.#label} is not held; call it inside run(), ` +
        'or between acquire() and release()',
    );
  }

  // A predicate that throws ends the wait: another caller may be able to use the notification.
  #ask<T>(predicate: () => T, hold: Hold): T {
    try {
      const answer = predicate();
      checkAnswer('Condition.waitFor', 'predicate', answer);
      return answer;
    } catch (error) {
      if (hold.isNotified) this.#pass(1);
      throw error;
    }
  }

  async #wait(hold: Hold, options: WaitOptions | undefined): Promise<void> {
    hold.isNotified = false;
    const notified = this.#lot.park({
      signal: options?.signal,
      name: this.#label,
      data: hold,
      onAbandon: () => {
        if (hold.isNotified) this.#pass(1);
      },
    });
    this.#lock._give(hold);
    try {
      await notified;
    } catch (error) {
      await this.#lock._retake(hold);
      throw error;
    }
  }

  // Woken, they would all run to the lock: so they only change lines, and are woken by its release.
  #pass(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const next = this.#lot.head;
      if (next === undefined) return;
      next.data.isNotified = true;
      this.#lot.repark(this.#lock._lot);
    }
  }
}
