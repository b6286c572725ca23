import { checkCount, checkFunction, checkOneOf } from '@ambit/core/lowlevel';
import { ChannelCore } from './channel-core.ts';
import type { OnFull } from './channel-core.ts';
import { announceQueue } from '../internal/channels.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions } from '../internal/options.ts';
import { ReceiveChannel } from './receive-channel.ts';
import { SendChannel } from './send-channel.ts';

/** Options for {@link channel}. */
export interface ChannelOptions<T> extends NameOptions {
  /**
   * What `send` does while there is no room: waits (default), drops the item that is stored longest, or
   * drops the new one. With a capacity of 0 nothing is stored, and both drop the new one.
   */
  readonly onFull?: OnFull | undefined;
  /**
   * Called, synchronously, exactly once with each accepted item that was not received: dropped, or left
   * when the last receiver closed. An error that it throws becomes an uncaught exception.
   */
  readonly onUndelivered?: ((item: T) => void) | undefined;
}

/**
 * Makes a channel, which hands items over from senders to receivers, first in, first out. Each end is a
 * handle that can be cloned, and is closed with its last clone; the other end is told.
 * An item goes straight to the receiver that waits longest. Tasks may go on in another order than they
 * were served in: a call that need not wait lets others run now and then.
 *
 * @param capacity - how many items are stored: a whole number from 0, or `Infinity`. 0 (default): a send
 *   waits until its item is received
 * @param options - `onFull`, `onUndelivered`; `name`: shown in the task tree
 * @returns the two ends
 * @throws RangeError or TypeError if an argument is not what it should be
 * @example
 * const [sender, receiver] = channel<Page>(10);
 * group.spawn(async () => {
 *   for (const url of urls) await sender.send(await load(url));
 *   sender.close(); // ends the loop
 * });
 * for await (const page of receiver) await index(page);
 */
export function channel<T>(
  capacity = 0,
  options?: ChannelOptions<T>,
): [SendChannel<T>, ReceiveChannel<T>] {
  checkCount('channel', 'capacity', capacity, 0);
  const label = labelOf('channel', 'channel', options);
  const { onFull = 'wait', onUndelivered } = options ?? {};
  checkOneOf('channel', 'onFull', onFull, ['wait', 'drop-oldest', 'drop-newest']);
  if (onUndelivered !== undefined) checkFunction('channel', 'onUndelivered', onUndelivered);
  const core = new ChannelCore<T>({
    ...{ label, capacity, onFull },
    onUndelivered: onUndelivered?.bind(options),
  });
  announceQueue(core, options);
  return [new SendChannel(core), new ReceiveChannel(core)];
}
