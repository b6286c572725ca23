import { diagnosticsChannel as channelOfPlatform } from '#platform';
import type { Channel } from '../internal/channel.ts';

/**
 * Returns Node's `diagnostics_channel` channel of that name; on runtimes without them, one that has no subscribers.
 *
 * @param name - begins with the name of the package that publishes
 * @example
 * const acquired = diagnosticsChannel('ambit:lease:acquire');
 * if (acquired.hasSubscribers) acquired.publish({ name });
 */
export function diagnosticsChannel(name: string): Channel {
  return channelOfPlatform(name);
}

// Looked at before a message is made: without subscribers they cost a property read.

/** A `TaskMessage`: a task was spawned. Published before its function is called. */
export const taskSpawned: Channel = diagnosticsChannel('ambit:task:spawn');

/** A `TaskMessage` with `wrap`: the function of a task is about to be called. Published in the scope of the task. */
export const taskBegun: Channel = diagnosticsChannel('ambit:task:begin');

/** A `TaskMessage`: a task is done; `error` if it was not fulfilled. */
export const taskSettled: Channel = diagnosticsChannel('ambit:task:settle');

/** `{ waiter, task }`: a wait has begun; `task`: the one that waits. */
export const waitBegun: Channel = diagnosticsChannel('ambit:wait:begin');

/** `{ waiter, by }`: a wait has ended; `by`: the task that has woken or cancelled it. */
export const waitEnded: Channel = diagnosticsChannel('ambit:wait:end');

/** `{ scope, reason, source, by }`: a scope was cancelled, by itself; `by`: the task that failed, if one has. */
export const scopeCancelled: Channel = diagnosticsChannel('ambit:scope:cancel');
