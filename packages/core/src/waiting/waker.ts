import type { Timer } from '../loop/timer-heap.ts';

/** The handle by which a parked caller is woken. Both methods return false if something else came first. */
export interface Waker<T> {
  /**
   * Ends the wait.
   *
   * @param value - what the wait resolves with
   * @returns false if it was woken or cancelled before: then the value is still yours
   */
  wake(value: T): boolean;
  /**
   * Lets the wait fail.
   *
   * @param error - what the wait rejects with
   * @returns false if it was woken or cancelled before
   */
  fail(error: unknown): boolean;
}

/** What takes a wait back without a closure of its own. */
export interface Undo {
  abandon(): void;
  /** @internal What ends the wait by itself. */
  readonly _timer?: Timer;
}
