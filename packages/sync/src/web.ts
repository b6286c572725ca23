/**
 * Locks and broadcasts across the tabs and workers of an origin.
 *
 * @packageDocumentation
 */
export { WebLock } from './web/web-lock.ts';
export type { WebLockOptions, WebLockStatistics } from './web/web-lock.ts';
export type { WebGuard } from './web/web-hold.ts';
export { LockStolenError } from './web/errors.ts';
export { WebBroadcast } from './web/web-broadcast.ts';
export type { WebBroadcastOptions } from './web/web-broadcast.ts';
