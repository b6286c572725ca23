import { diagnosticsChannel } from '#platform';
import type { Channel } from './internal/channel.ts';

// Looked at before a message is made: without subscribers they cost a property read.

/** `{ task }`: a task was spawned. Published before its function is called. */
export const taskSpawned: Channel = diagnosticsChannel('ambit:task:spawn');

/** `{ task, status, error }`: a task is done; `error` if it was not fulfilled. */
export const taskSettled: Channel = diagnosticsChannel('ambit:task:settle');

/** `{ scope, reason }`: a scope was cancelled, by itself. */
export const scopeCancelled: Channel = diagnosticsChannel('ambit:scope:cancel');
