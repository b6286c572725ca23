/**
 * Where the frame is kept if the runtime follows no `await`: what rewritten code saves before a wait and puts back after it.
 *
 * @beta
 */
export const slot: { value: object | undefined } = { value: undefined };

/** Calls a function in a frame, or in none. */
export function inFrame<R>(frame: object | undefined, fn: () => R): R {
  const outer = slot.value;
  slot.value = frame;
  try {
    return fn();
  } finally {
    slot.value = outer;
  }
}
