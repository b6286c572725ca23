import { messageOf } from './errors.ts';
import { suppress } from './suppressed-errors.ts';
import { TaskGroupError } from './task-group-error.ts';

/** What a failure does to a group: brings the others down, or is kept until the end. */
export type OnFailure = 'cancel' | 'continue';

/** Whose failure it is; undefined: the body's, or a cleanup's. */
export type Culprit = { readonly name: string; readonly _isObserved: boolean } | undefined;

/** The failures of one group, in the order in which they happened, each error once. */
export class Failures {
  readonly #culprits = new Map<unknown, Culprit>();
  readonly #seen = new Set<unknown>();

  get isEmpty(): boolean {
    return this.#culprits.size === 0;
  }

  add(error: unknown, culprit: Culprit): void {
    if (!this.#culprits.has(error)) this.#culprits.set(error, culprit);
  }

  /** Only those that nobody has seen, through `join()` or by awaiting the task. */
  unobserved(): Failures {
    const rest = new Failures();
    for (const [error, culprit] of this.#culprits) {
      if (culprit?._isObserved !== true && !this.#seen.has(error)) rest.add(error, culprit);
    }
    return rest;
  }

  /** Marks what is there as seen: it was thrown to somebody. */
  observe(): void {
    for (const error of this.#culprits.keys()) this.#seen.add(error);
  }

  /** The one error that a group throws for all. */
  toError(policy: OnFailure, groupName: string): unknown {
    const [first, ...later] = this.#culprits.keys();
    if (policy === 'continue')
      return new TaskGroupError([...this.#culprits.keys()], this.#summary(groupName));
    suppress(first, later);
    return first;
  }

  #summary(groupName: string): string {
    const where = groupName === '' ? 'the task group' : `the task group "${groupName}"`;
    const failures = [...this.#culprits].map(([error, culprit]) => {
      const who = culprit === undefined ? 'the body' : `"${culprit.name}"`;
      return `${who}: ${messageOf(error)}`;
    });
    const count = failures.length === 1 ? '1 failure' : `${String(failures.length)} failures`;
    return `${count} in ${where}: ${failures.join('; ')}`;
  }
}
