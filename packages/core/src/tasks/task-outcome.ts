import { suppress } from '../internal/suppressed-errors.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { failuresOn, isCausedBy, withoutCancellations } from '../scope/cancellation.ts';

/** How a task ends that has no value. */
interface TaskEnd {
  readonly settled: 'rejected' | 'cancelled';
  /** The failure, or the CancelledError. */
  readonly result: unknown;
}

/** Decides whether what the function of a task threw is a failure, or the consequence of a cancellation. */
export function endOf(scope: CancelScope, error: unknown): TaskEnd {
  const reason = scope._reasonOfStarted();
  if (reason === undefined) return { settled: 'rejected', result: error };
  if (!isCausedBy(reason, error)) {
    return { settled: 'rejected', result: withoutCancellations(reason, error) };
  }
  // The failures of the cancellation of a scope around it come out there.
  const [first, ...later] = scope._own === reason ? failuresOn(reason) : [];
  suppress(first, later);
  if (first === undefined) return { settled: 'cancelled', result: reason };
  return { settled: 'rejected', result: first };
}
