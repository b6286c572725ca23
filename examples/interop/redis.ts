// ioredis knows no signal, and Redis no way to take a command back: one can stop waiting, or close the connection.
import { throwIfCancelled } from '@ambit/core';
import { abortable } from '@ambit/core/abort';
import type { Redis } from 'ioredis';

// #region redis
/**
 * A command that is answered at once, `redis.get(…)` say. Cancelled, nobody waits for it any more; it has been sent all
 * the same, and Redis carries it out. The connection stays in use: answers come in order, and this one is dropped.
 */
export async function command<T>(send: () => Promise<T>): Promise<T> {
  throwIfCancelled();
  return abortable(send());
}

/**
 * A command that blocks, `BLPOP` say, on a connection of its own. Cancelled, that is closed, and with it Redis forgets
 * the command. An item that is on its way at this moment is lost: where that matters use `BLMOVE`, or a stream and a group.
 */
export async function blocking<T>(
  redis: Redis,
  send: (connection: Redis) => Promise<T>,
): Promise<T> {
  throwIfCancelled();
  const connection = redis.duplicate();
  // Told to the command as well.
  connection.on('error', () => undefined);
  try {
    return await abortable(send(connection));
  } finally {
    connection.disconnect();
  }
}
// #endregion redis
