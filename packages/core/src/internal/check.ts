import { markHandled } from './mark-handled.ts';
import { tryOr } from './try-or.ts';

/** Checks of arguments at the public doors: each names the argument, the value and the cure. */

/**
 * Shows a value in an error message: a text in quotes, of an object only its class.
 *
 * @param value - anything
 * @returns a short text
 * @example
 * throw new TypeError(`open: path is ${show(path)}; give a string`);
 */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return describeObject(value);
  return String(value);
}

function describeObject(value: object): string {
  if (isThenable(value)) return 'a promise';
  if (Array.isArray(value)) return `an array of ${String(value.length)}`;
  const name = tryOr(
    () => (value as { constructor?: { name?: unknown } }).constructor?.name,
    undefined,
  );
  return typeof name === 'string' && name !== '' ? `an object (${name})` : 'an object';
}

/**
 * Tells whether a value is a promise to JavaScript. Also if its `then` cannot be read: a promise that it is given to
 * rejects then.
 *
 * @param value - anything
 * @returns whether `await` would wait for it
 * @example
 * if (isThenable(source)) throw new TypeError('read: source is a promise; await it first');
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return true;
  }
}

/**
 * Checks that an argument is a function.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param argument - its name
 * @param value - what was given
 * @throws TypeError; for a promise it says that the function itself is wanted
 * @example
 * checkFunction('Lock.run', 'body', body);
 */
export function checkFunction(where: string, argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  const cure = isThenable(value)
    ? 'give the function itself, not what it returned when called: () => …'
    : 'give a function';
  throw new TypeError(`${where}: ${argument} is ${show(value)}, not a function; ${cure}`);
}

/**
 * Checks that a function which must answer at once has not answered with a promise: that would count as yes.
 *
 * @param where - the call that needs the answer, `'Watch.waitFor'`
 * @param argument - the name of the function
 * @param answer - what it returned
 * @throws TypeError
 * @example
 * checkAnswer('Watch.waitFor', 'predicate', answer);
 */
export function checkAnswer(where: string, argument: string, answer: unknown): void {
  if (!isThenable(answer)) return;
  // No caller waits for it: a rejection must not end the program beside this error.
  markHandled(Promise.resolve(answer));
  throw new TypeError(`${where}: ${argument} returned a promise; return the answer at once`);
}

/**
 * Checks that an argument is a number; NaN and Infinity are, too.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param argument - its name
 * @param value - what was given
 * @param cure - what to give instead
 * @throws TypeError
 * @example
 * checkNumber('Gauge.set', 'level', level);
 */
export function checkNumber(
  where: string,
  argument: string,
  value: unknown,
  cure = 'give a number',
): asserts value is number {
  if (typeof value === 'number') return;
  throw new TypeError(`${where}: ${argument} is ${show(value)}, not a number; ${cure}`);
}

/**
 * Checks that an argument is a time in milliseconds, negative and infinite ones too.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param argument - its name
 * @param value - what was given
 * @throws TypeError if it is no number; RangeError for NaN
 * @example
 * checkTime('sleep', 'ms', ms);
 */
export function checkTime(where: string, argument: string, value: unknown): void {
  checkNumber(where, argument, value, 'give milliseconds as a number');
  if (!Number.isNaN(value)) return;
  throw new RangeError(
    `${where}: ${argument} is NaN; give milliseconds as a number (Infinity means never)`,
  );
}

/**
 * Checks that an argument is a whole number.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param argument - its name
 * @param value - what was given
 * @param least - the least that is right
 * @throws TypeError if it is no number; RangeError if it is another one
 * @example
 * checkWhole('Barrier', 'parties', parties, 1);
 */
export function checkWhole(where: string, argument: string, value: unknown, least: number): void {
  const cure = `give a whole number from ${String(least)}`;
  checkNumber(where, argument, value, cure);
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${where}: ${argument} is ${String(value)}; ${cure}`);
}

/**
 * Checks that an argument is a whole number, or Infinity.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param argument - its name
 * @param value - what was given
 * @param least - the least that is right
 * @throws TypeError if it is no number; RangeError if it is another one
 * @example
 * checkCount('Queue', 'capacity', capacity, 1);
 */
export function checkCount(where: string, argument: string, value: unknown, least: number): void {
  if (typeof value === 'number') {
    if (value === Infinity || (Number.isSafeInteger(value) && value >= least)) return;
  }
  const cure = `give a whole number from ${String(least)}, or Infinity`;
  checkNumber(where, argument, value, cure);
  throw new RangeError(`${where}: ${argument} is ${String(value)}; ${cure}`);
}

/**
 * Checks that an argument is a time in milliseconds from 0, or Infinity.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param argument - its name
 * @param value - what was given
 * @throws TypeError if it is no number; RangeError if it is another one
 * @example
 * checkDuration('spawn', 'grace', grace);
 */
export function checkDuration(where: string, argument: string, value: unknown): void {
  const cure = 'give milliseconds from 0 (Infinity means never)';
  checkNumber(where, argument, value, cure);
  if (value >= 0) return;
  throw new RangeError(`${where}: ${argument} is ${String(value)}; ${cure}`);
}

/**
 * Checks that a `signal` is an AbortSignal, or undefined. Goes by its shape: it may be of another realm.
 *
 * @param where - the call that is checked
 * @param value - what was given
 * @throws TypeError
 * @example
 * checkSignal('Lock.acquire', options?.signal);
 */
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

/**
 * Checks that `options` are an object, or undefined. A signal, a promise or an array is none: nothing that it has would be used.
 *
 * @param where - the call that is checked
 * @param value - what was given
 * @throws TypeError
 * @example
 * checkOptions('Lock', options);
 */
export function checkOptions(where: string, value: unknown): void {
  if (value === undefined || (typeof value === 'object' && value !== null && !isNoOptions(value)))
    return;
  const cure = isSignal(value) ? 'give { signal }' : 'give an object, or nothing';
  throw new TypeError(`${where}: options is ${show(value)}; ${cure}`);
}

// Most options are plain objects, and are known by one look.
function isNoOptions(value: object): boolean {
  if (Object.getPrototypeOf(value) === Object.prototype) return false;
  return Array.isArray(value) || isSignal(value) || isThenable(value);
}

/**
 * Checks that an argument is one of some texts.
 *
 * @param where - the call that is checked, `'Semaphore.acquire'`
 * @param argument - its name
 * @param value - what was given
 * @param choices - the texts that are right
 * @throws TypeError
 * @example
 * checkOneOf('channel', 'onFull', onFull, ['wait', 'drop-oldest', 'drop-newest']);
 */
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
