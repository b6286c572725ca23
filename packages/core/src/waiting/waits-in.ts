import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Registration } from '../scope/propagation.ts';
import { ScopeNode } from '../scope/scope-node.ts';
import { Waiter } from './waiter.ts';

/**
 * Counts the waits in a scope and in those below it: for code that was started in it and is not awaited.
 *
 * @param scope - where to look
 * @returns the number of calls that wait there now
 * @example
 * const isQuiet = waitsIn(task.scope) === 0;
 */
export function waitsIn(scope: CancelScope): number {
  let count = 0;
  const below: { readonly _first: Registration | undefined }[] = [scope];
  for (let host = below.pop(); host !== undefined; host = below.pop()) {
    for (let each = host._first; each !== undefined; each = each._next) {
      if (each instanceof Waiter) count += 1;
      else if (each instanceof ScopeNode) below.push(each);
    }
  }
  return count;
}
