import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { checkTime, isThenable, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { parkIn, refusalIn } from '../waiting/park.ts';
import { yieldIfDue } from '../waiting/ready.ts';
import { letBe, wakeWith } from '../waiting/reaction.ts';
import type { Waker } from '../waiting/waker.ts';
import { shielded } from '../tasks/shielded.ts';
import { Task } from '../tasks/task.ts';
import { TimeoutError } from '../scope/timeout-error.ts';
import { timeout } from './timeouts.ts';

/**
 * Waits for something for at most a time. A function or a task is cancelled then, and waited for; a
 * promise can only be abandoned, and the work behind it goes on. A result of the same tick wins.
 *
 * @param work - a function, which with no time left is not called; a task; or a promise
 * @param ms - milliseconds; `Infinity`: no limit
 * @param options - `signal`: ends the wait, too
 * @returns the result, also one that the cancelled function or task gave anyway
 * @throws (rejects) TimeoutError; the work's own error; the ambient scope's CancelledError, once the
 *   function or task has ended
 * @example
 * const reply = await waitFor(task, 2000);
 */
export async function waitFor<T>(
  work: PromiseLike<T> | ((scope: CancelScope) => T | PromiseLike<T>),
  ms: number,
  options?: SignalOptions,
): Promise<T> {
  checkTime('waitFor', 'ms', ms);
  checkCall('waitFor', options);
  const signal = options?.signal;
  const refused = refusalIn(currentFrame()._scope, signal);
  if (refused !== undefined) {
    letBe(work);
    return refused;
  }
  if (typeof work === 'function') {
    if (ms <= 0) {
      await yieldIfDue();
      throw expired(0);
    }
    return timeout(ms, work, { signal });
  }
  if (work instanceof Task) return waitForTask(work as Task<T>, ms, signal);
  if (isThenable(work)) return waitForPromise(work, ms, signal);
  throw new TypeError(
    `waitFor: ${show(work)} is nothing to wait for; give a function, a task or a promise`,
  );
}

function waitForTask<T>(task: Task<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
  task._refuseDeadlock('waitFor');
  const wait = async (): Promise<T> => {
    if (task._settled !== undefined) return task.result();
    try {
      return await task._wait(undefined, 'waitFor', `join ${task.name}`);
    } catch (error) {
      // Out of time, or the caller is cancelled: the task goes with the wait. What it gives anyway,
      // maybe in this very tick, it has given.
      await shielded(() => task.stop(error));
      if (task._stateSoFar() === 'cancelled') throw error;
      return task.result();
    }
  };
  return timeout(ms, wait, { signal });
}

function waitForPromise<T>(
  promise: PromiseLike<T>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const scope = currentFrame()._scope;
  return parkIn<T>(
    scope,
    (waiter) => {
      const instant = currentRuntime().loop.now() + Math.max(ms, 0);
      waiter._until = instant;
      const disarm = callAfter(instant, () => {
        if (waiter.fail(expired(ms))) forget();
      });
      const forget = wakeWith<T>(disarming(waiter, disarm), promise);
      return () => {
        disarm();
        forget();
      };
    },
    { name: 'waitFor', signal },
  );
}

/** Calls back one turn after an instant: what was settled in its tick has its reactions still to run. Returns the undo. */
function callAfter(instant: number, callback: () => void): () => void {
  if (instant === Infinity) return () => undefined;
  const { loop, timers } = currentRuntime();
  const timer = timers.add(instant, { _expire: () => void loop.callNext(callback) });
  return () => {
    timers.remove(timer);
  };
}

function disarming<T>(waker: Waker<T>, disarm: () => void): Waker<T> {
  return {
    wake: (value) => {
      disarm();
      return waker.wake(value);
    },
    fail: (error) => {
      disarm();
      return waker.fail(error);
    },
  };
}

/** The error of a wait that had no scope of its own. */
function expired(ms: number): TimeoutError {
  const scope = new AnyScope({ name: 'waitFor' });
  scope._expire();
  return new TimeoutError(Math.max(ms, 0), scope);
}
