import { checkNumber } from '@ambit/core/lowlevel';

// Checks of arguments at the public doors, beside those that all packages share.

/** Milliseconds above 0; Infinity means never. */
export function checkPeriod(where: string, argument: string, value: unknown): void {
  const cure = 'give milliseconds above 0 (Infinity means never)';
  checkNumber(where, argument, value, cure);
  if (value > 0) return;
  throw new RangeError(`${where}: ${argument} is ${value}; ${cure}`);
}

/** Milliseconds above 0, and finite. */
export function checkFinite(where: string, argument: string, value: unknown): void {
  const cure = 'give milliseconds above 0, and finite';
  checkNumber(where, argument, value, cure);
  if (value > 0 && value < Infinity) return;
  throw new RangeError(`${where}: ${argument} is ${value}; ${cure}`);
}
