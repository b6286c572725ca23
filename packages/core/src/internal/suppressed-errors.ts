import { messageOf, pairOf } from './errors.ts';
import { emitWarning } from './emit-warning.ts';
import { tryOr } from './try-or.ts';

const SUPPRESSED = Symbol.for('@ambit/core:suppressedErrors');

// For errors that cannot take a property.
const ofFrozen = new WeakMap<object, unknown[]>();

const none: readonly unknown[] = Object.freeze([]);

/**
 * Returns the errors that came after one that had already brought its scope down: failures of siblings while they
 * were winding down, and of cleanups. Oldest first, each error once. They are a property of the
 * error under a symbol, so printing the error shows them too. The platform's `SuppressedError` is read in
 * the same way: the newest error in its chain is the one that was thrown, and the older ones are listed.
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
  return tryOr(() => pairOf(error), undefined) === undefined
    ? attachedErrors(error)
    : chainOf(error);
}

/** Those alone that {@link suppress} has attached to it. */
export function attachedErrors(error: unknown): readonly unknown[] {
  return listOf(error) ?? none;
}

/** A chain of SuppressedErrors, flat: all but the newest error, which is what the chain was thrown for. */
function chainOf(error: unknown): readonly unknown[] {
  const seen = new Set<unknown>();
  const ends = new Set<unknown>();
  const trail = [error];
  while (trail.length > 0) {
    const part = trail.pop();
    if (seen.has(part)) continue;
    seen.add(part);
    const pair = tryOr(() => pairOf(part), undefined);
    // The newer one on top: it comes first.
    trail.push(...[...(pair ?? []), ...attachedErrors(part)].reverse());
    if (pair === undefined) ends.add(part);
  }
  return [...ends].slice(1);
}

function listOf(error: unknown): unknown[] | undefined {
  if (!isObject(error)) return undefined;
  const attached = tryOr(() => (error as { [SUPPRESSED]?: unknown[] })[SUPPRESSED], undefined);
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
  const isAttached = tryOr(() => Reflect.defineProperty(first, SUPPRESSED, property), false);
  if (!isAttached) ofFrozen.set(first, list);
  return list;
}

// The first error cannot carry anything, for example because it is a string; the later errors must not be lost.
function warnOf(first: unknown, error: unknown): void {
  const stack = tryOr(() => (error instanceof Error ? error.stack : undefined), undefined);
  const text = stack ?? messageOf(error);
  const message = `After ${String(first)} was thrown, this failed as well: ${text}`;
  emitWarning(message, 'SuppressedError');
}
