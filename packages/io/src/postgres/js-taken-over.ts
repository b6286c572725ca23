import { isQuery } from './js-client.ts';
import type { InnerQuery } from './js-client.ts';

/**
 * Has a query run by a function once it is awaited, instead of by its pool. It stays the object that it is, so that it can
 * be a part of another query, and so that `values()`, `raw()` and the like return it. Anything else is left alone.
 */
export function takeOver(made: unknown, run: (query: InnerQuery) => Promise<unknown>): unknown {
  if (!isQuery(made)) return made;
  let running: Promise<unknown> | undefined;
  const begin = (): Promise<unknown> => (running ??= run(made));
  return Object.assign(made, {
    then: (...args: Parameters<typeof Promise.prototype.then>) => begin().then(...args),
    catch: (...args: Parameters<typeof Promise.prototype.catch>) => begin().catch(...args),
    finally: (...args: Parameters<typeof Promise.prototype.finally>) => begin().finally(...args),
    execute: () => {
      running ??= run(made);
      return made;
    },
    forEach: (forEachFn: unknown) => {
      Object.assign(made, { forEachFn });
      return begin();
    },
    ...REFUSED,
  });
}

const REFUSED = Object.fromEntries(
  ['cancel', 'cursor', 'describe', 'readable', 'writable'].map((name) => [
    name,
    () => {
      throw new TypeError(
        `${name}: a query of transaction() cannot do this; cancel its scope, or use sql.begin()`,
      );
    },
  ]),
);
