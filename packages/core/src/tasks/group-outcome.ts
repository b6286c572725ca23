/*
 * What comes out of a group.
 *
 * A group ends after its body and all of its children (I1). By then several things may have happened: children failed, the
 * body threw, a time limit passed, a scope around was cancelled, a cleanup failed. A caller gets one outcome. This file decides
 * which, from facts that were collected before, and runs no code of its own: the group acts, this judges.
 *
 * In order of precedence:
 *
 * 1. A failure. An error that no cancellation explains is never replaced by one that is only a consequence. With
 *    `onFailure: 'cancel'` the first one is thrown as it is, since most callers catch by class, and later ones are attached
 *    to it as suppressed errors. With `'continue'` all of them are thrown, in a TaskGroupError.
 * 2. The cancellation of a scope around, if it cut something short. If body and children had ended anyway, there is
 *    nothing to tell, and the value is returned: a value beats a cancellation of the same tick.
 * 3. The group's own time or signal, if it cut something short: a TimeoutError, or the signal's reason.
 * 4. The group's own `cancel()`, if it cut the body short: its CancelledError. Cut children alone are no error, because
 *    `cancel()` asked for exactly that.
 *
 * No error is lost, and none is told twice. `Failures` keeps each error object once, with the child it came from: a body
 * that rethrows what `join()` threw adds nothing. An error that a caller has seen, by awaiting the task or through `join()`, is
 * not thrown again when the group is disposed of. An error after the group was given up (its grace is over) goes to the
 * group around, its heir.
 */
import { quoteOf } from '../internal/errors.ts';
import { failuresOn, isInForce } from '../scope/cancellation.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { FailureOrigin, Heir } from '../scope/heir.ts';
import { tryOr } from '../internal/try-or.ts';
import { suppress } from '../internal/suppressed-errors.ts';
import { TaskGroupError } from '../internal/task-group-error.ts';
import { TimeoutError } from '../scope/timeout-error.ts';
import type { Failure } from './cleanups.ts';

/** What a failure does to a group: brings the others down, or is kept until the end. */
export type OnFailure = 'cancel' | 'continue';

// A message tells that many failures; all are in `errors`.
const MOST_TOLD = 20;

function isTaskGroupError(error: unknown): error is TaskGroupError {
  return tryOr(() => error instanceof TaskGroupError, false);
}

/** The failures of one group, in the order in which they happened, each error once. */
export class Failures {
  readonly #policy: OnFailure;
  // Most groups have none.
  #origins: Map<unknown, FailureOrigin> | undefined;
  #seen: Set<unknown> | undefined;
  readonly #scope: CancelScope;
  /** Hears of each from now on. */
  heir: Heir | undefined;
  /** What a group with `onFailure: 'cancel'` throws. */
  #first: { readonly error: unknown; readonly isFailure: boolean } | undefined;

  /** `scope`: that of the group. */
  constructor(policy: OnFailure, scope: CancelScope) {
    this.#policy = policy;
    this.#scope = scope;
  }

  get isEmpty(): boolean {
    return this.#origins === undefined;
  }

  add(error: unknown, origin: FailureOrigin): void {
    if (this.#isKnown(error)) return;
    this.heir?._straggled(error, origin);
    this.#origins ??= new Map();
    this.#origins.set(error, origin);
    const isFailure = !isInForce(this.#scope, error);
    if (this.#first === undefined || (isFailure && !this.#first.isFailure)) {
      this.#first = { error, isFailure };
    } else if (isFailure && this.#policy === 'cancel') {
      suppress(this.#first.error, [error]);
    }
  }

  addAll(errors: readonly unknown[], origin: FailureOrigin): void {
    for (const error of errors) this.add(error, origin);
  }

  // What `join()` has thrown tells nothing new when the body throws it again.
  #isKnown(error: unknown): boolean {
    const known = this.#origins;
    if (known === undefined) return false;
    if (known.has(error)) return true;
    if (!isTaskGroupError(error) || error.errors.length === 0) return false;
    return error.errors.every((part) => known.has(part));
  }

  /** Only those that no code has seen, through `join()` or by awaiting the task. */
  unobserved(): Failures {
    const rest = new Failures(this.#policy, this.#scope);
    for (const [error, origin] of this.#origins ?? []) {
      const isObserved = typeof origin === 'object' && origin._isObserved;
      if (!isObserved && this.#seen?.has(error) !== true) rest.add(error, origin);
    }
    return rest;
  }

  /** Marks what is there as seen: it was thrown to a caller. */
  observe(): void {
    this.#seen = new Set(this.#origins?.keys());
  }

  /** The one error that a group throws for all. */
  toError(groupName: string): unknown {
    if (this.#policy === 'cancel') return this.#first?.error;
    return new TaskGroupError([...(this.#origins?.keys() ?? [])], this.#summary(groupName));
  }

  #summary(groupName: string): string {
    const where = groupName === '' ? 'the task group' : `the task group "${groupName}"`;
    const failures = [...(this.#origins ?? [])];
    const told = failures.slice(0, MOST_TOLD).map(([error, origin]) => {
      const who = typeof origin === 'object' ? `"${origin.name}"` : origin;
      return `${who}: ${quoteOf(error)}`;
    });
    const untold = failures.length - told.length;
    if (untold > 0) told.push(`and ${String(untold)} more`);
    const count = failures.length === 1 ? '1 failure' : `${String(failures.length)} failures`;
    return `${count} in ${where}: ${told.join('; ')}`;
  }
}

/** What is known of a group when its end is decided. */
export interface GroupEnd {
  readonly scope: CancelScope;
  readonly failures: Failures;
  /** The instant at which it began. */
  readonly born: number;
  /** What a cancellation has cut short. */
  readonly isCut: { readonly body: boolean; readonly child: boolean; readonly wait: boolean };
}

/** What a group throws; undefined: it ends well. */
export function verdictOf(end: GroupEnd): Failure | undefined {
  const { scope, failures } = end;
  if (scope._own !== undefined) failures.addAll(failuresOn(scope._own), 'a cleanup');
  if (!failures.isEmpty) return { error: failures.toError(scope.name) };
  const { body, child, wait } = end.isCut;
  if (scope._isCancelledFromOutside()) {
    return body || child || wait ? { error: scope._parent?.reason } : undefined;
  }
  const cut = body || child ? cutShort(scope, end.born) : undefined;
  return cut ?? (body ? { error: scope.reason } : undefined);
}

/** What the group's own time or signal has made of it, if it has cut something short. */
export function cutShort(scope: CancelScope, born: number): Failure | undefined {
  const own = scope._own;
  if (own === undefined) return undefined;
  if (own.source === 'signal') return { error: own.reason };
  if (own.source !== 'deadline') return undefined;
  return { error: new TimeoutError(timeOf(scope, born), scope) };
}

/** The milliseconds that were given: those of `timeout` as they were written, else what was left until the deadline. */
function timeOf(scope: CancelScope, born: number): number {
  const { timeout, deadline } = scope._options ?? {};
  const isTimeout = timeout !== undefined && scope.deadline !== deadline;
  return Math.max(isTimeout ? timeout : scope.deadline - born, 0);
}
