import { checkFunction, checkOptions } from '@ambit/core/lowlevel';
import { Heap } from './heap.ts';
import { Queue } from './queue.ts';
import type { QueueOptions } from './queue-options.ts';

/** Options for {@link PriorityQueue}. */
export interface PriorityQueueOptions<T> extends QueueOptions {
  /** Returns a number below 0 if `a` comes out before `b`, as for `Array.sort`; 0: first in, first out. */
  readonly compare: (a: T, b: T) => number;
}

/**
 * A {@link Queue} that gives out the least item first, and among equals the one that was put first. With
 * a capacity, callers that wait to put are still served first come, first served: an item has its rank
 * once it is stored.
 *
 * @example
 * const jobs = new PriorityQueue<Job>({ compare: (a, b) => a.due - b.due });
 */
export class PriorityQueue<T> extends Queue<T> {
  /**
   * @param options - `compare`: the order; if it throws, the call that needed it throws the same, and
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
    const { compare } = options;
    this._store = new Heap((a, b) => compare.call(options, a, b));
  }
}
