import type { TaskGroup } from '@ambit/core';
import { groupOfRun, refused } from '@ambit/core/lowlevel';
import { WorkerPool } from './worker-pool.ts';

const pools = new WeakMap<TaskGroup, WorkerPool>();
let poolOfProcess: WorkerPool | undefined;

/**
 * Calls an exported function in a thread of the running `run()`'s own pool, which has as many threads as the machine
 * runs at once, and ends with the `run()`. Outside of any `run()` there is one pool for the process. Otherwise as
 * {@link WorkerPool.run}, with a pool of your own for other settings.
 *
 * @param module - a URL, or a path; a relative one is relative to the current directory
 * @param name - of the export
 * @param args - its arguments: what `structuredClone` can copy
 * @returns what the function returns, copied
 * @throws (rejects) as {@link WorkerPool.run}
 * @example
 * const hash = await toThread<string>(new URL('./hash.js', import.meta.url), 'sha256', path);
 */
export function toThread<T>(
  module: URL | string,
  name: string,
  ...args: readonly unknown[]
): Promise<T> {
  try {
    return defaultPool().run<T>(module, name, args);
  } catch (error) {
    return refused(error);
  }
}

function defaultPool(): WorkerPool {
  const group = groupOfRun();
  if (group === undefined) return (poolOfProcess ??= new WorkerPool()._disown());
  const known = pools.get(group);
  if (known !== undefined) return known;
  const pool = new WorkerPool()._disown();
  pools.set(group, pool);
  group.defer(() => pool[Symbol.asyncDispose]());
  return pool;
}
