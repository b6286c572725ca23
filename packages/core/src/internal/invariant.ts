/** An assertion about our own state: it fails on a bug of this library, never on bad input. */
export function invariant(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Error(`@ambit/core invariant broken: ${text}; please report it`);
}
