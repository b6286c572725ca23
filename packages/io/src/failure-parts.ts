import { BrokenResourceError } from './errors.ts';

/**
 * Whether an error says no more than errors of a kind do: is one of them, an AggregateError of nothing else, or a
 * BrokenResourceError that was caused by one.
 */
export function isMadeOf(error: unknown, isOne: (part: unknown) => boolean): boolean {
  try {
    return isMade(error, isOne, new Set());
  } catch {
    // It fails when it is looked at.
    return false;
  }
}

function isMade(error: unknown, isOne: (part: unknown) => boolean, seen: Set<unknown>): boolean {
  if (isOne(error)) return true;
  // A ring: what is in it has been asked already.
  if (seen.has(error)) return false;
  seen.add(error);
  const parts = partsOf(error);
  if (parts.length > 0) return parts.every((part) => isMade(part, isOne, seen));
  return error instanceof BrokenResourceError && isMade(error.cause, isOne, seen);
}

function partsOf(error: unknown): readonly unknown[] {
  if (typeof error !== 'object' || error === null || !('errors' in error)) return [];
  return Array.isArray(error.errors) ? error.errors : [];
}
