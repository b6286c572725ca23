import { messageOf } from './errors.ts';
import { emitWarning } from './internal/emit-warning.ts';
import { tried } from './internal/tried.ts';

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
  const attached = tried(() => (error as { [SUPPRESSED]?: unknown[] })[SUPPRESSED], undefined);
  return attached ?? ofFrozen.get(error);
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

// What is in a list, so that a thousand siblings that fail cost no thousand looks through it. Another copy of
// this package may have added to the list: its length tells.
const members = new WeakMap<unknown[], Set<unknown>>();

/**
 * Adds later failures to the first one, where `suppressedErrors` finds them. If that is not an object they become
 * process warnings. Waits for nothing, never throws.
 *
 * @param first - what is going to be thrown
 * @param later - what failed after it, oldest first
 * @example
 * const [first, ...later] = errors;
 * suppress(first, later);
 * throw first;
 */
export function suppress(first: unknown, later: Iterable<unknown>): void {
  for (const error of later) {
    if (error === first) continue;
    if (isObject(first)) add(listOf(first) ?? attachedTo(first), error);
    else warnOf(first, error);
  }
}

function add(list: unknown[], error: unknown): void {
  let known = members.get(list);
  if (known?.size !== list.length) known = new Set(list);
  members.set(list, known);
  if (known.has(error)) return;
  known.add(error);
  list.push(error);
}

function attachedTo(first: object): unknown[] {
  const list: unknown[] = [];
  const property = { value: list, enumerable: true, configurable: true };
  const isAttached = tried(() => Reflect.defineProperty(first, SUPPRESSED, property), false);
  if (!isAttached) ofFrozen.set(first, list);
  return list;
}

// What was thrown first cannot carry anything, a string say; the later errors must not be lost.
function warnOf(first: unknown, error: unknown): void {
  const stack = tried(() => (error instanceof Error ? error.stack : undefined), undefined);
  const text = stack ?? messageOf(error);
  const message = `After ${String(first)} was thrown, this failed as well: ${text}`;
  emitWarning(message, 'SuppressedError');
}
