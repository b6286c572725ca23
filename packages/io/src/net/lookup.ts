import { checkOptions, checkSignal, park } from '@ambit/core/lowlevel';
import type { LookupAddress } from 'node:dns';
import { node } from '../node.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkString } from '../check.ts';

/** An IP address of a host. */
export interface ResolvedAddress {
  /** As numbers: `127.0.0.1`, `::1`. */
  readonly address: string;
  /** IPv4 or IPv6. */
  readonly family: 4 | 6;
}

/**
 * Waits for the addresses of a host, as the system knows them (`/etc/hosts` too), in its order. The system cannot be
 * interrupted at that: a lookup that is cancelled ends at once, and what it still finds is dropped.
 *
 * @param host - a name, or an address, which is its own answer
 * @returns at least one address
 * @throws (rejects) Node's error, `ENOTFOUND` mostly; TypeError for what is no name; the ambient scope's CancelledError;
 *   `signal.reason`
 * @example
 * const [first] = await lookup('example.org');
 */
export async function lookup(
  host: string,
  options?: WaitOptions,
): Promise<readonly ResolvedAddress[]> {
  checkString('lookup', 'host', host);
  checkOptions('lookup', options);
  checkSignal('lookup', options?.signal);
  const found = await park<LookupAddress[]>(
    (waker) => {
      node.dns.lookup(host, { all: true }, (error, addresses) => {
        if (error === null) waker.wake(addresses);
        else waker.fail(error);
      });
    },
    { signal: options?.signal, name: () => `look up ${host}` },
  );
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}

/**
 * The order in which to try them: the families take turns, so that one that does not work costs one delay only.
 * The first stays the first: the system prefers it.
 */
export function interleave(addresses: readonly ResolvedAddress[]): ResolvedAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const second = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const order: ResolvedAddress[] = [];
  for (let at = 0; at < Math.max(first.length, second.length); at += 1) {
    order.push(...first.slice(at, at + 1), ...second.slice(at, at + 1));
  }
  return order;
}
