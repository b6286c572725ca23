import type { CancelScope } from '../scope/cancel-scope.ts';
import { checkFunction, checkTime } from '../internal/check.ts';
import { promiseTry } from '../internal/promise-try.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { underSignal } from '../waiting/under-signal.ts';
import { TimeLimit } from './time-limit.ts';
import { checkTimeoutOptions, timeout } from './timeouts.ts';

/** Options for {@link idleTimeout}. */
export interface IdleTimeoutOptions extends SignalOptions {
  /** Milliseconds for all of it, pauses included. Default: no limit. */
  readonly total?: number | undefined;
  /** The message of the TimeoutError. */
  readonly message?: string | undefined;
}

/** What the body of {@link idleTimeout} says that it is alive with. */
export interface IdleClock {
  /** The scope that is cancelled when the time is over. */
  readonly scope: CancelScope;
  /** Starts the time anew; while it is paused, for the moment when it goes on. */
  touch(): void;
  /**
   * Stops the clock: for a wait that says nothing of the other side.
   *
   * @returns disposing it lets the clock go on, once every other pause is over, too
   */
  pause(): Disposable;
}

/**
 * Runs a body for as long as it shows that it gets on: past `ms` milliseconds without a `touch()` it is cancelled, waited for,
 * and a TimeoutError thrown. A body that returns a value anyway keeps it.
 *
 * @param ms - milliseconds between two touches, from the call on; negative: 0; `Infinity`: no limit
 * @param body - gets the clock, which it touches and pauses
 * @param options - `total`: milliseconds for all of it; `message`: of the TimeoutError; `signal`: cancels the body, too
 * @returns the body's value
 * @throws (rejects) TimeoutError; what the body throws; a CancelledError if the scope was cancelled by hand or from
 *   outside; `signal.reason`
 * @example
 * const copied = await idleTimeout(5000, async (idle) => {
 *   let bytes = 0;
 *   for await (const chunk of download) {
 *     idle.touch();
 *     using _ = idle.pause(); // the disk is not what is to be watched
 *     await file.write(chunk);
 *     bytes += chunk.length;
 *   }
 *   return bytes;
 * });
 */
export function idleTimeout<T>(
  ms: number,
  body: (idle: IdleClock) => T | PromiseLike<T>,
  options?: IdleTimeoutOptions,
): Promise<T> {
  return promiseTry(() => {
    checkTime('idleTimeout', 'ms', ms);
    checkFunction('idleTimeout', 'body', body);
    checkTimeoutOptions('idleTimeout', options);
    const { total = Infinity, message, signal } = options ?? {};
    checkTime('idleTimeout', 'total', total);
    const period = Math.max(ms, 0);
    const watch = (): Promise<T> => untilIdle(period, body, message);
    const within = (): Promise<T> => timeout(total, watch, { message });
    return underSignal(signal, total === Infinity ? watch : within);
  });
}

function untilIdle<T>(
  ms: number,
  body: (idle: IdleClock) => T | PromiseLike<T>,
  message = `no touch() for ${String(Math.round(ms))} ms: the operation made no progress`,
): Promise<T> {
  return new TimeLimit(ms, message)._enter<T, never>((scope) => body(new Clock(scope, ms)));
}

class Clock implements IdleClock {
  readonly scope: CancelScope;
  readonly #ms: number;
  #pauses = 0;
  /** While it is paused: the milliseconds that are left. */
  #left = 0;

  constructor(scope: CancelScope, ms: number) {
    this.scope = scope;
    this.#ms = ms;
  }

  get #now(): number {
    return this.scope._runtime.loop.now();
  }

  touch(): void {
    if (this.#pauses > 0) this.#left = this.#ms;
    else this.scope.deadline = this.#now + this.#ms;
  }

  pause(): Disposable {
    if (this.#pauses === 0) {
      this.#left = Math.max(this.scope.deadline - this.#now, 0);
      this.scope.deadline = Infinity;
    }
    this.#pauses += 1;
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#pauses -= 1;
        if (this.#pauses === 0) this.scope.deadline = this.#now + this.#left;
      },
    };
  }
}
