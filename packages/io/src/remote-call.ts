import { currentScope, detached, moveOnAfter, shield } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import type { WaitOptions } from './cancellable.ts';
import { BrokenResourceError } from './errors.ts';

/** What a server said to something that was sent to it. */
export type Answer<T> =
  | { readonly is: 'result'; readonly result: T }
  | { readonly is: 'failure'; readonly error: unknown };

/** Sends something, outside of every scope: a connection outlives its callers. The promise never rejects. */
export function answerTo<T>(send: () => PromiseLike<T>): Promise<Answer<T>> {
  return detached(async () => send()).then(
    (result) => ({ is: 'result', result }),
    (error: unknown) => ({ is: 'failure', error }),
  );
}

/** How to wait for an answer. */
export interface AnswerWait<T> extends WaitOptions {
  /** Shows in the task tree. */
  readonly name: () => string;
  /** Called, under a shield, if the wait is cancelled; what it returns is the answer, what it throws comes out. */
  readonly onCancel: (reason: unknown) => Promise<Answer<T>>;
}

/**
 * Waits for an answer.
 *
 * @throws (rejects) the error in it; what `onCancel` throws
 */
export async function awaitAnswer<T>(
  answering: Promise<Answer<T>>,
  { name, signal, onCancel }: AnswerWait<T>,
): Promise<T> {
  const answer = await waitFor(answering, { name, signal, onCancel });
  if (answer.is === 'result') return answer.result;
  throw answer.error;
}

async function waitFor<T>(
  answering: Promise<Answer<T>>,
  { name, signal, onCancel }: AnswerWait<T>,
): Promise<Answer<T>> {
  try {
    return await park<Answer<T>>((waker) => void answering.then((answer) => waker.wake(answer)), {
      signal,
      name,
    });
  } catch (reason) {
    // An answer wakes the wait, so that only a cancellation comes here.
    return shield(() => onCancel(reason));
  }
}

/** What runs on a server and is to end. */
export interface RemoteWork {
  /** For messages: `a cancelled query`. */
  readonly name: string;
  /** Asks the server to end it; resolves once the request can reach no later work. */
  readonly ask: () => Promise<unknown>;
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>;
  /** Milliseconds for all of it. */
  readonly grace: number;
}

/** Milliseconds after which the server is asked again: a request that overtook its work has ended nothing. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

/**
 * Asks a server to end something, again where it did not help, and waits until it has ended. To be called where nothing
 * cancels it.
 *
 * @returns the failure, if it has not ended after `grace`
 */
export async function endRemotely(work: RemoteWork): Promise<BrokenResourceError | undefined> {
  const { name, ask, ended, grace } = work;
  let cause: unknown;
  const hasEnded = await moveOnAfter(grace, async () => {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        await ask();
      } catch (error) {
        if (currentScope().reason !== undefined) throw error;
        cause = error;
      }
      if ((await moveOnAfter(pause, () => settled(ended, name))) === true) return true;
    }
  });
  if (hasEnded === true) return undefined;
  const message = `the server did not end ${name} within ${grace} ms; its connection is closed`;
  return new BrokenResourceError(message, { cause });
}

/** Waits until a promise has settled, with true. */
function settled(promise: Promise<unknown>, name: string): Promise<true> {
  return park<true>(
    (waker) => {
      const wake = (): void => void waker.wake(true);
      promise.then(wake, wake);
    },
    { name: `the end of ${name}` },
  );
}
