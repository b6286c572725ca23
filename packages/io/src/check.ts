/** Checks of arguments at the public doors: each names the argument, the value and the cure. */

/** How a value looks in an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'an array' : 'an object';
  }
  return String(value);
}

function checkNumber(where: string, argument: string, value: unknown): asserts value is number {
  if (typeof value === 'number') return;
  throw new TypeError(`${where}: ${argument} is ${show(value)}, not a number; give a number`);
}

/** A whole number of at least `least`, or Infinity. */
export function checkCount(where: string, argument: string, value: unknown, least: number): void {
  checkNumber(where, argument, value);
  if (value === Infinity || (Number.isSafeInteger(value) && value >= least)) return;
  throw new RangeError(
    `${where}: ${argument} is ${value}; give a whole number from ${least}, or Infinity`,
  );
}

/** A whole number from `least` to `most`. */
export function checkWithin(
  where: string,
  argument: string,
  value: unknown,
  least: number,
  most: number,
): void {
  checkNumber(where, argument, value);
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `${where}: ${argument} is ${value}; give a whole number from ${least} to ${most}`,
  );
}

/** Milliseconds from 0; Infinity means never. */
export function checkDuration(where: string, argument: string, value: unknown): void {
  checkNumber(where, argument, value);
  if (value >= 0) return;
  throw new RangeError(
    `${where}: ${argument} is ${value}; give milliseconds from 0 (Infinity means never)`,
  );
}

export function checkString(where: string, argument: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${where}: ${argument} is ${show(value)}; give a string that is not empty`);
}

export function checkFunction(where: string, argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new TypeError(`${where}: ${argument} is ${show(value)}, not a function; give a function`);
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
