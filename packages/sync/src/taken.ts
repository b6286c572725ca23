import { breathe } from '@ambit/core/lowlevel';

/**
 * The promise of a call that did not need to wait. Lets others run if this turn is used up; nothing
 * cancels that, so that what was taken is not lost.
 */
export function taken<T>(value: T): Promise<T> {
  const pause = breathe();
  if (pause !== undefined) return pause.then(() => value);
  return Promise.resolve(value);
}
