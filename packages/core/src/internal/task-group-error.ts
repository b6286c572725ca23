import { checkAnswer, checkFunction } from './check.ts';
import { leavesOf } from './errors.ts';
import { nameErrors } from './name-errors.ts';

/**
 * All failures of a group with `onFailure: 'continue'`, in the order in which they happened.
 *
 * @example
 * const [refused, rest] = error.split((e) => isRefused(e));
 */
export class TaskGroupError extends AggregateError {
  static {
    nameErrors(this, 'TaskGroupError');
  }

  /** The errors at the ends of the tree of aggregates, in order, each once. */
  leaves(): unknown[] {
    const seen = new Set<unknown>([this]);
    const leaves: unknown[] = [];
    const trail: unknown[] = this.errors.toReversed();
    while (trail.length > 0) {
      const error = trail.pop();
      if (seen.has(error)) continue;
      seen.add(error);
      const parts = leavesOf(error) ?? [];
      // One without errors has no other end than itself.
      if (parts.length === 0) leaves.push(error);
      else trail.push(...parts.toReversed());
    }
    return leaves;
  }

  /**
   * Parts the leaves, as Python's `ExceptionGroup.split`.
   *
   * @param predicate - gets each leaf
   * @returns one error with the leaves for which the predicate holds and one with the others;
   *   undefined in the place of an empty one
   * @throws TypeError if the predicate is no function, or returns a promise
   */
  split(
    predicate: (error: unknown) => boolean,
  ): [matching: TaskGroupError | undefined, rest: TaskGroupError | undefined] {
    checkFunction('TaskGroupError.split', 'predicate', predicate);
    const matching: unknown[] = [];
    const rest: unknown[] = [];
    for (const leaf of this.leaves()) {
      const answer: unknown = predicate(leaf);
      checkAnswer('TaskGroupError.split', 'predicate', answer);
      (answer ? matching : rest).push(leaf);
    }
    return [this.#of(matching), this.#of(rest)];
  }

  #of(errors: unknown[]): TaskGroupError | undefined {
    if (errors.length === 0) return undefined;
    return new TaskGroupError(errors, this.message, { cause: this.cause });
  }
}
