import { emitWarning } from './internal/emit-warning.ts';

const SUPPRESSED = Symbol.for('@ambit/core:suppressedErrors');

// For errors that cannot take a property.
const ofFrozen = new WeakMap<object, unknown[]>();

const none: readonly unknown[] = Object.freeze([]);

/**
 * What failed after an error had already brought its scope down: failures of siblings while they
 * were winding down, and of cleanups. Oldest first, each error once. They are a property of the
 * error under a symbol, so printing the error shows them too.
 *
 * @param error - anything caught
 * @returns the later errors; an empty list if there were none
 * @example
 * try {
 *   await gather([fetchUser, fetchOrders]);
 * } catch (error) {
 *   log(error, suppressedErrors(error));
 * }
 */
export function suppressedErrors(error: unknown): readonly unknown[] {
  return listOf(error) ?? none;
}

function listOf(error: unknown): unknown[] | undefined {
  if (!isObject(error)) return undefined;
  return (error as { [SUPPRESSED]?: unknown[] })[SUPPRESSED] ?? ofFrozen.get(error);
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Adds later failures to the first one. If that is not an object they become process warnings. */
export function suppress(first: unknown, later: Iterable<unknown>): void {
  const list = listOf(first) ?? [];
  const known = new Set<unknown>([first, ...list]);
  for (const error of later) {
    if (known.has(error)) continue;
    known.add(error);
    list.push(error);
  }
  if (list.length > 0) attach(first, list);
}

function attach(first: unknown, list: unknown[]): void {
  if (!isObject(first)) {
    for (const error of list) warnOf(first, error);
    return;
  }
  if (listOf(first) === list) return;
  if (!Object.isExtensible(first)) {
    ofFrozen.set(first, list);
    return;
  }
  Object.defineProperty(first, SUPPRESSED, { value: list, enumerable: true, configurable: true });
}

// What was thrown first cannot carry anything, a string say; the later errors must not be lost.
function warnOf(first: unknown, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = `After ${String(first)} was thrown, this failed as well: ${text}`;
  emitWarning(message, 'SuppressedError');
}
