import { leavesOf } from './errors.ts';

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
 * an aggregate of nothing else. An error that only has it as its `cause` is a failure.
 */
export function isCausedBy(cancellation: Recognisable, error: unknown): boolean {
  return (
    isPlainCancellation(cancellation, error) || isOnlyCancellations(cancellation, error, new Set())
  );
}

function isOnlyCancellations(
  cancellation: Recognisable,
  error: unknown,
  seen: Set<unknown>,
): boolean {
  const leaves = partsOf(error);
  if (leaves === undefined || leaves.length === 0 || seen.has(error)) return false;
  seen.add(error);
  return leaves.every(
    (leaf) =>
      isPlainCancellation(cancellation, leaf) || isOnlyCancellations(cancellation, leaf, seen),
  );
}

function isPlainCancellation(cancellation: Recognisable, error: unknown): boolean {
  if (error === cancellation) return true;
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
 * which keep identity and cause; inner aggregates that become empty go; everything else is returned
 * as it is. Not for an error that {@link isCausedBy} recognises whole.
 */
export function withoutCancellations(cancellation: Recognisable, error: unknown): unknown {
  const leaves = leavesOf(error);
  if (leaves === undefined) return error;
  const kept = leaves
    .filter((leaf) => leaf !== error && !isCausedBy(cancellation, leaf))
    .map((leaf) => withoutCancellations(cancellation, leaf));
  const isUnchanged =
    kept.length === leaves.length && kept.every((leaf, at) => leaf === leaves[at]);
  return isUnchanged ? error : rebuilt(error as AggregateError, kept);
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
