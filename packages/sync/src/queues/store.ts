/** A caller that waits to put. */
export interface Putter {
  wake(): boolean;
}

/** Keeps the items of a queue, and decides the order in which they come out. */
export interface Store<T> {
  readonly size: number;
  /**
   * If it throws, it has stored nothing. A store that runs code of the user wakes the caller that waits to put just before it stores
   * the item. False: it does not wait any more, and nothing is stored.
   */
  push(item: T, putter?: Putter): boolean | undefined;
  /** Takes the next one; there must be one. If it throws, it has taken nothing. */
  take(): T;
  clear(): void;
}
