import { whenSettled } from '../internal/native-promise.ts';
import type { Timer } from '../loop/timer-heap.ts';
import type { ScopeCore } from './scope-core.ts';

/**
 * Bounds how long what was cancelled may take to end. It begins to count at the first `start()`. Once its time is over,
 * the promises that it bounds reject, though what they wait for goes on.
 */
export class GraceClock implements Disposable {
  readonly #scope: ScopeCore;
  readonly #grace: number;
  readonly #expiries = new Set<() => void>();
  #timer: Timer | undefined;
  #isStarted = false;
  /** Its time is over. */
  isOver = false;

  /** `grace`: milliseconds. `scope`: the one whose clock counts. */
  constructor(scope: ScopeCore, grace: number) {
    this.#scope = scope;
    this.#grace = Math.max(grace, 0);
  }

  /** Begins to count; the second time does nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { loop, timers } = this.#scope._runtime;
    this.#timer = timers.add(loop.now() + this.#grace, {
      _expire: () => {
        this.isOver = true;
        for (const expire of this.#expiries) expire();
      },
    });
  }

  /**
   * Settles with the promise, or rejects once the time is over.
   *
   * @param ending - what is waited for; goes on in any case
   * @param over - makes the error
   */
  bound<T>(ending: Promise<T>, over: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        this.#expiries.delete(expire);
        reject(over());
      };
      this.#expiries.add(expire);
      whenSettled(
        ending,
        (value) => {
          this.#expiries.delete(expire);
          resolve(value as T);
        },
        (error: unknown) => {
          this.#expiries.delete(expire);
          reject(error);
        },
      );
    });
  }

  /** Nothing is waited for any more. */
  [Symbol.dispose](): void {
    if (this.#timer !== undefined) this.#scope._runtime.timers.remove(this.#timer);
  }
}
