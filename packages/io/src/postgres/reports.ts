import { diagnosticsChannel } from '@ambit/core/lowlevel';
import type { DiagnosticsChannel } from '@ambit/core/lowlevel';

const failures: DiagnosticsChannel = diagnosticsChannel('ambit:pg:error');

/**
 * Publishes `{ operation, error }`: a cancel request, a rollback or a connection that listens has failed, where the
 * caller gets another error, or none.
 */
export function reportFailure(operation: 'cancel' | 'rollback' | 'listen', error: unknown): void {
  if (failures.hasSubscribers) failures.publish({ operation, error });
}
