import { currentFrame } from '../scope/any-scope.ts';
import type { Variables } from '../scope/frame.ts';
import { checkFunction, checkOptions } from '../internal/check.ts';
import { checkText } from '../internal/check-values.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { paced } from '../waiting/ready.ts';

/** Options for {@link TaskGroup.bind}. */
export interface BindOptions<A extends unknown[]> {
  /** The name of each task, or what makes it from the arguments. Default: the function's. */
  readonly name?: string | ((...args: A) => string) | undefined;
}

/** What spawns the calls. */
interface Binder {
  _spawnBound<R>(
    fn: () => R | PromiseLike<R>,
    name: string,
    variables: Variables | undefined,
  ): Promise<R>;
}

/** A function each call of which is a task of the group, and whose failure is the caller's alone. */
export function bound<A extends unknown[], R>(
  group: Binder,
  fn: (...args: A) => R | PromiseLike<R>,
  options: BindOptions<A> | undefined,
): (...args: A) => Promise<R> {
  checkFunction('bind', 'fn', fn);
  checkOptions('bind', options);
  const { name = fn.name } = options ?? {};
  if (typeof name !== 'function') checkText('bind', 'name', name);
  const variables = currentFrame()._variables;
  return function (this: unknown, ...args) {
    const called = promiseTry(() => {
      const named = typeof name === 'function' ? name.apply(options, args) : name;
      const values = currentFrame()._variables ?? variables;
      return group._spawnBound(() => fn.apply(this, args), named, values);
    });
    const promise = paced(called);
    // Foreign callers seldom look; those that do are told.
    markHandled(promise);
    return promise;
  };
}
