import { setTimeout as pause } from 'node:timers/promises';

export interface RetryOptions {
  readonly attempts: number;
  readonly delay: number;
  readonly maxDelay?: number;
  readonly when?: (error: unknown) => boolean;
  readonly signal: AbortSignal;
}

/** Calls a function until it succeeds, with growing pauses. */
export async function retry<T>(fn: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, maxDelay = Infinity, when = () => true, signal } = options;
  let { delay } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fn();
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= attempts || !when(error)) throw error;
    }
    await pause(delay * Math.random(), undefined, { signal });
    delay = Math.min(delay * 2, maxDelay);
  }
}
