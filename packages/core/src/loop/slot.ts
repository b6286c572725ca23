/** See {@link slot}. @beta */
export interface Slot {
  /** The frame of the code that runs now. */
  value: object | undefined;
  /** In the place of a frame while code of Ambit goes on that was called without one: its waits are no loss of the program's. */
  readonly home: object;
  /** Code of the program was rewritten, so that its scope follows `await`. */
  isFollowed: boolean;
}

/**
 * Where the frame is kept if the runtime follows no `await`: what rewritten code saves before a wait and puts back after it.
 *
 * @beta
 */
export const slot: Slot = { value: undefined, home: {}, isFollowed: false };

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
