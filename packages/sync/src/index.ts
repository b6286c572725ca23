// A table of contents, in the order the tutorial teaches.

// One at a time, so many at a time
export { Lock } from './lock.ts';
export type { LockStatistics } from './lock.ts';
export type { Guard } from './guard-of.ts';
export type { NameOptions, WaitOptions } from './options.ts';
export { Semaphore, BoundedSemaphore } from './semaphore.ts';
export type { AcquireOptions, SemaphoreOptions, SemaphoreStatistics } from './semaphore.ts';
export { CapacityLimiter } from './capacity-limiter.ts';
export type { CapacityLimiterStatistics } from './capacity-limiter.ts';
export { RateLimiter } from './rate-limiter.ts';
export type { RateLimiterOptions, RateLimiterStatistics } from './rate-limiter.ts';
export { KeyedLock } from './keyed-lock.ts';
export type { KeyedLockStatistics } from './keyed-lock.ts';
export { ReadWriteLock } from './read-write-lock.ts';
export type {
  Preference,
  ReadWriteLockOptions,
  ReadWriteLockStatistics,
} from './read-write-lock.ts';
export { ResourcePool } from './resource-pool.ts';
export type { Lease, ResourcePoolStatistics } from './resource-pool.ts';
export type { ResourcePoolOptions } from './resource-pool-options.ts';
export { guard, BusyResourceError } from './guard.ts';
export type { BusyGuard } from './guard.ts';

// Something has happened
export { Event } from './event.ts';
export type { EventStatistics } from './event.ts';
export { Condition } from './condition.ts';
export type { ConditionStatistics } from './condition.ts';
export { Latch } from './latch.ts';
export type { LatchStatistics } from './latch.ts';
export { Barrier, BrokenBarrierError } from './barrier.ts';
export type { BarrierStatistics } from './barrier.ts';
export { TaskTracker } from './task-tracker.ts';
export type { TaskTrackerStatistics } from './task-tracker.ts';
export { Once } from './once.ts';
export type { OnceStatistics } from './once.ts';
export { memoize } from './memoize.ts';
export type { Memoized, MemoizeOptions, MemoizeStatistics } from './memoize.ts';

// Handing items over
