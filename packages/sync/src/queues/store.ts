/** Keeps the items of a queue, and decides the order in which they come out. */
export interface Store<T> {
  readonly size: number;
  /** If it throws, it has stored nothing. */
  push(item: T): void;
  /** Takes the next one; there must be one. If it throws, it has taken nothing. */
  take(): T;
  clear(): void;
}
