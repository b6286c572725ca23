// A table of contents, in the order the tutorial teaches.

// A limited number at a time
export { Lock } from './locks/lock.ts';
export type { LockStatistics } from './locks/lock.ts';
export type { Guard } from './locks/guard-of.ts';
export type { NameOptions, WaitOptions as SignalOptions } from './internal/options.ts';
export { Semaphore, BoundedSemaphore } from './locks/semaphore.ts';
export type { AcquireOptions, SemaphoreOptions, SemaphoreStatistics } from './locks/semaphore.ts';
export { CapacityLimiter } from './locks/capacity-limiter.ts';
export type { CapacityLimiterStatistics } from './locks/capacity-limiter.ts';
export { RateLimiter } from './locks/rate-limiter.ts';
export type { RateLimiterStatistics } from './locks/rate-limiter.ts';
export type { RateLimiterOptions, RateOptions } from './locks/rate-limiter-options.ts';
export { Budget } from './locks/budget.ts';
export type { BudgetExcess, BudgetStatistics } from './locks/budget.ts';
export type { Excess } from './locks/budget-level.ts';
export { BudgetExceededError } from './locks/budget-exceeded-error.ts';
export type { Reservation } from './locks/reservation.ts';
export { KeyedLock } from './locks/keyed-lock.ts';
export type { KeyedLockStatistics } from './locks/keyed-lock.ts';
export { ReadWriteLock } from './locks/read-write-lock.ts';
export type {
  Preference,
  ReadWriteLockOptions,
  ReadWriteLockStatistics,
} from './locks/read-write-lock.ts';
export { ResourcePool } from './locks/resource-pool.ts';
export type { Lease } from './locks/lease.ts';
export type { ResourcePoolOptions, ResourcePoolStatistics } from './locks/resource-pool-options.ts';
export { guard } from './locks/guard.ts';
export { BusyResourceError } from '@ambit/core/lowlevel';
export type { BusyGuard, BusyGuardStatistics } from './locks/guard.ts';

// Something has happened
export { Event } from './signals/event.ts';
export type { EventStatistics } from './signals/event.ts';
export { Condition } from './signals/condition.ts';
export type { ConditionStatistics } from './signals/condition.ts';
export { Latch } from './signals/latch.ts';
export type { LatchStatistics } from './signals/latch.ts';
export { Barrier, BrokenBarrierError } from './signals/barrier.ts';
export type { BarrierStatistics } from './signals/barrier.ts';
export { TaskTracker } from './signals/task-tracker.ts';
export type { TaskTrackerStatistics } from './signals/task-tracker.ts';
export { Once } from './signals/once.ts';
export type { OnceStatistics } from './signals/once.ts';
export { memoize } from './signals/memoize.ts';
export type {
  AsyncFunction,
  Memoized,
  MemoizeOptions,
  MemoizeStatistics,
  Memory,
} from './signals/memoize.ts';

// Handing items over
export { Queue } from './queues/queue.ts';
export type { QueueOptions, QueueStatistics } from './queues/queue-options.ts';
export { PriorityQueue } from './queues/priority-queue.ts';
export type { PriorityQueueOptions } from './queues/priority-queue.ts';
export { LifoQueue } from './queues/lifo-queue.ts';
export { channel } from './channels/channel.ts';
export type { ChannelOptions } from './channels/channel.ts';
export type { OnFull } from './channels/channel-core.ts';
export type { ChannelStatistics } from './channels/channel-statistics.ts';
export { SendChannel } from './channels/send-channel.ts';
export type { SendPermit } from './channels/permit.ts';
export { ReceiveChannel } from './channels/receive-channel.ts';
export { select } from './channels/select.ts';
export type { Select, Selected } from './channels/select.ts';
export type { Clause } from './channels/select-clauses.ts';
export type { Subscription, Ready } from './internal/item-source.ts';
export { Broadcast } from './broadcast/broadcast.ts';
export type { BroadcastOptions, BroadcastStatistics } from './broadcast/broadcast.ts';
export { Watch } from './broadcast/watch.ts';
export type { WatchStatistics } from './broadcast/watch.ts';
export {
  QueueShutDownError,
  EndOfChannelError,
  BrokenChannelError,
  ClosedError,
  LaggedError,
} from './internal/errors.ts';
