/**
 * What a page waits for, and work that it gives to web workers.
 *
 * @packageDocumentation
 */
export { untilOnline, untilVisible } from './web/until.ts';
export { WebWorkerPool, webWorkerPool } from './web/worker-pool.ts';
export type { WebWorkerPoolStatistics } from './web/worker-pool.ts';
export type { WebWorkerPoolOptions, WorkerSource } from './web/pool-options.ts';
export type { WebWorkerRunOptions } from './web/worker-order.ts';
export type { WorkerLike } from './web/worker-thread.ts';
export { exposeToPool, transfer, workerScope } from './web/worker-side.ts';
export type { WorkerFunctions } from './web/worker-side.ts';
export { BusyResourceError } from './internal/busy-resource-error.ts';
export { BrokenWorkerError, ClosedResourceError } from './internal/worker-errors.ts';
