import { getRunningLoop } from '@ambit/core';
import type {
  LeaseChange,
  LeaseGrant,
  LeaseHolder,
  LeaseKey,
  LeaseRequest,
  LeaseStore,
  RateRequest,
} from './lease-store.ts';

interface Held {
  until: number;
  readonly fence: number;
  revoked: boolean;
}

interface Entry {
  fence: number;
  readonly holders: Map<string, Held>;
}

/** Sums of fractions of milliseconds are not exact. */
const ROUNDING = 1e-6;

/**
 * Makes a store that lives in this process, on the clock of the running loop: for tests on virtual time, and for
 * programs that do not need another machine yet.
 *
 * @beta
 * @returns the store
 * @example
 * const lock = new DistributedLock(memoryStore(), 'nightly report');
 */
export function memoryStore(): LeaseStore {
  return new MemoryStore();
}

/* eslint-disable @typescript-eslint/require-await -- the port is asynchronous; what throws here rejects */
class MemoryStore implements LeaseStore {
  readonly listening = true;
  readonly #names = new Map<string, Entry>();
  /** The instant at which each bucket is full. */
  readonly #rates = new Map<string, number>();
  readonly #callbacks = new Set<(name: string, change: LeaseChange) => void>();

  async acquire(request: LeaseRequest & { readonly limit: number }): Promise<LeaseGrant> {
    const { name, holder, ttl, limit } = request;
    const entry = this.#live(name);
    const known = entry.holders.get(holder);
    if (known === undefined ? entry.holders.size >= limit : known.revoked) {
      const earliest = Math.min(...[...entry.holders.values()].map(({ until }) => until));
      return { granted: false, retryAfter: earliest - now() };
    }
    const fence = known?.fence ?? (entry.fence += 1);
    entry.holders.set(holder, { until: now() + ttl, fence, revoked: false });
    return { granted: true, fence };
  }

  async renew({ name, holder, ttl }: LeaseRequest): Promise<'held' | 'revoked' | 'gone'> {
    const held = this.#live(name).holders.get(holder);
    if (held === undefined) return 'gone';
    if (held.revoked) return 'revoked';
    held.until = now() + ttl;
    return 'held';
  }

  async release({ name, holder }: LeaseKey): Promise<boolean> {
    const was = this.#live(name).holders.delete(holder);
    if (was) this.#tell(name, 'released');
    return was;
  }

  async revoke(name: string): Promise<number> {
    const held = [...this.#live(name).holders.values()].filter(({ revoked }) => !revoked);
    for (const each of held) each.revoked = true;
    if (held.length > 0) this.#tell(name, 'revoked');
    return held.length;
  }

  async holders(name: string): Promise<LeaseHolder[]> {
    return [...this.#live(name).holders].map(([holder, { until, fence, revoked }]) => ({
      holder,
      fence,
      expiresIn: until - now(),
      revoked,
    }));
  }

  async take({ name, permits, interval, burst }: RateRequest): Promise<number> {
    const fullAt = this.#rates.get(name) ?? -Infinity;
    if (permits < 0) {
      this.#rates.set(name, fullAt + permits * interval);
      return 0;
    }
    const next = Math.max(fullAt, now()) + permits * interval;
    const wait = next - now() - burst * interval;
    if (wait > ROUNDING) return wait;
    this.#rates.set(name, next);
    return 0;
  }

  onChange(callback: (name: string, change: LeaseChange) => void): Disposable {
    this.#callbacks.add(callback);
    return { [Symbol.dispose]: () => void this.#callbacks.delete(callback) };
  }

  // The fence outlives its holders: it must grow forever.
  #live(name: string): Entry {
    let entry = this.#names.get(name);
    if (entry === undefined) this.#names.set(name, (entry = { fence: 0, holders: new Map() }));
    for (const [holder, { until }] of entry.holders) {
      if (until <= now()) entry.holders.delete(holder);
    }
    return entry;
  }

  #tell(name: string, change: LeaseChange): void {
    for (const callback of this.#callbacks) callback(name, change);
  }
}
/* eslint-enable @typescript-eslint/require-await */

function now(): number {
  return getRunningLoop().now();
}
