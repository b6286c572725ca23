import { checkOptions, checkWhole, show } from '@ambit/core/lowlevel';
import type { LeaseStore } from './lease-store.ts';

/** Options for {@link DistributedLock}, {@link DistributedSemaphore}, {@link elect} and {@link runOnce}. @beta */
export interface LeaseOptions {
  /** Milliseconds after which a lease that is not renewed runs out: at least 50. Default 10,000. */
  readonly ttl?: number | undefined;
  /**
   * Milliseconds before the end of the lease at which its body is cancelled, so that it can end in time: at most half
   * of `ttl`. Default `ttl / 5`.
   */
  readonly margin?: number | undefined;
  /** Milliseconds between two questions while another node holds it, on average: at least 1. Default 200. */
  readonly poll?: number | undefined;
  /** Milliseconds that a release, or taking back a request, may hold up its caller. Default 1000. */
  readonly grace?: number | undefined;
  /** Names this node in `holders()`. Default: names the process. */
  readonly identity?: string | undefined;
}

/** Options that say how long things take, checked and with their defaults. */
export interface Timing {
  readonly ttl: number;
  readonly margin: number;
  readonly poll: number;
  readonly grace: number;
}

const MAX_NAME = 512;
const MIN_TTL = 50;
const STORE_METHODS = ['acquire', 'renew', 'release', 'revoke', 'holders', 'take'] as const;

/** A name of a lease, or of a holder: 1 to 512 characters of any kind. */
export function checkLeaseName(where: string, argument: string, value: unknown): void {
  if (typeof value !== 'string') {
    throw new TypeError(`${where}: ${argument} is ${show(value)}, not a string; give a string`);
  }
  if (value.length > 0 && value.length <= MAX_NAME) return;
  throw new RangeError(
    `${where}: ${argument} has ${value.length} characters; give 1 to ${MAX_NAME}`,
  );
}

/** A finite number of milliseconds of at least `least`. */
export function checkMilliseconds(
  where: string,
  argument: string,
  value: unknown,
  least = 0,
): void {
  if (typeof value !== 'number') {
    throw new TypeError(`${where}: ${argument} is ${show(value)}, not a number; give milliseconds`);
  }
  if (value >= least && value < Infinity) return;
  throw new RangeError(
    `${where}: ${argument} is ${value}; give a finite number of milliseconds from ${least}`,
  );
}

export function checkPermits(where: string, argument: string, value: unknown): void {
  checkWhole(where, argument, value, 1);
}

export function checkStore(where: string, store: LeaseStore | null | undefined): void {
  const missing = STORE_METHODS.find((method) => typeof store?.[method] !== 'function');
  if (missing === undefined) return;
  throw new TypeError(
    `${where}: store has no ${missing}(); give what memoryStore, redisStore or postgresStore makes`,
  );
}

/** The time to live and the margin of a lease. */
export function termOf(
  where: string,
  options: { readonly ttl?: unknown; readonly margin?: unknown },
): { ttl: number; margin: number } {
  const { ttl = 10_000 } = options;
  checkMilliseconds(where, 'ttl', ttl, MIN_TTL);
  const longest = (ttl as number) / 2;
  const { margin = (ttl as number) / 5 } = options;
  checkMilliseconds(where, 'margin', margin);
  if ((margin as number) > longest) {
    throw new RangeError(
      `${where}: margin is ${String(margin)}, more than half of ttl (${String(ttl)}); give at most ${longest}`,
    );
  }
  return { ttl: ttl as number, margin: margin as number };
}

export function timingOf(where: string, options: LeaseOptions | undefined): Timing {
  checkOptions(where, options);
  const { poll = 200, grace = 1000 } = options ?? {};
  const term = termOf(where, options ?? {});
  checkMilliseconds(where, 'poll', poll, 1);
  checkMilliseconds(where, 'grace', grace);
  return { ...term, poll, grace };
}
