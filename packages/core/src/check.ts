import { tried } from './internal/tried.ts';

/** Checks of arguments at the public doors: each names the argument, the value and the cure. */

/** How a value looks in an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return describeObject(value);
  return String(value);
}

function describeObject(value: object): string {
  if (isThenable(value)) return 'a promise';
  if (Array.isArray(value)) return `an array of ${String(value.length)}`;
  const name = tried(
    () => (value as { constructor?: { name?: unknown } }).constructor?.name,
    undefined,
  );
  return typeof name === 'string' && name !== '' ? `an object (${name})` : 'an object';
}

/** Also if its `then` cannot be read: a promise that it is given to rejects then, as JavaScript has it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return true;
  }
}

export function checkFunction(where: string, argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  const cure = isThenable(value)
    ? 'give the function itself, not what it returned when called: () => …'
    : 'give a function';
  throw new TypeError(`${where}: ${argument} is ${show(value)}, not a function; ${cure}`);
}

/** A number that is not NaN. */
export function checkTime(where: string, argument: string, value: unknown): void {
  if (typeof value !== 'number') {
    throw new TypeError(
      `${where}: ${argument} is ${show(value)}, not a number; give milliseconds as a number`,
    );
  }
  if (Number.isNaN(value)) {
    throw new RangeError(
      `${where}: ${argument} is NaN; give milliseconds as a number (Infinity means never)`,
    );
  }
}

/** A whole number of at least `least`, or Infinity. */
export function checkCount(where: string, argument: string, value: unknown, least: number): void {
  if (typeof value !== 'number') {
    throw new TypeError(
      `${where}: ${argument} is ${show(value)}, not a number; give a whole number from ${String(least)}, or Infinity`,
    );
  }
  if (value === Infinity || (Number.isInteger(value) && value >= least)) return;
  throw new RangeError(
    `${where}: ${argument} is ${String(value)}; give a whole number from ${String(least)}, or Infinity`,
  );
}

export function checkSignal(where: string, value: unknown): void {
  if (value === undefined || isSignal(value)) return;
  throw new TypeError(
    `${where}: signal is ${show(value)}, not an AbortSignal; give controller.signal or scope.signal`,
  );
}

// By shape: the signal may be of another realm, or a polyfill's.
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  return 'aborted' in value && 'addEventListener' in value;
}

export function checkOptions(where: string, value: unknown): void {
  if (value === undefined || (typeof value === 'object' && value !== null)) return;
  throw new TypeError(`${where}: options is ${show(value)}; give an object, or nothing`);
}

export function checkOneOf(
  where: string,
  argument: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (typeof value === 'string' && choices.includes(value)) return;
  const list = choices.map((choice) => `'${choice}'`).join(' or ');
  throw new TypeError(`${where}: ${argument} is ${show(value)}; give ${list}`);
}

export function checkName(where: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new TypeError(`${where}: name is ${show(value)}, not a string`);
}
