import { messageOf } from './errors.ts';
import { tried } from './internal/tried.ts';
import { suppress } from './suppressed-errors.ts';
import { TaskGroupError } from './task-group-error.ts';

/** What a failure does to a group: brings the others down, or is kept until the end. */
export type OnFailure = 'cancel' | 'continue';

function isTaskGroupError(error: unknown): error is TaskGroupError {
  return tried(() => error instanceof TaskGroupError, false);
}

/** Whose failure it is. */
export type Culprit =
  { readonly name: string; readonly _isObserved: boolean } | 'the body' | 'a cleanup';

/** The failures of one group, in the order in which they happened, each error once. */
export class Failures {
  readonly #policy: OnFailure;
  // Most groups have none.
  #culprits: Map<unknown, Culprit> | undefined;
  #seen: Set<unknown> | undefined;

  constructor(policy: OnFailure) {
    this.#policy = policy;
  }

  get isEmpty(): boolean {
    return this.#culprits === undefined;
  }

  add(error: unknown, culprit: Culprit): void {
    if (this.#isKnown(error)) return;
    this.#culprits ??= new Map();
    this.#culprits.set(error, culprit);
    if (this.#policy === 'cancel') suppress(this.#first, [error]);
  }

  // What `join()` has thrown tells nothing new when the body throws it again.
  #isKnown(error: unknown): boolean {
    const known = this.#culprits;
    if (known === undefined) return false;
    if (known.has(error)) return true;
    if (!isTaskGroupError(error) || error.errors.length === 0) return false;
    return error.errors.every((part) => known.has(part));
  }

  get #first(): unknown {
    const [first] = this.#culprits?.keys() ?? [];
    return first;
  }

  /** Only those that nobody has seen, through `join()` or by awaiting the task. */
  unobserved(): Failures {
    const rest = new Failures(this.#policy);
    for (const [error, culprit] of this.#culprits ?? []) {
      const isObserved = typeof culprit === 'object' && culprit._isObserved;
      if (!isObserved && this.#seen?.has(error) !== true) rest.add(error, culprit);
    }
    return rest;
  }

  /** Marks what is there as seen: it was thrown to somebody. */
  observe(): void {
    this.#seen = new Set(this.#culprits?.keys());
  }

  /** The one error that a group throws for all. */
  toError(groupName: string): unknown {
    if (this.#policy === 'cancel') return this.#first;
    return new TaskGroupError([...(this.#culprits?.keys() ?? [])], this.#summary(groupName));
  }

  #summary(groupName: string): string {
    const where = groupName === '' ? 'the task group' : `the task group "${groupName}"`;
    const failures = [...(this.#culprits ?? [])].map(([error, culprit]) => {
      const who = typeof culprit === 'object' ? `"${culprit.name}"` : culprit;
      return `${who}: ${messageOf(error)}`;
    });
    const count = failures.length === 1 ? '1 failure' : `${String(failures.length)} failures`;
    return `${count} in ${where}: ${failures.join('; ')}`;
  }
}
