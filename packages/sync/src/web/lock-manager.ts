import { InvalidStateError } from '@ambit/core';

/** What is used of the platform's `LockManager`. */
export interface LockManager {
  request(
    name: string,
    options: LockRequest,
    callback: (lock: unknown) => PromiseLike<void> | undefined,
  ): Promise<unknown>;
  query(): Promise<{ readonly held: readonly Entry[]; readonly pending: readonly Entry[] }>;
}

/** How a lock is asked for. */
export interface LockRequest {
  readonly mode: 'exclusive' | 'shared';
  readonly signal?: AbortSignal;
  readonly ifAvailable?: boolean;
}

interface Entry {
  readonly name: string;
  readonly mode: string;
}

/** @throws InvalidStateError on a platform without Web Locks */
export function lockManager(): LockManager {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: LockManager } };
  if (navigator?.locks !== undefined) return navigator.locks;
  throw new InvalidStateError(
    'WebLock: there is no navigator.locks here; it needs a page of https or localhost, a worker of one, Deno, or ' +
      'Node 24.5 or newer. Use Lock within one process, and @ambit/sync/lease across processes',
  );
}
