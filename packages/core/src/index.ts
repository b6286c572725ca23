import './program/with-debug-tools.ts';

export { run } from './program/run.ts';
export { createTask, getRunningLoop } from './program/create-task.ts';
export type { RunOptions } from './program/run-options.ts';
export type { SignalName } from './internal/signal-name.ts';
export { taskGroup } from './tasks/run-group.ts';
export { TaskGroup } from './tasks/task-group.ts';
export { Task } from './tasks/task.ts';
export { currentTask } from './tasks/current-group.ts';
export type { Spawnable, TaskFunction } from './tasks/task.ts';
export type { GroupCore } from './tasks/group-core.ts';
export type { GroupIntake } from './tasks/group-intake.ts';
export type { OnFailure } from './tasks/group-outcome.ts';
export type { BindOptions } from './tasks/bind.ts';
export type { TaskGroupOptions, SpawnOptions, StartOptions } from './tasks/group-options.ts';
export type { TaskState } from './tasks/task.ts';
export { timeout, timeoutAt, moveOnAfter, moveOnAt } from './combinators/timeouts.ts';
export { waitFor } from './combinators/wait-for.ts';
export type { ScopedBody, TimeoutOptions } from './combinators/timeouts.ts';
export { idleTimeout } from './combinators/idle-timeout.ts';
export type { IdleClock, IdleTimeoutOptions } from './combinators/idle-timeout.ts';
export type { SignalOptions } from './internal/signal-options.ts';
export { sleep, sleepUntil, sleepForever } from './waiting/sleep.ts';
export type { SleepOptions } from './waiting/sleep.ts';
export { checkpoint, yieldNow, throwIfCancelled } from './waiting/checkpoint.ts';
export { gather } from './combinators/gather.ts';
export type {
  GatherOptions,
  Results,
  SettledResults,
  TaskFunctions,
} from './combinators/gather.ts';
export { gatherSettled } from './combinators/gather-settled.ts';
export type { GatherSettledOptions } from './combinators/gather-settled.ts';
export { race } from './combinators/race.ts';
export type { Contender, ResultOf } from './combinators/contest.ts';
export { any } from './combinators/any.ts';
export type { AnyOptions } from './combinators/any.ts';
export { wait } from './combinators/wait.ts';
export { asCompleted } from './combinators/as-completed.ts';
export type {
  CompletedTasks,
  ElementOf,
  TaskIterator,
  TaskLike,
  TaskOf,
} from './combinators/as-completed.ts';
export type { WaitOptions } from './combinators/wait.ts';
export { concurrentMap, concurrentForEach } from './combinators/concurrent-map.ts';
export type { ConcurrencyOptions, Source } from './combinators/concurrent-map.ts';
export { retry } from './combinators/retry.ts';
export type { RetryPolicy } from './combinators/retry.ts';
export { supervise } from './combinators/supervise.ts';
export type { SuperviseOptions } from './combinators/supervise.ts';
export { schedule } from './combinators/schedule.ts';
export type { Overlap, ScheduleOptions } from './combinators/schedule.ts';
export type { OnceStore } from './combinators/tick-claim.ts';
export { circuitBreaker, CircuitOpenError } from './combinators/circuit-breaker.ts';
export type {
  CircuitBreaker,
  CircuitBreakerOptions,
  CircuitState,
} from './combinators/circuit-breaker.ts';
export type { Backoff } from './combinators/backoff.ts';
export { detached } from './combinators/detached.ts';
export { CancelScope } from './scope/cancel-scope.ts';
export type { AnyScope } from './scope/any-scope.ts';
export { currentScope } from './scope/current-scope.ts';
export type { ScopeCore } from './scope/scope-core.ts';
export type { ScopeNode } from './scope/scope-node.ts';
export type { ScopeOptions } from './scope/scope-options.ts';
export type { DrainOptions } from './scope/draining.ts';
export { CancelledError, isCancelled } from './scope/cancelled-error.ts';
export type { CancelDetails, CancelSource } from './scope/cancelled-error.ts';
export { shield } from './combinators/shield.ts';
export type { ShieldOptions } from './combinators/shield.ts';
export { TimeoutError } from './scope/timeout-error.ts';
export { StragglersError } from './scope/stragglers-error.ts';
export type { Straggler } from './scope/stragglers-error.ts';
export { TaskGroupError } from './internal/task-group-error.ts';
export { InvalidStateError } from './internal/errors.ts';
export { LoopNotRunningError } from './internal/loop-not-running-error.ts';
export { suppressedErrors } from './internal/suppressed-errors.ts';
export { Future } from './waiting/future.ts';
export type { FutureState } from './waiting/future.ts';
export type { Outcome } from './waiting/outcome.ts';
export { ContextVar, contextSnapshot } from './scope/context-var.ts';
export { defineResource, use } from './tasks/resource.ts';
export { ResourceStack } from './tasks/resource-stack.ts';
export type { Failure, OpenResource, Resource } from './tasks/cleanups.ts';
export { allTasks, taskTree, formatTaskTree } from './program/task-tree.ts';
export type { TaskTreeNode } from './program/survey.ts';
export type { EventLoop, Handle } from './loop/event-loop.ts';
