import { checkNumber, checkOneOf, checkTime } from '../internal/check.ts';

/** How the pauses between attempts grow. */
export interface Backoff {
  /** Milliseconds before the second attempt. Default 100. */
  readonly delay?: number | undefined;
  /** What the delay is multiplied by after each further one. Default 2. */
  readonly factor?: number | undefined;
  /** Milliseconds that the delay never exceeds. Default 30,000. */
  readonly maxDelay?: number | undefined;
  /** `'full'` (default): a random part of the delay, so that clients do not retry in step; `'none'`. */
  readonly jitter?: 'full' | 'none' | undefined;
}

/** The milliseconds to wait after an attempt. `random`: from 0 to 1. */
export function delayAfter(attempt: number, backoff: Backoff, random: () => number): number {
  const { delay = 100, factor = 2, maxDelay = 30_000, jitter = 'full' } = backoff;
  // Infinite growth of no delay at all is no delay.
  const growth = Math.min(factor ** (attempt - 1), Number.MAX_VALUE);
  const longest = Math.min(Math.max(delay, 0) * growth, maxDelay);
  return jitter === 'full' ? random() * longest : longest;
}

export function checkBackoff(where: string, backoff: Backoff): void {
  for (const key of ['delay', 'maxDelay'] as const) {
    if (backoff[key] !== undefined) checkTime(where, key, backoff[key]);
  }
  if (backoff.factor !== undefined) checkFactor(where, backoff.factor);
  if (backoff.jitter !== undefined) checkOneOf(where, 'jitter', backoff.jitter, ['full', 'none']);
}

function checkFactor(where: string, factor: unknown): void {
  const cure = 'give a number from 0';
  checkNumber(where, 'factor', factor, cure);
  if (!(factor >= 0)) throw new RangeError(`${where}: factor is ${String(factor)}; ${cure}`);
}
