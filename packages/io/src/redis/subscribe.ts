import { CancelScope, moveOnAfter, shield } from '@ambit/core';
import { park, show, splitOptions, throwIfCancelled } from '@ambit/core/lowlevel';
import type { SignalOptions } from '@ambit/core/lowlevel';
import { EventStream } from '../events/event-stream.ts';
import { OwnConnection } from './own-connection.ts';
import { checkClient, isIoredis } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';
import { reportFailure } from './reports.ts';

/** What came over a channel. @beta */
export interface RedisMessage {
  /** The channel that it was published to. */
  readonly channel: string;
  /** Its text. */
  readonly message: string;
}

/** Milliseconds for a connection to close. */
const GRACE = 1000;

/**
 * Iterates the messages of channels, on a connection of its own, which is made by the client's `duplicate()`. It begins at
 * the call and keeps what comes before it is asked for. A connection that is lost is replaced by the client's options,
 * and each of its errors is published on `ambit:redis:error`; messages of the time between are lost: Redis keeps none. The
 * end of a `for await` loop, `return()`, `close()`, and the end of the group around the call end it, and wait until the
 * connection is closed. So does the end of the client.
 *
 * @beta
 * @param client - of ioredis, iovalkey or node-redis, of a single server
 * @param input - the names of channels, one or more. Options may come after them: `signal` ends the iteration
 * @returns the messages, as they come
 * @throws TypeError for bad arguments; `next()` rejects with the ambient scope's CancelledError, with `signal.reason`, and with a
 *   BrokenResourceError when the client has given up connecting, or was closed
 * @example
 * for await (const { channel, message } of subscribe(redis, 'news', 'weather')) show(channel, message);
 */
export function subscribe(
  client: RedisClient,
  ...input: readonly string[] | readonly [...channels: string[], options: SignalOptions]
): EventStream<RedisMessage> {
  const [channels, options] = splitOptions<string>('subscribe', input);
  checkClient('subscribe', client);
  checkChannels(channels);
  const scope = new CancelScope({ name: `subscribe ${channels.join(' ')}` });
  const stream = new EventStream<RedisMessage>({
    label: `the next message of ${channels.join(', ')}`,
    limit: Infinity,
    onFull: 'drop-oldest',
    signal: options?.signal,
    stop: () => {
      scope.cancel();
      return working;
    },
  });
  const working: Promise<void> = scope
    .run(() => {
      throwIfCancelled(options);
      return follow(client, channels, stream);
    })
    .then(undefined, (error: unknown) => stream._fail(error));
  return stream;
}

function checkChannels(channels: readonly unknown[]): void {
  if (channels.length === 0) throw new TypeError('subscribe: channels is empty; give one at least');
  for (const channel of channels) {
    if (typeof channel === 'string' && channel !== '') continue;
    throw new TypeError(`subscribe: a channel is ${show(channel)}; give names that are not empty`);
  }
}

async function follow(
  client: RedisClient,
  channels: readonly string[],
  stream: EventStream<RedisMessage>,
): Promise<never> {
  const own = OwnConnection.lasting(client);
  own.client.on('error', (error) => reportFailure('subscribe', error));
  const close = (): void => own.destroy();
  client.on('end', close);
  try {
    return await park<never>(
      (waker) => {
        own.onEnd(() => waker.fail(own.failure('subscribe')));
        begin(own, channels, stream).catch((error: unknown) => waker.fail(error));
      },
      { name: 'the end of the connection to Redis' },
    );
  } finally {
    client.removeListener('end', close);
    own.destroy();
    await shield(() => moveOnAfter(GRACE, () => closed(own)));
  }
}

async function begin(
  own: OwnConnection,
  channels: readonly string[],
  stream: EventStream<RedisMessage>,
): Promise<void> {
  const hear = (channel: string, message: string): void => stream._put({ channel, message });
  const { client } = own;
  if (isIoredis(client)) {
    client.on('message', hear);
    // It connects by itself, and again: a first attempt that fails is not the last.
    await client.subscribe(...channels);
    return;
  }
  await client.connect();
  await client.subscribe([...channels], (message, channel) => hear(channel, message));
}

function closed(own: OwnConnection): Promise<void> {
  return park<void>((waker) => own.onEnd(() => waker.wake()), {
    name: 'the end of the connection to Redis',
  });
}
