import { CancelScope, ContextVar, InvalidStateError } from '@ambit/core';
import {
  checkFunction,
  checkOneOf,
  checkOptions,
  park,
  refused,
  show,
  throwIfCancelled,
  refusalOf,
} from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';
import { lockManager } from './lock-manager.ts';
import type { LockManager, LockRequest } from './lock-manager.ts';
import { WebHold } from './web-hold.ts';
import type { WebGuard } from './web-hold.ts';

/** Options for {@link WebLock}. @beta */
export interface WebLockOptions {
  /** `'exclusive'`: one holder at a time. `'shared'`: any number of shared holders, and no exclusive one. Default: `'exclusive'`. */
  readonly mode?: 'exclusive' | 'shared' | undefined;
}

/** Returned by {@link WebLock.statistics}. @beta */
export interface WebLockStatistics {
  /** Whether it is held, in any tab or worker of the origin. */
  readonly locked: boolean;
  /** How many wait for it, in all tabs and workers of the origin. */
  readonly waiting: number;
}

/** The locks in whose `run` the code is, with their modes. Made by the first `run`: importing makes nothing. */
let around: ContextVar<ReadonlyMap<string, string>> | undefined;

/**
 * A lock of the Web Locks API: one holder at a time among all tabs and workers of the origin, first come, first served. Has the face
 * of `Lock`; what is answered at once there is asked of the platform here, and awaited. The platform gives the lock back when
 * its tab is closed or its worker ends.
 *
 * Not reentrant: a call inside {@link WebLock.run} of a lock of the same name would wait for itself, and gets an InvalidStateError.
 *
 * @beta
 * @example
 * const lock = new WebLock('refresh token');
 * await lock.run(async () => {
 *   if (isExpired(readToken())) saveToken(await refresh());
 * });
 */
export class WebLock {
  /** The name by which tabs and workers share it. */
  readonly name: string;
  readonly #mode: 'exclusive' | 'shared';
  readonly #locks: LockManager;

  /**
   * @param name - the name by which tabs and workers of the origin share it; `-` is no first character
   * @param options - `mode`
   * @throws InvalidStateError without `navigator.locks`; TypeError or RangeError for bad arguments
   */
  constructor(name: string, options?: WebLockOptions) {
    if (typeof name !== 'string') {
      throw new TypeError(`WebLock: name is ${show(name)}; give a string`);
    }
    if (name.startsWith('-')) {
      throw new RangeError(
        `WebLock: name is ${show(name)}; names that begin with "-" are reserved, so begin it with a letter`,
      );
    }
    checkOptions('WebLock', options);
    const { mode = 'exclusive' } = options ?? {};
    checkOneOf('WebLock', 'mode', mode, ['exclusive', 'shared']);
    this.name = name;
    this.#mode = mode;
    this.#locks = lockManager();
  }

  /**
   * Waits until the lock is free and all earlier requests have had it. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it releases the lock; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then the lock is not taken; InvalidStateError inside
   *   `run()` of a lock of this name; the platform's error where it refuses, a SecurityError in a sandboxed frame for example
   * @example
   * using held = await lock.acquire();
   */
  acquire(options?: WaitOptions): Promise<WebGuard> {
    try {
      this.#refuseWithin();
      throwIfCancelled(options, 'WebLock.acquire');
    } catch (error) {
      return refused(error);
    }
    const enlist = (waker: Waker<WebHold>): (() => void) => {
      const controller = new AbortController();
      this.#request({ signal: controller.signal }, waker, (hold) => waker.wake(hold));
      return () => {
        controller.abort();
      };
    };
    return park(enlist, { signal: options?.signal, name: `web lock ${show(this.name)}` });
  }

  /**
   * Takes the lock if it is free. Waits for the platform's answer only, not for the lock. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard, or undefined if the lock is held
   * @throws (rejects) what {@link WebLock.acquire} throws; inside `run()` of a lock of this name it is held
   */
  tryAcquire(options?: WaitOptions): Promise<WebGuard | undefined> {
    const refusal = refusalOf('WebLock.tryAcquire', options);
    if (refusal !== undefined) return refusal;
    const ask = (waker: Waker<WebHold | undefined>): void => {
      this.#request({ ifAvailable: true }, waker, (hold, lock) => {
        if (lock !== null) return waker.wake(hold);
        waker.wake(undefined);
        return false;
      });
    };
    return park(ask, {
      signal: options?.signal,
      name: `an answer about the web lock ${show(this.name)}`,
    });
  }

  /**
   * Acquires the lock, calls the body, and releases the lock when the body has ended, by success or failure. The body is cancelled if
   * other code steals the lock. A checkpoint.
   *
   * @param body - called while the lock is held
   * @param options - `signal`: ends the wait for the lock; not the body
   * @returns the body's value
   * @throws (rejects) what `acquire` or the body throws; LockStolenError if the theft has cut the body short
   */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction('WebLock.run', 'body', body);
    const hold = await this.acquire(options);
    const scope = new CancelScope({ name: `web lock ${show(this.name)}`, signal: hold.lost });
    around ??= new ContextVar({ name: 'web locks' });
    const locks = new Map(around.get()).set(this.name, this.#mode);
    let value: T | undefined;
    try {
      value = await around.run(locks, () => scope.run(body));
    } finally {
      hold[Symbol.dispose]();
    }
    if (scope.cancelCaught) throw hold.lost.reason as Error;
    return value as T;
  }

  /**
   * Asks the platform about the lock in all tabs and workers of the origin: a snapshot for diagnostics.
   *
   * @returns whether it is held, and how many wait
   * @throws (rejects) the platform's error
   */
  async statistics(): Promise<WebLockStatistics> {
    const { held, pending } = await this.#locks.query();
    const isOurs = ({ name }: { readonly name: string }): boolean => name === this.name;
    return { locked: held.some(isOurs), waiting: pending.filter(isOurs).length };
  }

  /** Asks the platform. `take` says whether the caller has taken the hold: one that has given up since then gives it back at once. */
  #request(
    options: Omit<LockRequest, 'mode'>,
    waker: Pick<Waker<never>, 'fail'>,
    take: (hold: WebHold, lock: unknown) => boolean,
  ): void {
    const hold = new WebHold(this.name);
    this.#locks
      .request(this.name, { mode: this.#mode, ...options }, (lock) =>
        take(hold, lock) ? hold.end : undefined,
      )
      .catch((error: unknown) => {
        if (!waker.fail(error)) hold.lose(error);
      });
  }

  #refuseWithin(): void {
    const held = around?.get()?.get(this.name);
    if (held === undefined || (held === 'shared' && this.#mode === 'shared')) return;
    throw new InvalidStateError(
      `WebLock.acquire: this call is inside run() of the web lock ${show(this.name)}, and would wait for itself forever; ` +
        'use the lock that is held already, or leave run() first',
    );
  }
}
