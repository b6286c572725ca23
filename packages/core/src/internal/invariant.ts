/**
 * An assertion about our own state: it fails on a bug of this library, never on bad input.
 *
 * @param condition - what always holds
 * @param text - what is broken otherwise
 * @throws Error if it does not hold
 * @example
 * invariant(this.#free >= 0, 'a permit was given twice');
 */
export function invariant(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Error(`@ambit/core invariant broken: ${text}; please report it`);
}
