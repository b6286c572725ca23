import { checkCount, checkFlag, checkOptions } from '@ambit/core/lowlevel';
import type { NameOptions } from '../internal/options.ts';

/** Options for `Queue`. */
export interface QueueOptions extends NameOptions {
  /** How many items it stores: a whole number from 1. Default: `Infinity`. */
  readonly capacity?: number | undefined;
}

/** Returned by `Queue.statistics()`. */
export interface QueueStatistics {
  /** How many items are stored. */
  readonly size: number;
  /** The most items that were ever stored at one time. */
  readonly peak: number;
  /** How many items are stored at most. */
  readonly capacity: number;
  /** How many items were put and not yet reported by `taskDone()`. */
  readonly unfinished: number;
  /** How many callers wait: the sum of the next three. */
  readonly waiting: number;
  /** How many callers wait for an item. */
  readonly getting: number;
  /** How many callers wait for room. */
  readonly putting: number;
  /** How many callers wait until all is done. */
  readonly joining: number;
}

export function capacityOf(options: QueueOptions | undefined): number {
  const { capacity = Infinity } = options ?? {};
  checkCount('Queue', 'capacity', capacity, 1);
  return capacity;
}

/** Whether these options of `shutdown` drop what is stored. */
export function isImmediate(
  options: { readonly immediate?: boolean | undefined } | undefined,
): boolean {
  checkOptions('Queue.shutdown', options);
  checkFlag('Queue.shutdown', 'immediate', options?.immediate);
  return options?.immediate === true;
}
