import { checkFunction } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import type { Pipeline } from './pipeline.ts';
import { readAhead } from './read-ahead.ts';
import { checkSource } from '../combinators/any-source.ts';
import type { AnySource } from '../combinators/any-source.ts';

/** Makes iterators. Of a function without parameters it is one itself: that of a single call. */
export type SafeGenerator<A extends unknown[], T> = ((
  ...args: A
) => AsyncIterableIterator<T> & AsyncDisposable) &
  ([] extends A ? AsyncIterableIterator<T> & AsyncDisposable : unknown) & {
    /**
     * Returns the function with options for its iterators.
     *
     * @param options - `signal`: ends the iteration: `next()` rejects with `signal.reason`, and the generator ends at its `yield`
     * @throws TypeError if it is not an AbortSignal
     */
    with(options: SignalOptions): (...args: A) => AsyncIterableIterator<T> & AsyncDisposable;
  };

/**
 * Makes an async generator function safe to open scopes in. A plain generator runs, from one `yield` to the
 * next, in the scope of the code that happens to call `next()`; cancelled or abandoned, it stays suspended. This
 * one runs in a task of its own, in one scope from beginning to end. It goes on only when it is asked for
 * the next item. Leaving the loop early ends it at its `yield`: its `finally` blocks run, shielded, and the
 * loop is left when they are over. Cancelled before the first `next()`, it never begins.
 *
 * What the loop throws and what fails in a `finally` block then: JavaScript keeps the first and drops
 * the second. Without a throw in the loop, leaving it rejects with the second.
 *
 * @param generatorFunction - an async generator function; of a sync one, or any that returns an iterable, too
 * @returns a function with the same parameters that gives an iterator: `next()` is a checkpoint, and rejects
 *   with the error of the generator, once, or with the ambient scope's CancelledError. A function without
 *   parameters need not be called: what is returned is an iterator as well. `fn.with({ signal })(…)` gives an iterator that the
 *   signal ends
 * @throws TypeError if it is not a function
 * @example
 * const quotes = safe(async function* (symbol: string) {
 *   await using group = new TaskGroup();
 *   const feed = openFeed(symbol);
 *   group.spawn(() => feed.keepAlive());
 *   for await (const quote of feed) yield quote;
 * });
 * for await (const quote of quotes('AMBT')) if (quote.price > limit) break;
 */
export function safe<A extends unknown[], T>(
  generatorFunction: (...args: A) => AnySource<T>,
): SafeGenerator<A, T> {
  checkFunction('safe', 'generatorFunction', generatorFunction);
  const name = generatorFunction.name || 'safe';
  const under = (signal: AbortSignal | undefined) =>
    function (this: unknown, ...args: A): Pipeline<T> {
      const open = (): AnySource<T> => {
        const items = generatorFunction.apply(this, args);
        checkSource(name, 'what it returned', items);
        return items;
      };
      return readAhead(name, open, { most: 0, signal });
    };
  const make = under(undefined);
  return Object.assign(
    make,
    methodsOf(() => make(...([] as never))),
    { with: (options: SignalOptions) => under(signalOf(options)) },
  ) as SafeGenerator<A, T>;
}

function signalOf(options: SignalOptions | undefined): AbortSignal | undefined {
  checkCall('with', options);
  return options?.signal;
}

/** The methods of an iterator that is made when the first of them is called. */
function methodsOf<T>(make: () => Pipeline<T>): AsyncIterableIterator<T> & AsyncDisposable {
  let made: Pipeline<T> | undefined;
  const items = (): Pipeline<T> => (made ??= make());
  return {
    [Symbol.asyncIterator]: items,
    next: () => items().next(),
    return: () => items().return(),
    [Symbol.asyncDispose]: () => items()[Symbol.asyncDispose](),
  };
}
