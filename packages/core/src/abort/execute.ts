import { execute as executeWithSignal } from 'abort-controller-x';
import { ambient } from '../loop/ambient.ts';
import { checkFunction, isThenable } from '../internal/check.ts';
import { shielded } from '../tasks/shielded.ts';
import { callWithSignal } from './foreign-work.ts';
import type { SignalOptions } from '../internal/signal-options.ts';

/** Starts something, settles it, and returns the way to stop it, which may take its time. */
export type Executor<T> = (
  resolve: (value: T) => void,
  reject: (error?: unknown) => void,
) => (reason?: unknown) => void | PromiseLike<void>;

/**
 * Waits like `new Promise(executor)`, for something that can be stopped: the executor returns a callback that is
 * called once the ambient scope is cancelled, and what it returns is waited for. It runs in the context
 * of this call, shielded, so that it can wait itself. A checkpoint.
 *
 * @param executor - called at once; `resolve` and `reject` also count while the callback is under way, but not once
 *   it is over
 * @param options - `signal`: stops it too
 * @returns what was given to `resolve`
 * @throws (rejects) what was given to `reject`; the error of the callback; once the callback is over, the
 *   ambient scope's CancelledError or `signal.reason`
 * @example
 * const answer = await execute<string>((resolve, reject) => {
 *   const request = client.send('ping', (error, reply) => (error ? reject(error) : resolve(reply)));
 *   return () => request.cancel();
 * });
 */
export function execute<T>(executor: Executor<T>, options?: SignalOptions): Promise<T> {
  try {
    checkFunction('execute', 'executor', executor);
  } catch (error) {
    return Promise.reject(error);
  }
  return callWithSignal('execute', options, (signal) => run(signal, executor));
}

async function run<T>(signal: AbortSignal, executor: Executor<T>): Promise<T> {
  // Signals call their listeners in the context of the code that aborts.
  const here = ambient.snapshot();
  let stopping: Promise<void> | undefined;
  try {
    return await executeWithSignal<T>(signal, (resolve, reject) => {
      const stop = executor(resolve, reject);
      checkFunction('execute', 'what the executor returned', stop);
      return (reason) => {
        const progress = { isOver: false };
        stopping = here(() =>
          shielded(() => {
            const stopped = stop(reason);
            progress.isOver = !isThenable(stopped);
            return stopped;
          }),
        );
        // Once it is over, what is given to `resolve` or `reject` comes too late.
        return progress.isOver ? undefined : stopping;
      };
    });
  } finally {
    // Settled by the executor while it is being stopped: that is still under way.
    await stopping;
  }
}
