import { checkCount, checkFunction, checkOptions, checkWhole } from '@ambit/core/lowlevel';
import { checkPeriod } from '../internal/check.ts';
import type { NameOptions } from '../internal/options.ts';

/** Options for {@link ResourcePool}. Its functions are called with the options object as `this`. */
export interface ResourcePoolOptions<T> extends NameOptions {
  /**
   * Makes a resource. Called in the context in which the pool was constructed, so that what it opens
   * belongs to the pool; cancelled with the call that needs the resource.
   */
  readonly create: () => T | PromiseLike<T>;
  /** Called shielded, in the context in which the pool was constructed. Its failures come out of `drain()`. */
  readonly destroy: (value: T) => unknown;
  /**
   * Asked before an idle resource is lent, as `create` is called. If it returns false or throws, the
   * resource is destroyed and another one is taken.
   */
  readonly validate?: ((value: T) => boolean | PromiseLike<boolean>) | undefined;
  /** The most resources that exist at a time: a whole number from 1. */
  readonly max: number;
  /** How many are kept, however long they are idle: a whole number from 0. Default 0. */
  readonly min?: number | undefined;
  /**
   * Milliseconds after which an idle resource is destroyed. Default `Infinity`. The timer does not keep
   * the process alive.
   */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds after which a resource is not lent anymore. Default `Infinity`. */
  readonly maxAge?: number | undefined;
}

/** Returned by {@link ResourcePool.statistics}. */
export interface ResourcePoolStatistics {
  /** How many resources are lent, being made or being destroyed. */
  readonly borrowed: number;
  /** How many are made and not lent. */
  readonly idle: number;
  /** All resources: the sum of the two. */
  readonly size: number;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

export function checkPoolOptions<T>(options: ResourcePoolOptions<T>): void {
  const where = 'ResourcePool';
  checkOptions(where, options);
  const given = (options as Partial<ResourcePoolOptions<T>> | undefined) ?? {};
  checkFunction(where, 'create', given.create);
  checkFunction(where, 'destroy', given.destroy);
  if (given.validate !== undefined) checkFunction(where, 'validate', given.validate);
  checkWhole(where, 'max', given.max, 1);
  const { min = 0, idleTimeout = Infinity, maxAge = Infinity } = given;
  checkMin(min, options.max);
  checkPeriod(where, 'idleTimeout', idleTimeout);
  checkPeriod(where, 'maxAge', maxAge);
}

function checkMin(min: number, max: number): void {
  checkCount('ResourcePool', 'min', min, 0);
  if (min <= max) return;
  throw new RangeError(
    `ResourcePool: min is ${min}, more than max (${max}); give max or fewer, or raise max`,
  );
}
