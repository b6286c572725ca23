import { show } from './check.ts';
import { suppress, suppressedErrors } from './suppressed-errors.ts';
import { tryOr } from './try-or.ts';
export { messageOf } from './errors.ts';

/*
 * Errors that cross from thread to thread. Structured cloning knows a handful of classes and drops `code`, `errors`, and all that a program
 * has added. Here an error becomes a list of plain records that refer to each other by place: circles and shared causes stay what they are.
 */

/** What was thrown, in a form that any thread or worker can be sent. */
export type EncodedError = { readonly errors: readonly PlainError[] } | { readonly value: unknown };

/** One error of an {@link EncodedError}. */
export interface PlainError {
  /** The nearest class that every thread has. */
  readonly base: string;
  /** The name of its own class. */
  readonly className: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own ones, but for those above. */
  readonly properties: readonly (readonly [
    key: string,
    isEnumerable: boolean,
    value: ErrorReference,
  ])[];
  /** What `suppressedErrors` knows. */
  readonly suppressed: readonly ErrorReference[];
}

/** Another error of the list, several of them, or any other value. */
export type ErrorReference =
  | { readonly is: 'error'; readonly index: number }
  | { readonly is: 'list'; readonly items: readonly ErrorReference[] }
  | { readonly is: 'value'; readonly value: unknown };

const LONGEST_TEXT = 100_000;
const MOST_ERRORS = 200;
const MOST_PROPERTIES = 100;

/** Not always enumerable, nor own. */
const WELL_KNOWN = ['code', 'cause', 'errors', 'error', 'suppressed'];
const TOLD_APART = new Set(['name', 'message', 'stack']);

/**
 * Makes something that can be posted to another thread or worker of what was thrown: errors with their class name, message,
 * stack, causes and own properties. Never throws.
 *
 * @param thrown - anything
 * @param look - tells how a value looks that cannot be copied
 * @returns what `decodeThrown` makes an error of again
 * @example
 * port.postMessage({ error: encodeThrown(error) });
 */
export function encodeThrown(
  thrown: unknown,
  look: (value: unknown) => string = show,
): EncodedError {
  const encoder = new Encoder(look);
  if (!isError(thrown)) return { value: encoder.cloneable(thrown) };
  return { errors: encoder.encode(thrown) };
}

