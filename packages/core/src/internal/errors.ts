import { tryOr } from './try-or.ts';
import { nameErrors } from './name-errors.ts';

/** An operation that does not fit the state its object is in, as asyncio's `InvalidStateError`. */
export class InvalidStateError extends Error {
  static {
    nameErrors(this, 'InvalidStateError');
  }
}

// Brands are registered symbols: they hold across two copies of this package in one process.
const CANCELLED = Symbol.for('@ambit/core:cancelled');

/** Marks a class of errors as cancellations. */
export function brandAsCancelled(prototype: object): void {
  Object.defineProperty(prototype, CANCELLED, { value: true });
}

export function hasCancelledBrand(error: unknown): boolean {
  return typeof error === 'object' && error !== null && tryOr(() => CANCELLED in error, false);
}

// Characters: messages that quote others must not grow with their depth.
const LONGEST_QUOTE = 500;

/**
 * The text of anything that was thrown, for messages: also of what has no text, or fails when it is looked at. Never throws.
 *
 * @param error - anything
 * @returns the message of an error, else the value as a string
 * @example
 * throw new StoreError(`get: the store failed: ${messageOf(cause)}`, { cause });
 */
export function messageOf(error: unknown): string {
  return tryOr(() => textOf(error), 'something that has no text');
}

/** The same, cut off where it is long: for messages that quote it. */
export function quoteOf(error: unknown): string {
  const text = messageOf(error);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

function textOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error)
    return String(error.message);
  return typeof error === 'symbol' ? error.toString() : String(error);
}

/** The errors in one, if it is an AggregateError, of any realm and copy. */
export function leavesOf(error: unknown): readonly unknown[] | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (!('errors' in error) || !Array.isArray(error.errors)) return undefined;
  return isNamed(error, 'AggregateError') ? (error.errors as unknown[]) : undefined;
}

/** The two errors in one, the newer first, if it is the platform's SuppressedError, or its replacement. */
export function pairOf(error: unknown): readonly [unknown, unknown] | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (!('error' in error) || !('suppressed' in error)) return undefined;
  return isNamed(error, 'SuppressedError') ? [error.error, error.suppressed] : undefined;
}

// By name, which is the same in every realm: a validation error may have `errors` as well.
function isNamed(error: object | null, name: string): boolean {
  if (error === null) return false;
  if (Object.getOwnPropertyDescriptor(error, 'name')?.value === name) return true;
  return isNamed(Object.getPrototypeOf(error) as object | null, name);
}
