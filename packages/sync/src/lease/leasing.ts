import type { LeaseStore } from './lease-store.ts';

/** Returned by `statistics()` of a `DistributedLock` or `DistributedSemaphore`: counts of this object. @beta */
export interface LeaseStatistics {
  /** Callers of `acquire` and `run` that wait now. */
  readonly waiting: number;
  /** Leases held now. */
  readonly held: number;
  /** Leases granted so far. */
  readonly granted: number;
  /** Leases lost so far. */
  readonly lost: number;
}

/** What tells a lock from a semaphore. */
export interface Leasing {
  /** The class, for messages. */
  readonly where: string;
  /** For the task tree. */
  readonly kind: 'lock' | 'semaphore';
  readonly store: LeaseStore;
  readonly name: string;
  /** How many hold it at a time. */
  readonly permits: number;
}
