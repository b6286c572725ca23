import { CancelScope, currentFrame, currentRuntime } from './cancel-scope.ts';
import { checkFunction, checkOptions, checkTime, isThenable, show } from './check.ts';
import { promised } from './internal/promised.ts';
import { parkIn, refuseIfCancelled } from './park.ts';
import { shielded } from './resource-stack.ts';
import { TaskCore } from './task.ts';
import { TimeoutError } from './timeout-error.ts';
import type { Timer } from './timers.ts';

/** Has a place in itself for what other scopes rarely have. */
class TimedScope extends CancelScope {
  /** One that stays, as that of Waiter. */
  static readonly _sample: TimedScope = new TimedScope(0);

  override _deadline: number;
  override _timer: Timer | undefined = undefined;

  constructor(deadline: number) {
    super();
    this._deadline = deadline;
  }
}

/** One that fails when its time is over. */
class TimeLimit extends TimedScope {
  static override readonly _sample: TimeLimit = new TimeLimit(0, 0, undefined);

  readonly #ms: number;
  readonly #message: string | undefined;

  constructor(deadline: number, ms: number, message: string | undefined) {
    super(deadline);
    this.#ms = ms;
    this.#message = message;
  }

  override _absorbed(): never {
    if (this._own?.source !== 'deadline') throw this._own as Error;
    throw new TimeoutError(this.#ms, this, this.#message);
  }
}

type ScopedBody<T> = (scope: CancelScope) => T | PromiseLike<T>;

/**
 * Runs a body for at most a time: then it is cancelled, waited for, and a TimeoutError thrown. A body
 * that returns a value all the same keeps it; an error thrown in its cleanup comes out instead.
 *
 * @param ms - milliseconds from now; negative: 0; `null` or `Infinity`: no limit
 * @param body - gets the scope, whose `deadline` can be moved
 * @param options - `message`: of the TimeoutError
 * @returns the body's value
 * @throws (rejects) TimeoutError, its `cause` the cancellation; what the body throws; a CancelledError
 *   if the scope was cancelled by hand or from outside
 * @example
 * const page = await timeout(5000, (scope) => fetch(url, { signal: scope.signal }));
 */
export function timeout<T>(
  ms: number | null,
  body: ScopedBody<T>,
  options?: { readonly message?: string },
): Promise<T> {
  return promised(() => {
    if (ms !== null) checkTime('timeout', 'ms', ms);
    checkFunction('timeout', 'body', body);
    checkOptions('timeout', options);
    const time = ms === null ? Infinity : Math.max(ms, 0);
    return failAt(currentRuntime().loop.now() + time, time, body, options?.message);
  });
}

/**
 * As {@link timeout}, up to an instant of the loop's clock.
 * Waits for the body.
 *
 * @param instant - milliseconds of `getRunningLoop().now()`
 * @param body - gets the scope, for its `signal` say
 * @returns the body's value
 * @throws (rejects) as {@link timeout}
 * @example
 * await timeoutAt(started + 30_000, () => sync());
 */
export function timeoutAt<T>(instant: number, body: ScopedBody<T>): Promise<T> {
  return promised(() => {
    checkTime('timeoutAt', 'instant', instant);
    checkFunction('timeoutAt', 'body', body);
    const time = Math.max(instant - currentRuntime().loop.now(), 0);
    return failAt(instant, time, body, undefined);
  });
}

/** `time`: what the error says. */
export function failAt<T>(
  instant: number,
  time: number,
  body: ScopedBody<T>,
  message?: string,
  shield = false,
): Promise<T> {
  const scope = new TimeLimit(instant, time, message);
  if (shield) scope._shield = true;
  return scope._enter<T, never>(body);
}

/**
 * Runs a body for at most a time: then it is cancelled and waited for, and the program goes on.
 *
 * @param ms - milliseconds from now; negative: 0; `Infinity`: no limit
 * @returns the body's value, or undefined if it was cut short
 * @throws (rejects) what the body throws
 * @example
 * const hint = (await moveOnAfter(50, () => lookUpHint())) ?? 'no hint in time';
 */
export function moveOnAfter<T>(ms: number, body: ScopedBody<T>): Promise<T | undefined> {
  return promised(() => {
    checkTime('moveOnAfter', 'ms', ms);
    checkFunction('moveOnAfter', 'body', body);
    return moveOn(currentRuntime().loop.now() + Math.max(ms, 0), body);
  });
}

/**
 * As {@link moveOnAfter}, up to an instant of the loop's clock.
 * Waits for the body.
 *
 * @param instant - milliseconds of `getRunningLoop().now()`
 * @param body - gets the scope, for its `signal` say
 * @returns the body's value; undefined if it was cut short
 * @throws (rejects) as {@link moveOnAfter}
 * @example
 * await moveOnAt(midnight, () => work());
 */
export function moveOnAt<T>(instant: number, body: ScopedBody<T>): Promise<T | undefined> {
  return promised(() => {
    checkTime('moveOnAt', 'instant', instant);
    checkFunction('moveOnAt', 'body', body);
    return moveOn(instant, body);
  });
}

function moveOn<T>(instant: number, body: ScopedBody<T>): Promise<T | undefined> {
  return new TimedScope(instant)._enter<T, undefined>(body);
}

/**
 * Waits for something for at most a time. A function or a task is cancelled then, and waited for; a
 * promise can only be abandoned, what it stands for goes on. A result of the same tick wins.
 *
 * @param work - a function, which with no time left is not called; a task; or a promise
 * @param ms - milliseconds; `Infinity`: no limit
 * @returns the result, also one that the cancelled function or task gave all the same
 * @throws (rejects) TimeoutError; the work's own error; the ambient scope's CancelledError, once the
 *   function or task has ended
 * @example
 * const reply = await waitFor(task, 2000);
 */
export async function waitFor<T>(
  work: PromiseLike<T> | ((scope: CancelScope) => T | PromiseLike<T>),
  ms: number,
): Promise<T> {
  checkTime('waitFor', 'ms', ms);
  refuseIfCancelled(currentFrame()._scope, undefined);
  if (typeof work === 'function') {
    if (ms <= 0) throw expired(0);
    return timeout(ms, work);
  }
  if (work instanceof TaskCore) return waitForTask(work as TaskCore<T>, ms);
  if (isThenable(work)) return waitForPromise(work, ms);
  throw new TypeError(
    `waitFor: ${show(work)} is nothing to wait for; give a function, a task or a promise`,
  );
}

function waitForTask<T>(task: TaskCore<T>, ms: number): Promise<T> {
  task._refuseDeadlock('waitFor');
  return timeout(ms, async () => {
    if (task._settled !== undefined) return task.result();
    try {
      return await task._wait(undefined, `join ${task.name}`);
    } catch (error) {
      // Out of time, or the caller is cancelled: the task goes with the wait. What it gives all the same,
      // maybe in this very tick, it has given.
      await shielded(() => task.stop(error));
      if (task.status === 'cancelled') throw error;
      return task.result();
    }
  });
}

function waitForPromise<T>(promise: PromiseLike<T>, ms: number): Promise<T> {
  const scope = currentFrame()._scope;
  const { loop, timers } = currentRuntime();
  return parkIn<T>(
    scope,
    (waiter) => {
      const instant = loop.now() + Math.max(ms, 0);
      waiter.until = instant;
      // One turn more: what was settled in this tick has its reactions still to run.
      const giveUp = (): void => {
        loop.callNext(() => waiter.fail(expired(ms)));
      };
      const timer = instant === Infinity ? undefined : timers.add(instant, { _expire: giveUp });
      const disarm = (): void => {
        if (timer !== undefined) timers.remove(timer);
      };
      // Not its own `then`, which may throw, or call back twice.
      Promise.resolve(promise).then(
        (value) => {
          disarm();
          waiter.wake(value);
        },
        (error: unknown) => {
          disarm();
          waiter.fail(error);
        },
      );
      return disarm;
    },
    { name: 'waitFor' },
  );
}

/** The error of a wait that had no scope of its own. */
function expired(ms: number): TimeoutError {
  const scope = new CancelScope({ name: 'waitFor' });
  scope._expire();
  return new TimeoutError(Math.max(ms, 0), scope);
}
