import { park, splitOptions } from '@ambit/core/lowlevel';
import type { SignalOptions } from '@ambit/core/lowlevel';
import { detached } from '@ambit/core';
import { checkClient, checkWords, send } from './redis-client.ts';
import type { RedisClient, RedisWord } from './redis-client.ts';

/**
 * Sends a command that Redis answers at once, and waits for the reply. Redis cannot take a command back: if the call is
 * cancelled, it stops waiting, and a command that has been sent is executed anyway. In a cancelled scope nothing is sent.
 * A command that the client still keeps, since it is not connected, is taken back by node-redis; ioredis sends it later,
 * unless it has `enableOfflineQueue: false`.
 *
 * @beta
 * @param client - of ioredis, iovalkey or node-redis
 * @param name - of the command
 * @param input - its other words. Options may come after them: `signal` ends the wait too
 * @returns the reply, as the client gives it
 * @throws (rejects) the client's error; the ambient scope's CancelledError; `signal.reason`; TypeError for bad arguments
 * @example
 * const value = await command<string | null>(redis, 'GET', 'key');
 */
export async function command<T = unknown>(
  client: RedisClient,
  name: string,
  ...input: readonly RedisWord[] | readonly [...args: RedisWord[], options: SignalOptions]
): Promise<T> {
  const [args, options] = splitOptions<RedisWord>('command', input);
  checkClient('command', client);
  checkWords('command', name, args);
  return park<T>(
    (waker) => {
      const controller = new AbortController();
      const sending = detached(async () => send(client, [name, ...args], controller.signal));
      sending.then(
        (reply) => waker.wake(reply as T),
        (error: unknown) => waker.fail(error),
      );
      return () => controller.abort();
    },
    { name: `the reply to ${name}`, signal: options?.signal },
  );
}
