// Beyond one process

export { DistributedLock } from './lease/distributed-lock.ts';
export { DistributedSemaphore } from './lease/distributed-semaphore.ts';
export type { HeldLease, InScope, KeptLease, SemaphoreLease } from './lease/held-lease.ts';
export type { LeaseOptions } from './lease/arguments.ts';
export type { LeaseStatistics } from './lease/leasing.ts';
export { DistributedRateLimiter } from './lease/distributed-rate-limiter.ts';
export type {
  DistributedRateLimiterOptions,
  TakeOptions,
} from './lease/distributed-rate-limiter.ts';
export { elect } from './lease/elect.ts';
export { runOnce } from './lease/run-once.ts';
export type { RunOnceOptions, RunOnceResult } from './lease/run-once.ts';

// Leases of others, and their jobs
export { holdLease } from './lease/hold-lease.ts';
export type { HoldLeaseOptions, LeaseTerms } from './lease/hold-lease.ts';
export { jobGroup } from './lease/job-group.ts';
export type { Job, JobGroup, JobGroupOptions, JobOptions } from './lease/job-group.ts';

// What the resource checks
export { FenceGate } from './lease/fence-gate.ts';
export { LeaseLostError, LeaseStoreError, StaleFenceError } from './lease/errors.ts';
export type { LossReason, LostLease } from './lease/errors.ts';

// Where leases are kept
export { memoryStore } from './lease/memory-store.ts';
export type {
  LeaseChange,
  LeaseGrant,
  LeaseHolder,
  LeaseKey,
  LeaseRequest,
  LeaseStore,
  RateRequest,
} from './lease/lease-store.ts';
export type { WaitOptions as SignalOptions } from './internal/options.ts';