// By tag: it may be of another realm. A proxy may throw at each access, and has no tag.
function isError(value: unknown): value is Error {
  return tryOr(() => /^(Error|DOMException)$/.test(tagOf(value)) || value instanceof Error, false);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

class Encoder {
  readonly #look: (value: unknown) => string;
  readonly #indexes = new Map<Error, number>();
  readonly #queue: Error[] = [];

  constructor(look: (value: unknown) => string) {
    this.#look = look;
  }

  encode(root: Error): PlainError[] {
    this.#refer(root);
    // Grows while it is walked: no chain of causes is too long for the stack.
    return Array.from(this.#all(), (error) => this.#plain(error));
  }

  *#all(): Generator<Error> {
    yield* this.#queue;
  }

  /** The value, or how it looks if it cannot leave its thread. */
  cloneable(value: unknown): unknown {
    try {
      // Of an object with a class, a copy would be none of it, and might be of half the program.
      if (isData(value)) structuredClone(value);
      else return this.#show(value);
      return value;
    } catch {
      return this.#show(value);
    }
  }

  #show(value: unknown): string {
    return clip(tryOr(() => this.#look(value), 'what cannot be shown'));
  }

  #refer(value: unknown): ErrorReference {
    if (Array.isArray(value) && value.some(isError)) {
      const items = value.slice(0, MOST_ERRORS).map((item) => this.#refer(item));
      return { is: 'list', items };
    }
    if (!isError(value)) return { is: 'value', value: this.cloneable(value) };
    const known = this.#indexes.get(value);
    if (known !== undefined) return { is: 'error', index: known };
    if (this.#queue.length >= MOST_ERRORS) return { is: 'value', value: clip(String(value)) };
    const index = this.#queue.push(value) - 1;
    this.#indexes.set(value, index);
    return { is: 'error', index };
  }

  #plain(error: Error): PlainError {
    const names = [...new Set([...WELL_KNOWN, ...tryOr(() => Object.keys(error), [])])];
    return {
      base: baseOf(error),
      className: text(() => error.constructor.name) ?? 'Error',
      name: text(() => error.name) ?? 'Error',
      message: text(() => error.message) ?? '',
      stack: text(() => error.stack),
      properties: names
        .filter((name) => !TOLD_APART.has(name) && tryOr(() => isKept(error, name), false))
        .slice(0, MOST_PROPERTIES)
        .map((name) => this.#property(error, name)),
      suppressed: suppressedErrors(error)
        .slice(0, MOST_ERRORS)
        .map((each) => this.#refer(each)),
    };
  }

  #property(error: Error, name: string): readonly [string, boolean, ErrorReference] {
    const isEnumerable = Object.prototype.propertyIsEnumerable.call(error, name);
    const value = tryOr<unknown>(() => Reflect.get(error, name), undefined);
    return [name, isEnumerable, this.#refer(value)];
  }
}

// A DOMException's `code` follows from its name.
function isKept(error: Error, name: string): boolean {
  if (Object.hasOwn(error, name)) return typeof Reflect.get(error, name) !== 'function';
  return name === 'code' && name in error && !isDomException(error);
}

function isDomException(error: unknown): boolean {
  return tagOf(error) === 'DOMException';
}

function baseOf(error: Error): string {
  if (isDomException(error)) return 'DOMException';
  let prototype: object | null = error;
  while ((prototype = Reflect.getPrototypeOf(prototype)) !== null) {
    const name = text(() => (prototype as Error).constructor.name);
    if (name !== undefined && (name === 'Error' || bases.has(name))) return name;
  }
  return 'Error';
}

function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  const prototype = Reflect.getPrototypeOf(value);
  if (prototype === null || Reflect.getPrototypeOf(prototype) === null) return true;
  return ArrayBuffer.isView(value) || DATA.test(tagOf(value));
}

// The tags of what structured clone copies whole. Values in objects, such as a String, too.
const DATA = /^(Date|RegExp|Map|Set|(Shared)?ArrayBuffer|Boolean|Number|String|BigInt|Symbol)$/;

function text(get: () => unknown): string | undefined {
  const value = tryOr(get, undefined);
  return typeof value === 'string' ? clip(value) : undefined;
}

function clip(long: string): string {
  return long.length <= LONGEST_TEXT ? long : `${long.slice(0, LONGEST_TEXT)}…`;
}

type Make = (message: string, name: string) => Error;

/** Those that need not be made as a plain error is. */
const bases: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['TypeError', (message) => new TypeError(message)],
  ['RangeError', (message) => new RangeError(message)],
  ['SyntaxError', (message) => new SyntaxError(message)],
  ['ReferenceError', (message) => new ReferenceError(message)],
  ['EvalError', (message) => new EvalError(message)],
  ['URIError', (message) => new URIError(message)],
  ['AggregateError', (message) => new AggregateError([], message)],
  ['DOMException', (message, name) => new DOMException(message, name)],
]);

/**
 * Makes of what `encodeThrown` returned what was thrown in the other thread or worker.
 *
 * @param encoded - what came from there
 * @returns the error, of the nearest class that is known here
 * @example
 * port.addEventListener('message', ({ data }) => waker.fail(decodeThrown(data.error)));
 */
export function decodeThrown(encoded: EncodedError): unknown {
  if ('value' in encoded) return encoded.value;
  const errors = encoded.errors.map(revive);
  const resolve = (reference: ErrorReference): unknown => {
    if (reference.is === 'error') return errors[reference.index];
    return reference.is === 'list' ? reference.items.map(resolve) : reference.value;
  };
  encoded.errors.forEach((plain, index) => {
    const error = errors[index] as Error;
    for (const [name, isEnumerable, value] of plain.properties) {
      define(error, name, { value: resolve(value), enumerable: isEnumerable });
    }
    if (plain.suppressed.length > 0) suppress(error, plain.suppressed.map(resolve));
  });
  return errors[0];
}

function revive(plain: PlainError): Error {
  const { base, className, message, name } = plain;
  const error = bases.get(base)?.(message, name) ?? new Error(message);
  if (className !== base) Object.setPrototypeOf(error, prototypeFor(error, className));
  if (error.name !== name) define(error, 'name', { value: name, enumerable: false });
  define(error, 'stack', { value: plain.stack, enumerable: false });
  return error;
}

/** Of a class of that name: the class itself is the other thread's. */
function prototypeFor(error: Error, className: string): object {
  const named = { [className]: class extends Error {} }[className];
  return Object.create(Reflect.getPrototypeOf(error), {
    constructor: { value: named, configurable: true, writable: true },
  }) as object;
}

function define(
  error: Error,
  name: string,
  property: { readonly value: unknown; readonly enumerable: boolean },
): void {
  Object.defineProperty(error, name, { ...property, configurable: true, writable: true });
}
