import { currentRuntime } from '../scope/current-scope.ts';
import { emitWarning } from '../internal/emit-warning.ts';

// Made for the first that needs it: only debug mode does.
let registry: FinalizationRegistry<string> | undefined;

/**
 * Warns in debug mode if an object is dropped, and collected, before the result is disposed.
 *
 * @param owner - what should be closed
 * @param what - how it is called in the warning
 * @returns undefined outside of debug mode; does not hold on to the owner
 * @example
 * this.#note = noteUnclosed(this, 'a sender of the channel "pages"');
 */
export function noteUnclosed(owner: object, what: string): Disposable | undefined {
  if (!currentRuntime().debug) return undefined;
  registry ??= new FinalizationRegistry((dropped) => {
    emitWarning(`${dropped} was dropped without being closed; close it`, 'NotClosedWarning');
  });
  const token = {};
  registry.register(owner, what, token);
  return {
    [Symbol.dispose]: () => {
      registry?.unregister(token);
    },
  };
}
