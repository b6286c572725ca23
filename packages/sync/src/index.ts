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
export { Queue } from './queue.ts';
export type { QueueOptions, QueueStatistics } from './queue.ts';
export { PriorityQueue } from './priority-queue.ts';
export type { PriorityQueueOptions } from './priority-queue.ts';
export { LifoQueue } from './lifo-queue.ts';
export { channel } from './channel.ts';
export type { ChannelOptions } from './channel.ts';
export type { OnFull } from './channel-core.ts';
export type { ChannelStatistics } from './channel-statistics.ts';
export { SendChannel } from './send-channel.ts';
export type { SendPermit } from './permit.ts';
export { ReceiveChannel } from './receive-channel.ts';
export { select } from './select.ts';
export type { Select, Selected } from './select.ts';
export type { Clause } from './select-clauses.ts';
export type { Subscription, Taken } from './feed.ts';
export { Broadcast } from './broadcast.ts';
export type { BroadcastOptions, BroadcastStatistics } from './broadcast.ts';
export { Watch } from './watch.ts';
export type { WatchStatistics } from './watch.ts';
export {
  QueueShutDownError,
  EndOfChannelError,
  BrokenChannelError,
  ClosedError,
  LaggedError,
} from './errors.ts';
