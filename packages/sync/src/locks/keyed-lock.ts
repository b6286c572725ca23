import { checkCall, checkFunction, show, Tally } from '@ambit/core/lowlevel';
import { GuardOf } from './guard-of.ts';
import type { Guard } from './guard-of.ts';
import { Lock } from './lock.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';
import { after } from '../internal/after.ts';

/** Returned by {@link KeyedLock.statistics}. */
export interface KeyedLockStatistics {
  /** How many keys are held. */
  readonly size: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/**
 * A lock for each key: calls for equal keys run one at a time, calls for different keys together. A key
 * takes up memory only while it is held.
 *
 * @example
 * const lock = new KeyedLock<string>({ name: 'users' });
 * await lock.run(user.id, () => charge(user));
 */
export class KeyedLock<K> {
  /** An entry exists while its key is held; every wait is at such an entry. */
  readonly #locks = new Map<K, Lock>();
  readonly #name: string | undefined;
  readonly #waits = new Tally();

  /**
   * @param options - `name`: shown in messages and, with the key, in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: NameOptions) {
    // For its checks: each key has a label of its own.
    labelOf('KeyedLock', '', options);
    this.#name = options?.name;
  }

  /** How many keys are held. */
  get size(): number {
    return this.#locks.size;
  }

  /**
   * Waits until the key is free and all earlier callers for it have had it. A checkpoint.
   *
   * @param key - compared as a Map's keys are
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it releases the key, whichever task does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then it is not taken;
   *   InvalidStateError inside `run()` of the same key
   */
  acquire(key: K, options?: WaitOptions): Promise<Guard> {
    const lock = this.#lockOf(key);
    const acquired = lock._acquire('KeyedLock.acquire', options);
    this.#keep(key, lock);
    return after(acquired, (guard) => this.#guard(key, lock, guard));
  }

  /**
   * Takes the key if it is free. Never waits.
   *
   * @returns the guard, or undefined if the key is held
   */
  tryAcquire(key: K): Guard | undefined {
    const lock = this.#lockOf(key);
    const guard = lock.tryAcquire();
    if (guard === undefined) return undefined;
    this.#keep(key, lock);
    return this.#guard(key, lock, guard);
  }

  /**
   * Acquires the key, calls the body, and releases the key when the body has ended, by success
   * or failure. A checkpoint.
   *
   * @param options - `signal`: ends the wait for the key; not the body
   * @returns the body's value
   * @throws (rejects) what `acquire` or the body throws
   */
  async run<T>(key: K, body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction('KeyedLock.run', 'body', body);
    checkCall('KeyedLock.run', options);
    const lock = this.#lockOf(key);
    const running = lock.run(body, options);
    this.#keep(key, lock);
    try {
      return await running;
    } finally {
      this.#forget(key, lock);
    }
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): KeyedLockStatistics {
    const { size: waiting, peak } = this.#waits;
    return { size: this.size, waiting, peak };
  }

  #lockOf(key: K): Lock {
    const known = this.#locks.get(key);
    if (known !== undefined) return known;
    const text = typeof key === 'string' ? key : show(key);
    const lock = new Lock({ name: this.#name === undefined ? text : `${this.#name} ${text}` });
    lock._lot.tally = this.#waits;
    // From now on: a deadline that is due by the clock may call back, before the lock is taken, code that takes the same key.
    this.#locks.set(key, lock);
    return lock;
  }

  // Such code may have given the key back. A call that is refused has taken nothing, and leaves no entry.
  #keep(key: K, lock: Lock): void {
    if (lock.locked) this.#locks.set(key, lock);
    else this.#forget(key, lock);
  }

  #forget(key: K, lock: Lock): void {
    if (!lock.locked && this.#locks.get(key) === lock) this.#locks.delete(key);
  }

  #guard(key: K, lock: Lock, guard: Guard): Guard {
    return new GuardOf(() => {
      guard[Symbol.dispose]();
      this.#forget(key, lock);
    });
  }
}
