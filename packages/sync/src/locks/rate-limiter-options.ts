import { checkOneOf, checkOptions, checkWhole, show } from '@ambit/core/lowlevel';
import { checkFinite } from '../internal/check.ts';
import type { NameOptions } from '../internal/options.ts';
import type { Rate } from './rate-window.ts';

/** Options for {@link RateLimiter}. */
export interface RateLimiterOptions extends NameOptions {
  /** How many permits there are in each `per`: a whole number from 1. */
  readonly permits: number;
  /** Milliseconds above 0, fractions allowed. */
  readonly per: number;
  /** The most permits at once: a whole number from 1. Default: `permits`; with a sliding window not more than that. */
  readonly burst?: number | undefined;
  /**
   * How permits are counted:
   * - `bucket` (default): a token bucket, which starts full. Permits grow evenly; after a pause a burst is
   *   followed by others as they grow, so that up to `burst + permits` may fall into one `per`.
   * - `sliding`: never more than `permits` in any `per` milliseconds, wherever they begin.
   */
  readonly window?: 'bucket' | 'sliding' | undefined;
}

/** Options for {@link RateLimiter.configure}: those that are given change. */
export interface RateOptions {
  /** How many permits there are in each `per`: a whole number from 1. */
  readonly permits?: number | undefined;
  /** Milliseconds above 0, fractions allowed. */
  readonly per?: number | undefined;
  /** The most permits at once: a whole number from 1. Without it ever given, it is `permits`. */
  readonly burst?: number | undefined;
}

/** The options as given; without a `burst`, it is `permits`. */
export interface RateSettings extends Required<Omit<RateOptions, 'burst'>> {
  readonly permits: number;
  readonly per: number;
  readonly burst: number | undefined;
}

export function checkInstant(where: string, instant: unknown): void {
  if (typeof instant === 'number' && !Number.isNaN(instant)) return;
  const wrong = typeof instant === 'number' ? RangeError : TypeError;
  throw new wrong(
    `${where}: instant is ${show(instant)}; give milliseconds of the loop's clock, as getRunningLoop().now() + 1000`,
  );
}

export function checkWindow(window: unknown): void {
  checkOneOf('RateLimiter', 'window', window, ['bucket', 'sliding']);
}

/** Checks settings together with those that they change. */
export function settingsOf(
  where: string,
  options: RateOptions | undefined,
  before?: RateSettings,
): RateSettings {
  checkOptions(where, options);
  const { permits = before?.permits, per = before?.per, burst = before?.burst } = options ?? {};
  checkWhole(where, 'permits', permits, 1);
  checkFinite(where, 'per', per);
  if (burst !== undefined) checkWhole(where, 'burst', burst, 1);
  return { permits: permits as number, per: per as number, burst };
}

export function rateOf(where: string, settings: RateSettings, window: string): Rate {
  const { permits, per, burst = permits } = settings;
  if (window === 'sliding' && burst > permits) {
    throw new RangeError(
      `${where}: burst is ${burst}, more than permits (${permits}); with window 'sliding' give permits or fewer`,
    );
  }
  return { permits, per, burst };
}
