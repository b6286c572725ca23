import { checkCount, checkDuration, checkFunction, checkOptions, checkWhole } from './check.ts';
import type { NameOptions } from './options.ts';

/** What `ResourcePool` takes besides. */
export interface ResourcePoolOptions<T> extends NameOptions {
  /** Called in the flow of the call that needs it, which it is cancelled with. */
  readonly create: () => T | PromiseLike<T>;
  /** Called shielded, in the context that made the pool. Its failures come out of `drain()`. */
  readonly destroy: (value: T) => unknown;
  /** Asked before an idle one is lent. False, or a throw: it is destroyed, and another is taken. */
  readonly validate?: ((value: T) => boolean | PromiseLike<boolean>) | undefined;
  /** The most there are at a time: a whole number from 1. */
  readonly max: number;
  /** So many are kept, however long they are idle: a whole number from 0. Default 0. */
  readonly min?: number | undefined;
  /** Milliseconds after which an idle one is destroyed. Default `Infinity`. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds after which one is not lent any more. Default `Infinity`. */
  readonly maxAge?: number | undefined;
}

export function checkPoolOptions<T>(options: ResourcePoolOptions<T>): void {
  const where = 'ResourcePool';
  checkOptions(where, options);
  const given = (options as Partial<ResourcePoolOptions<T>> | undefined) ?? {};
  checkFunction(where, 'create', given.create);
  checkFunction(where, 'destroy', given.destroy);
  if (given.validate !== undefined) checkFunction(where, 'validate', given.validate);
  checkWhole(where, 'max', given.max, 1);
  checkMin(given.min ?? 0, options.max);
  checkDuration(where, 'idleTimeout', given.idleTimeout ?? Infinity);
  checkDuration(where, 'maxAge', given.maxAge ?? Infinity);
}

function checkMin(min: number, max: number): void {
  checkCount('ResourcePool', 'min', min, 0);
  if (min <= max) return;
  throw new RangeError(`ResourcePool: min is ${min}, and max ${max}; give at most as many`);
}
