import { remove } from '../internal/linked-list.ts';
import { markIfPromise } from '../internal/mark-handled.ts';
import { nativeOf, whenSettled } from '../internal/native-promise.ts';
import { ambient } from '../loop/ambient.ts';
import { OBSERVED } from './marks.ts';
import { Outcome } from './outcome.ts';
import type { Waker } from './waker.ts';

/** Wakes with what comes of a promise, until it is let go. */
class Reaction<T> {
  #waker: Waker<T> | undefined;

  constructor(waker: Waker<T>) {
    this.#waker = waker;
  }

  letGo(): void {
    this.#waker = undefined;
  }

  readonly fulfilled = (value: unknown): void => {
    this.#waker?.wake(value as T);
  };

  readonly rejected = (error: unknown): void => {
    this.#waker?.fail(error);
  };
}

/**
 * Wakes a wait with what comes of a promise, which may live for as long as the program does. A promise
 * cannot forget a reaction, so what a wait that was given up leaves on it is an empty cell, hooked on
 * outside of the caller's scope. Another thenable is asked in that scope, for it may begin only then. A task or a future forgets it.
 *
 * @returns the undo
 */
export function wakeWith<T>(waker: Waker<T>, promise: PromiseLike<T>): () => void {
  if (promise instanceof Outcome) return wakeWithOutcome(waker, promise as Outcome<T>);
  const reaction = new Reaction(waker);
  const native = nativeOf(promise);
  ambient.run(undefined, whenSettled, native, reaction.fulfilled, reaction.rejected);
  return () => {
    reaction.letGo();
  };
}

/**
 * For a wait that was refused: the rejection of the promise it was given is not unhandled, although no caller waits for it. Other
 * thenables may begin when they are asked, and are not. Outside of the caller's scope, as above.
 */
export function letBe(promise: unknown): void {
  ambient.run(undefined, markIfPromise, promise);
}

function wakeWithOutcome<T>(waker: Waker<T>, outcome: Outcome<T>): () => void {
  outcome._marks |= OBSERVED;
  const tell = (): void => {
    if (outcome._settled === 'fulfilled') waker.wake(outcome._result as T);
    else waker.fail(outcome._result);
  };
  if (outcome._settled !== undefined) {
    tell();
    return () => undefined;
  }
  const listener = outcome._listen(tell);
  return () => {
    remove(listener);
  };
}
