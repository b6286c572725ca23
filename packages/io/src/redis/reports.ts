import { diagnosticsChannel } from '@ambit/core/lowlevel';
import type { DiagnosticsChannel } from '@ambit/core/lowlevel';

const failures: DiagnosticsChannel = diagnosticsChannel('ambit:redis:error');

/** Publishes `{ operation, error }`: a connection of ours has failed where the caller gets another error, or none. */
export function reportFailure(operation: 'unblock' | 'subscribe', error: unknown): void {
  if (failures.hasSubscribers) failures.publish({ operation, error });
}
