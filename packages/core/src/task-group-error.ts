import { leavesOf } from './errors.ts';

/**
 * All failures of a group with `onFailure: 'continue'`, in the order in which they happened.
 *
 * @example
 * const [refused, rest] = error.split((e) => isRefused(e));
 */
export class TaskGroupError extends AggregateError {
  static {
    this.prototype.name = 'TaskGroupError';
  }

  /** The errors at the ends of the tree of aggregates, in order. */
  leaves(): unknown[] {
    return this.errors.flatMap((error: unknown) => leavesBelow(error, new Set([this])));
  }

  /**
   * Parts the leaves, as Python's `ExceptionGroup.split`.
   *
   * @param predicate - gets each leaf
   * @returns one error with the leaves for which the predicate holds and one with the others;
   *   undefined in the place of an empty one
   */
  split(
    predicate: (error: unknown) => boolean,
  ): [matching: TaskGroupError | undefined, rest: TaskGroupError | undefined] {
    const matching: unknown[] = [];
    const rest: unknown[] = [];
    for (const leaf of this.leaves()) (predicate(leaf) ? matching : rest).push(leaf);
    return [this.#of(matching), this.#of(rest)];
  }

  #of(errors: unknown[]): TaskGroupError | undefined {
    if (errors.length === 0) return undefined;
    return new TaskGroupError(errors, this.message, { cause: this.cause });
  }
}

function leavesBelow(error: unknown, seen: Set<unknown>): unknown[] {
  const leaves = leavesOf(error);
  // One without errors has no other end than itself.
  if (leaves === undefined || leaves.length === 0 || seen.has(error)) return [error];
  seen.add(error);
  return leaves.flatMap((leaf) => leavesBelow(leaf, seen));
}
