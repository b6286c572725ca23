import { show } from './check.ts';

/**
 * Checks that an option is true or false, or undefined.
 *
 * @param where - the call that is checked
 * @param argument - the name of the option
 * @param value - what was given
 * @throws TypeError
 * @example
 * checkFlag('spawn', 'daemon', options.daemon);
 */
export function checkFlag(where: string, argument: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new TypeError(`${where}: ${argument} is ${show(value)}; give true or false`);
}

/**
 * Checks that an option is a string, or undefined.
 *
 * @param where - the call that is checked
 * @param argument - the name of the option
 * @param value - what was given
 * @throws TypeError
 * @example
 * checkText('timeout', 'message', options.message);
 */
export function checkText(where: string, argument: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new TypeError(
    `${where}: ${argument} is ${show(value)}, not a string; give a string, or nothing`,
  );
}

/**
 * Checks that a `name` is a string, or undefined.
 *
 * @param where - the call that is checked
 * @param value - what was given
 * @throws TypeError
 * @example
 * checkName('Lock', options?.name);
 */
export function checkName(where: string, value: unknown): void {
  checkText(where, 'name', value);
}
