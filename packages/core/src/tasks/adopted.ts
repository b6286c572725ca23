import { show } from '../internal/check.ts';
import { takeBack } from './taken-back.ts';
import type { TaskGroup } from './task-group.ts';

/**
 * The name of a method with which a handle that belongs to a group leaves it for another one, which closes it from then
 * on; `group.adopt(handle)` calls it. A handle that is closed has nothing to do in it.
 *
 * @example
 * class Connection implements AsyncDisposable {
 *   [giveTo](group: TaskGroup): void {
 *     this.release(); // from the group that would have closed it
 *     group.use(this);
 *   }
 * }
 */
export const giveTo: unique symbol = Symbol.for('@ambit/core:giveTo');

/** Gives a handle to a group: by its own method, or out of the hands of the group that `use` gave it to. */
export function adoptInto(group: TaskGroup, handle: unknown): void {
  checkDisposable(handle);
  if (typeof handle[giveTo] === 'function') {
    handle[giveTo](group);
    return;
  }
  takeBack(handle);
  group.use(handle);
}

interface Handle extends AsyncDisposable {
  [giveTo]?(group: TaskGroup): void;
}

function checkDisposable(handle: unknown): asserts handle is Handle {
  const given = Object(handle) as Partial<AsyncDisposable & Disposable>;
  const dispose = given[Symbol.asyncDispose] ?? given[Symbol.dispose];
  if (given === handle && typeof dispose === 'function') return;
  throw new TypeError(
    `adopt: handle is ${show(handle)}, which has neither [Symbol.asyncDispose] nor [Symbol.dispose]; give what connectTcp() or openFile() returned, for example`,
  );
}
