import type { CancelScope } from '@ambit/core';
import { checkCall, checkFunction, show } from '@ambit/core/lowlevel';
import { checkLeaseName } from './arguments.ts';
import { checkTerms, keepLease } from './hold-lease.ts';
import type { LeaseTerms } from './hold-lease.ts';
import type { Job, JobOptions } from './job-group.ts';

/** What a job is to do. */
export interface Work<T> {
  readonly id: string;
  readonly body: (job: Job) => T | PromiseLike<T>;
  readonly lease: LeaseTerms | undefined;
}

/** What a job came to. */
export type Outcome<T> =
  | { readonly is: 'returned'; readonly value: T }
  | { readonly is: 'threw'; readonly error: unknown };

/** Checks the arguments of `run`. */
export function checkJob(id: unknown, body: unknown, options: JobOptions | undefined): void {
  const where = 'JobGroup.run';
  checkLeaseName(where, 'id', id);
  checkFunction(where, 'body', body);
  checkCall(where, options);
  const lease: unknown = options?.lease;
  if (lease === undefined) return;
  if (typeof lease !== 'object' || lease === null) {
    throw new TypeError(`${where}: lease is ${show(lease)}; give { ttl, renew }, or nothing`);
  }
  checkTerms(`${where}, lease`, lease as LeaseTerms);
}

/** The value or failure of a job belongs to the caller of `run`, not to the group. */
export async function outcomeOf<T>(scope: CancelScope, work: Work<T>): Promise<Outcome<T>> {
  const { id, body, lease } = work;
  try {
    const value = await scope.run(() =>
      lease === undefined ? body({ name: id, scope }) : keepLease(id, lease, body),
    );
    if (scope.cancelCaught) return { is: 'threw', error: reasonOf(scope) };
    return { is: 'returned', value: value as T };
  } catch (error) {
    return { is: 'threw', error };
  }
}

function reasonOf({ reason }: CancelScope): unknown {
  if (reason === undefined) return undefined;
  const isGiven = reason.source === 'signal' || reason.reason instanceof Error;
  return isGiven ? reason.reason : reason;
}
