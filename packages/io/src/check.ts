import { checkNumber, show } from '@ambit/core/lowlevel';

// Checks of arguments at the public doors, beside those that all packages share.

/** A whole number from `least` to `most`. */
export function checkWithin(
  where: string,
  argument: string,
  value: unknown,
  least: number,
  most: number,
): void {
  const cure = `give a whole number from ${least} to ${most}`;
  checkNumber(where, argument, value, cure);
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${where}: ${argument} is ${value}; ${cure}`);
}

export function checkString(where: string, argument: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${where}: ${argument} is ${show(value)}; give a string that is not empty`);
}

/** An object that has such a method: `what`, by shape. */
export function checkMethod(
  where: string,
  argument: string,
  value: unknown,
  method: string,
  what: string,
): void {
  if (typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function') return;
  throw new TypeError(`${where}: ${argument} is ${show(value)}, not ${what}; give ${what}`);
}
