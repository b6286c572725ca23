import type { Waker } from './waker.ts';

/** Waits by an object of its own: see {@link parkAs}. */
export interface Parking<T> {
  /** Shows in the task tree: what is waited for. */
  readonly name: string;
  /**
   * Is called when the wait begins.
   *
   * @param waker - ends it
   */
  enlist(waker: Waker<T>): void;
  /** Is called in the tick in which the wait is cancelled, before the caller resumes; not if it was woken. */
  abandon(): void;
}
