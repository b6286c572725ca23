import { currentFrame } from '../scope/any-scope.ts';
import { currentScope } from '../scope/current-scope.ts';
import { checkFunction } from '../internal/check.ts';
import { refusalIn } from '../waiting/park.ts';
import { untilDone } from './foreign-work.ts';

/**
 * Turns a function written for abort-controller-x, or any that takes an AbortSignal first, into one that
 * runs in the ambient scope. It gets the scope's own signal, which stays good after the call: for the
 * body of a `fetch`, for example. It is waited for until it has ended, its cleanup included. A checkpoint.
 *
 * @param fn - `(signal, ...args) => Promise`; once the signal is aborted it rejects, after its cleanup
 * @returns the function without its first parameter. It rejects with the ambient scope's CancelledError
 *   where `fn` rejects with an `AbortError` because of it; with any other error of `fn` as it is
 * @throws TypeError if it is not a function
 * @example
 * const pollOnce = fromAbortable((signal, url: string) => fetch(url, { signal }));
 * const response = await timeout(2000, () => pollOnce('https://example.com/'));
 */
export function fromAbortable<A extends unknown[], T>(
  fn: (signal: AbortSignal, ...args: A) => PromiseLike<T>,
): (...args: A) => Promise<T> {
  checkFunction('fromAbortable', 'fn', fn);
  return function (this: unknown, ...args) {
    const scope = currentFrame()._scope;
    const refused = refusalIn(scope, undefined);
    if (refused !== undefined) return refused;
    const { signal } = currentScope();
    const call = (): Promise<T> => Promise.resolve(fn.call(this, signal, ...args));
    return untilDone(scope, fn.name || 'fromAbortable', call);
  };
}
