import { show } from '@ambit/core/lowlevel';

/** A finite number from 0. */
export function checkAmount(where: string, argument: string, value: unknown): void {
  if (typeof value !== 'number') {
    throw new TypeError(`${where}: ${argument} is ${show(value)}, not a number; give a number`);
  }
  if (value >= 0 && value < Infinity) return;
  throw new RangeError(`${where}: ${argument} is ${value}; give a finite number from 0`);
}

/** A number from 0, or Infinity. */
export function checkTotal(where: string, value: unknown): void {
  if (value !== Infinity) checkAmount(where, 'total', value);
}
