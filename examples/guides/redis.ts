// Redis under the scope: commands with a time limit, workers on a list that lose no item, and messages of channels.
import { isCancelled, shield, taskGroup, timeout } from '@ambit/core';
import { blocking, command, subscribe } from '@ambit/io/redis';
import type { Redis } from 'ioredis';

// #region command
/** Returns the price of an item from the cache, or from the shop if Redis does not reply within 100 ms. */
export async function price(
  redis: Redis,
  item: string,
  ask: () => Promise<number>,
): Promise<number> {
  try {
    const cached = await timeout(100, () => command<string | null>(redis, 'GET', `price:${item}`));
    if (cached !== null) return Number(cached);
  } catch (error) {
    if (isCancelled(error)) throw error;
    console.error('no cache:', (error as Error).message);
  }
  return ask();
}
// #endregion command

// #region blocking
/** Takes jobs from a list until it is cancelled. A job that was taken is done, or back in the list. */
export async function work(redis: Redis, run: (job: string) => Promise<void>): Promise<never> {
  for (;;) {
    const job = await blocking<string>(redis, 'BLMOVE', 'jobs', 'running', 'LEFT', 'RIGHT', 0);
    try {
      await run(job);
    } catch (error) {
      await shield(() => command(redis, 'LPUSH', 'jobs', job), { timeout: 1000 });
      throw error;
    } finally {
      await shield(() => command(redis, 'LREM', 'running', 1, job), { timeout: 1000 });
    }
  }
}
// #endregion blocking

// #region subscribe
/** Keeps values of a configuration up to date until it is cancelled. */
export async function follow(redis: Redis, config: Map<string, string>): Promise<void> {
  await taskGroup(async () => {
    for await (const { channel, message } of subscribe(redis, 'limit', 'feature')) {
      config.set(channel, message);
    }
  });
}
// #endregion subscribe
