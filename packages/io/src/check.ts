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

/**
 * Whether a value is a Uint8Array, also one of another realm. Asked for each piece that is sent: `node:util` tells the same, and has to be
 * asked for by two getters each time, which takes 0.3 µs.
 */
export function isUint8Array(value: unknown): value is Uint8Array {
  if (!ArrayBuffer.isView(value)) return false;
  return value instanceof Uint8Array || Reflect.get(value, Symbol.toStringTag) === 'Uint8Array';
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

/** Permission bits, also with the kind of file that a `Stats` has; undefined: none are given. */
export function checkMode(where: string, value: unknown): void {
  if (value !== undefined) checkWithin(where, 'mode', value, 0, 0xff_ff_ff_ff);
}

export function checkEncoding(where: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && Buffer.isEncoding(value))) return;
  throw new TypeError(`${where}: encoding is ${show(value)}; give one of Node's, as 'utf8'`);
}
