import { checkOptions, checkSignal } from './check.ts';

/** Options for all functions that wait. */
export interface SignalOptions {
  /** Aborting it ends the call, which rejects with `signal.reason`; in addition to the ambient scope. */
  readonly signal?: AbortSignal | undefined;
}

export function checkSignalOptions(where: string, options: SignalOptions | undefined): void {
  if (options === undefined) return;
  checkOptions(where, options);
  checkSignal(where, options.signal);
}

/**
 * Takes options off the end of arguments of any number: the last one, if it is a plain object with a `signal`.
 *
 * @param where - the function that was called, for messages
 * @param args - all that it was given
 * @returns the arguments without the options, and those
 * @throws TypeError if `signal` is not an AbortSignal
 * @example
 * const [sources, options] = splitOptions('merge', args);
 */
export function splitOptions<T>(
  where: string,
  args: readonly (T | SignalOptions)[],
): [rest: readonly T[], options: SignalOptions | undefined] {
  const last = args.at(-1);
  if (!isOptions(last)) return [args as readonly T[], undefined];
  checkSignalOptions(where, last);
  return [args.slice(0, -1) as readonly T[], last];
}

function isOptions(value: unknown): value is SignalOptions {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // That of a plain object, of any realm.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  const keys = Reflect.ownKeys(value);
  // With symbols it is something to iterate.
  return keys.includes('signal') && keys.every(isString);
}

function isString(key: unknown): boolean {
  return typeof key === 'string';
}
