/**
 * Asserts what holds for our own state: fails on a bug of this library, never on bad input.
 *
 * @param condition - what always holds
 * @param text - what is broken otherwise
 * @throws Error if it does not hold
 * @example
 * invariant(this.#free >= 0, 'a permit was given twice');
 */
// eslint-disable-next-line no-restricted-syntax -- an assertion takes a condition
export function invariant(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Error(`@ambit/core invariant broken: ${text}; please report it`);
}
