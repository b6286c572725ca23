import { checkFunction, checkOptions } from './check.ts';
import { Heap } from './heap.ts';
import type { Compare } from './heap.ts';
import { Queue } from './queue.ts';
import type { QueueOptions } from './queue.ts';

/** What `PriorityQueue` takes besides. */
export interface PriorityQueueOptions<T> extends QueueOptions {
  /** Answers below 0 if `a` comes out before `b`, as for `Array.sort`; 0: first in, first out. */
  readonly compare: Compare<T>;
}

/**
 * A {@link Queue} that gives out the least item first, and among equals the one that was put first. With
 * a capacity, who waits to put is still served first come, first served: an item has its rank once
 * it is in.
 *
 * @example
 * const jobs = new PriorityQueue<Job>({ compare: (a, b) => a.due - b.due });
 */
export class PriorityQueue<T> extends Queue<T> {
  /**
   * @param options - `compare`: the order; what it throws, the call in which it was needed throws, and
   *   nothing is put or taken; `capacity`, `name`: as for {@link Queue}
   * @throws RangeError or TypeError if an option is not what it should be
   */
  constructor(options: PriorityQueueOptions<T>) {
    checkOptions('PriorityQueue', options);
    checkFunction(
      'PriorityQueue',
      'compare',
      (options as PriorityQueueOptions<T> | undefined)?.compare,
    );
    super(options);
    this._store = new Heap(options.compare);
  }
}
