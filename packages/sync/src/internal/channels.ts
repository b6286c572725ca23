import { diagnosticsChannel } from '@ambit/core/lowlevel';
import type { DiagnosticsChannel } from '@ambit/core/lowlevel';
import type { NameOptions } from './options.ts';

/** `{ queue, name }`: a queue or a channel was made. `queue.size` is how many items it stores. */
const queueOpened: DiagnosticsChannel = diagnosticsChannel('ambit:queue:open');

/** Publishes `ambit:queue:open`. */
export function announceQueue(queue: { readonly size: number }, options?: NameOptions): void {
  if (queueOpened.hasSubscribers) queueOpened.publish({ queue, name: options?.name ?? '' });
}
