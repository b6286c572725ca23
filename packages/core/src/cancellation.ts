import { leavesOf } from './errors.ts';
import { tried } from './internal/tried.ts';
import { suppress, suppressedErrors } from './suppressed-errors.ts';

/**
 * What tells the errors of one cancellation from failures. Nothing is said of whether the scope at
 * hand is cancelled: that comes first, and an `AbortError` in a scope that nobody cancelled is a failure.
 */
export interface Recognisable {
  readonly source: string;
  readonly reason: unknown;
}

/**
 * True if the error is nothing but the consequence of a cancellation: the cancellation itself, an
 * `AbortError` by name (fetch, Node, abort-controller-x), the reason of the signal that cancelled, or
 * an aggregate of nothing else. An error that only has it as its `cause` is a failure, and one that
 * carries failures in its `suppressedErrors` brings them along. What cannot be looked at is a failure.
 */
export function isCausedBy(cancellation: Recognisable, error: unknown): boolean {
  if (error === cancellation) return true;
  return tried(() => isOnlyCancellations(cancellation, error, new Set()), false);
}

/** `above`: the errors that this one is part of. */
function isOnlyCancellations(
  cancellation: Recognisable,
  error: unknown,
  above: Set<unknown>,
): boolean {
  // Whatever is attached to it comes from another scope's failure, which tells of it.
  if (error === cancellation) return true;
  const leaves = partsOf(error) ?? [];
  if (leaves.length === 0 && !isPlainCancellation(cancellation, error)) return false;
  if (above.has(error)) return false;
  above.add(error);
  const isOnly = [...leaves, ...suppressedErrors(error)].every((part) =>
    isOnlyCancellations(cancellation, part, above),
  );
  above.delete(error);
  return isOnly;
}

function isPlainCancellation(cancellation: Recognisable, error: unknown): boolean {
  // Signals are aborted with anything, strings too.
  if (cancellation.source === 'signal' && error === cancellation.reason) return true;
  return (
    typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError'
  );
}

// Disposing in a cancelled scope pairs up two cancellations in a SuppressedError.
function partsOf(error: unknown): readonly unknown[] | undefined {
  if (typeof error === 'object' && error !== null && 'suppressed' in error && 'error' in error) {
    return [error.error, error.suppressed];
  }
  return leavesOf(error);
}

/**
 * The error without the cancellations in it. A mixed aggregate is rebuilt from its other leaves,
 * which keep identity and cause; inner aggregates that become empty go; of a cancellation that carries
 * failures the first of these is left, with the others; everything else is returned as it is. Not for
 * an error that {@link isCausedBy} recognises whole.
 */
export function withoutCancellations(cancellation: Recognisable, error: unknown): unknown {
  return tried(() => strip(cancellation, error), error);
}

function strip(cancellation: Recognisable, error: unknown): unknown {
  const leaves = leavesOf(error);
  if (leaves === undefined && !isPlainCancellation(cancellation, error)) return error;
  const kept = keptOf(cancellation, error, leaves ?? []);
  if (kept.length === 0) return carriedBy(cancellation, error);
  const isUnchanged =
    kept.length === leaves?.length && kept.every((leaf, at) => leaf === leaves[at]);
  return isUnchanged ? error : rebuilt(error as AggregateError, kept);
}

function keptOf(cancellation: Recognisable, error: unknown, parts: readonly unknown[]): unknown[] {
  return parts
    .filter((part) => part !== error && !isCausedBy(cancellation, part))
    .map((part) => withoutCancellations(cancellation, part));
}

/** The failures that hang on a cancellation, as one. */
function carriedBy(cancellation: Recognisable, error: unknown): unknown {
  const [first = error, ...later] = keptOf(cancellation, error, suppressedErrors(error));
  suppress(first, later);
  return first;
}

function rebuilt(error: AggregateError, errors: unknown[]): AggregateError {
  const copy = new AggregateError(errors, error.message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  for (const key of Reflect.ownKeys(error)) {
    if (key === 'errors') continue;
    const property = Object.getOwnPropertyDescriptor(error, key);
    if (property !== undefined) Object.defineProperty(copy, key, property);
  }
  return copy;
}
