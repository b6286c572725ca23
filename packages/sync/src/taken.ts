import { breathe } from '@ambit/core/lowlevel';

// Reading the clock costs more than all the rest of an uncontended lock: every so many calls will do.
const CALLS = 8;
let calls = 0;

// For the many calls that answer nothing: one promise serves all.
const DONE: Promise<void> = Promise.resolve();

/**
 * The promise of a call that did not need to wait. Lets others run if this turn is used up, so that a
 * loop of such calls starves nobody; nothing cancels that, so that what was taken is not lost.
 */
export function taken<T>(value: T): Promise<T> {
  calls += 1;
  if (calls < CALLS) return resolved(value);
  calls = 0;
  const pause = breathe();
  return pause === undefined ? resolved(value) : pause.then(() => value);
}

function resolved<T>(value: T): Promise<T> {
  return value === undefined ? (DONE as Promise<T>) : Promise.resolve(value);
}
