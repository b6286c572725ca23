import { diagnosticsChannel } from '@ambit/core/lowlevel';
import type { DiagnosticsChannel } from '@ambit/core/lowlevel';

/** `{ name, holder, fence, waited }`: a lease was granted, after `waited` milliseconds. */
export const leaseAcquired: DiagnosticsChannel = diagnosticsChannel('ambit:lease:acquire');

/** `{ name, holder, fence }`: a lease was released. */
export const leaseReleased: DiagnosticsChannel = diagnosticsChannel('ambit:lease:release');

/** `{ name, holder, fence, why }`: a lease was lost. */
export const leaseLost: DiagnosticsChannel = diagnosticsChannel('ambit:lease:lost');

const storeFailed: DiagnosticsChannel = diagnosticsChannel('ambit:lease:error');

/** Publishes `{ operation, name, error }`: the store failed where no caller gets an exception. */
export function reportStoreFailure(operation: string, name: string, error: unknown): void {
  if (storeFailed.hasSubscribers) storeFailed.publish({ operation, name, error });
}
