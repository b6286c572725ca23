import type { SignalOptions } from '../internal/signal-options.ts';

/** Options for `park`. */
export interface ParkOptions extends SignalOptions {
  /** Shows in the task tree: what is waited for. A function is asked each time: its holder, for example. */
  readonly name?: string | (() => string) | undefined;
  /** Makes the wait one that nothing cancels. */
  readonly shield?: boolean | undefined;
  /** Returns the tasks that this wait cannot end without: the holders of a lock, for example. Names deadlocks. */
  readonly blockedBy?: (() => Iterable<object>) | undefined;
  /**
   * For what those tasks hold: returns whether nothing but them can give it back. False while a callback
   * could, as where the guard of a lock may have been handed on: then only the task tree says so. Gets
   * the task that waits: false as well if that holds it in another part, which goes on. Left out: the wait
   * lasts until the tasks have ended.
   */
  readonly isCertain?: ((waiting: object) => boolean) | undefined;
}
