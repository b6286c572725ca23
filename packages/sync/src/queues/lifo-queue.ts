import { Queue } from './queue.ts';
import type { QueueOptions } from './queue-options.ts';
import type { Store } from './store.ts';

class Stack<T> implements Store<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: T): undefined {
    this.#items.push(item);
  }

  take(): T {
    return this.#items.pop() as T;
  }

  clear(): void {
    this.#items.length = 0;
  }
}

/**
 * A {@link Queue} that gives out the item that was put last. Callers that wait are still served first
 * come, first served.
 *
 * @example
 * const undo = new LifoQueue<Step>();
 */
export class LifoQueue<T> extends Queue<T> {
  /**
   * @param options - as for {@link Queue}
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options?: QueueOptions) {
    super(options);
    this._store = new Stack<T>();
  }
}
