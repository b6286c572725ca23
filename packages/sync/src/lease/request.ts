import { moveOnAfter, shield } from '@ambit/core';
import type { EventLoop } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';

/** The store failed, or did not answer in time: told apart from what cancels the caller. */
export class StoreFailure {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** The outcome of a request that no caller waits for any more. */
export type RequestOutcome<T> =
  | { readonly is: 'answered'; readonly value: T }
  | { readonly is: 'failed'; readonly error: unknown };

/** One question to the store. */
export interface StoreRequest<T> {
  readonly loop: EventLoop;
  /** Milliseconds to wait for an answer. */
  readonly patience: number;
  /** Milliseconds that a cancelled caller waits at most until what it got was given back. */
  readonly grace: number;
  readonly signal?: AbortSignal | undefined;
  /** Shown in the task tree. */
  readonly label: string;
  readonly send: () => PromiseLike<T>;
  /** Gives back what a request got that no caller waits for, also what one that failed may have got. */
  readonly undo: (outcome: RequestOutcome<T>) => unknown;
}

/** Calls a function of the user's store: what it throws rejects. */
export async function ask<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  return fn();
}

/**
 * Waits for work that has begun, also in a cancelled scope, but not longer than `grace` milliseconds. Never rejects.
 */
export async function waitAtMost(
  grace: number,
  work: Promise<unknown>,
  label: string,
): Promise<void> {
  const settled = (): Promise<void> =>
    park<void>(
      (waker) => {
        const wake = (): void => void waker.wake();
        work.then(wake, wake);
      },
      { name: label },
    );
  await shield(() => moveOnAfter(grace, settled));
}

/**
 * Sends one request and waits for its answer. A caller that is cancelled, or out of patience, leaves the answer to
 * `undo`; a cancelled one waits for that, at most `grace`.
 *
 * @throws (rejects) a StoreFailure; the ambient scope's CancelledError; `signal.reason`
 */
export async function request<T>(options: StoreRequest<T>): Promise<T> {
  const work = ask(options.send);
  const settling = work.then(
    (value): RequestOutcome<T> => ({ is: 'answered', value }),
    (error: unknown): RequestOutcome<T> => ({ is: 'failed', error }),
  );
  try {
    return await answerOf(settling, options);
  } catch (error) {
    const undone = settling.then(options.undo);
    if (error instanceof StoreFailure) undone.catch(ignore);
    else await waitAtMost(options.grace, undone, options.label);
    throw error;
  }
}

function answerOf<T>(
  settling: Promise<RequestOutcome<T>>,
  { loop, patience, signal, label }: StoreRequest<T>,
): Promise<T> {
  return park<T>(
    (waker) => {
      const timer = loop.callLater(patience, () => {
        const text = `no answer in ${String(Math.round(patience))} ms`;
        waker.fail(new StoreFailure(new Error(text)));
      });
      void settling.then((outcome) => {
        timer.cancel();
        if (outcome.is === 'answered') waker.wake(outcome.value);
        else waker.fail(new StoreFailure(outcome.error));
      });
      return () => {
        timer.cancel();
      };
    },
    { signal, name: label },
  );
}

function ignore(): void {
  // The undo reports its own failures; no call waits here any more.
}
