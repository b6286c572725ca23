import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { taskOf } from '../tasks/current-group.ts';
import type { Task } from '../tasks/task.ts';
import { Waiter } from '../waiting/waiter.ts';

/** The waits that go on below a scope, each with the task that waits. */
export function* livingWaits(
  root: CancelScope,
): Generator<[waiter: Waiter<unknown>, task: Task<unknown> | undefined]> {
  const below: CancelScope[] = [root];
  for (let host = below.pop(); host !== undefined; host = below.pop()) {
    for (let each = host._first; each !== undefined; each = each._next) {
      if (each instanceof AnyScope) below.push(each);
      else if (each instanceof Waiter) yield [each as Waiter<unknown>, taskOf(host)];
    }
  }
}
