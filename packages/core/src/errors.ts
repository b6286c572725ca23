import { tried } from './internal/tried.ts';

/** An operation that does not fit the state its object is in, as asyncio's `InvalidStateError`. */
export class InvalidStateError extends Error {
  static {
    this.prototype.name = 'InvalidStateError';
  }
}

/** There is no `run()` around the caller. */
export class LoopNotRunningError extends InvalidStateError {
  static {
    this.prototype.name = 'LoopNotRunningError';
  }
}

// Brands are registered symbols: they hold across two copies of this package in one process.
const CANCELLED = Symbol.for('@ambit/core:cancelled');

/** Marks a class of errors as cancellations. */
export function brandAsCancelled(prototype: object): void {
  Object.defineProperty(prototype, CANCELLED, { value: true });
}

export function hasCancelledBrand(error: unknown): boolean {
  return typeof error === 'object' && error !== null && tried(() => CANCELLED in error, false);
}

/** The text of anything thrown, for messages. */
export function messageOf(error: unknown): string {
  return tried(() => textOf(error), 'something that has no text');
}

function textOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error)
    return String(error.message);
  return typeof error === 'symbol' ? error.toString() : String(error);
}

/** Whether these are errors in one: an AggregateError, of whatever realm and copy. */
export function leavesOf(error: unknown): readonly unknown[] | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (!('errors' in error) || !Array.isArray(error.errors)) return undefined;
  return isAggregate(error) ? (error.errors as unknown[]) : undefined;
}

// By name, which is the same in every realm: a validation error may have `errors` as well.
function isAggregate(error: object | null): boolean {
  if (error === null) return false;
  if (Object.getOwnPropertyDescriptor(error, 'name')?.value === 'AggregateError') return true;
  return isAggregate(Object.getPrototypeOf(error) as object | null);
}
