import { InvalidStateError } from '@ambit/core';
import { checkCount, checkDuration, show } from '@ambit/core/lowlevel';
import { checkLink } from './links.ts';
import type { LinkOptions } from './links.ts';

/** Options for {@link SimulatedNetwork}. @beta */
export interface SimulatedNetworkOptions extends LinkOptions {
  /** A whole number that decides all that is drawn. Default: 1. */
  readonly seed?: number | undefined;
  /** Milliseconds after which connecting to a host that does not answer fails with ETIMEDOUT. Default: 127,000. */
  readonly connectTimeout?: number | undefined;
  /** The time of day when the loop's clock is 0. Default: 2026-01-01. */
  readonly date?: Date | undefined;
}

export function checkNetworkOptions(
  where: string,
  options: SimulatedNetworkOptions | undefined,
): void {
  checkLink(where, options);
  const { seed, connectTimeout, date } = options ?? {};
  if (seed !== undefined) checkCount(where, 'seed', seed, 0);
  if (connectTimeout !== undefined) checkDuration(where, 'connectTimeout', connectTimeout);
  if (date !== undefined && !isDate(date)) {
    const cure = "give new Date('2026-01-01')";
    throw new TypeError(`${where}: date is ${show(date)}, not a valid Date; ${cure}`);
  }
}

/** Refuses hosts between which there is no link: both sides are the same one. */
export function refuseSame(where: string, [host]: readonly { readonly name: string }[]): never {
  throw new TypeError(`${where}: a and b are both host "${String(host?.name)}"; give two hosts`);
}

function isDate(value: unknown): boolean {
  const { getTime } = (value ?? {}) as Partial<Date>;
  return typeof getTime === 'function' && !Number.isNaN(getTime.call(value as Date));
}

export function checkRuntime(): void {
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  if (bun === undefined && deno === undefined) return;
  const name = bun === undefined ? 'Deno' : 'Bun';
  throw new InvalidStateError(`SimulatedNetwork: ${name} is not supported; run it on Node`);
}
