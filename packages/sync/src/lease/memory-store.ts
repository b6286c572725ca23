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

/** Up to this number of names nothing is dropped. */
const FEW = 1000;

/** What is kept by name. Once there is twice of what stayed the last time, what is over is dropped. */
class ByName<T> {
  readonly #entries = new Map<string, T>();
  readonly #isOver: (entry: T) => boolean;
  #most = FEW;

  constructor(isOver: (entry: T) => boolean) {
    this.#isOver = isOver;
  }

  get(name: string): T | undefined {
    return this.#entries.get(name);
  }

  set(name: string, entry: T): void {
    this.#entries.set(name, entry);
    if (this.#entries.size <= this.#most) return;
    for (const [key, each] of this.#entries) if (this.#isOver(each)) this.#entries.delete(key);
    this.#most = Math.max(FEW, 2 * this.#entries.size);
  }
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
  readonly #names = new ByName<Entry>((entry) => this.#isOver(entry));
  /** The instant at which each bucket is full. */
  readonly #rates = new ByName<number>((fullAt) => fullAt <= now());
  readonly #callbacks = new Set<(name: string, change: LeaseChange) => void>();
  /** No name that was dropped had a newer fence: a fence must grow forever. */
  #oldest = 0;

  async acquire(request: LeaseRequest & { readonly limit: number }): Promise<LeaseGrant> {
    const { name, holder, ttl, limit } = request;
    const entry = this.#names.get(name) ?? { fence: this.#oldest, holders: new Map() };
    const holders = live(entry);
    const known = holders.get(holder);
    if (known === undefined ? holders.size >= limit : known.revoked) {
      const earliest = Math.min(...[...holders.values()].map(({ until }) => until));
      return { granted: false, retryAfter: earliest - now() };
    }
    const fence = known?.fence ?? (entry.fence += 1);
    holders.set(holder, { until: now() + ttl, fence, revoked: false });
    this.#names.set(name, entry);
    return { granted: true, fence };
  }

  async renew({ name, holder, ttl }: LeaseRequest): Promise<'held' | 'revoked' | 'gone'> {
    const held = live(this.#names.get(name)).get(holder);
    if (held === undefined) return 'gone';
    if (held.revoked) return 'revoked';
    held.until = now() + ttl;
    return 'held';
  }

  async release({ name, holder }: LeaseKey): Promise<boolean> {
    const was = live(this.#names.get(name)).delete(holder);
    if (was) this.#tell(name, 'released');
    return was;
  }

  async revoke(name: string): Promise<number> {
    const held = [...live(this.#names.get(name)).values()].filter(({ revoked }) => !revoked);
    for (const each of held) each.revoked = true;
    if (held.length > 0) this.#tell(name, 'revoked');
    return held.length;
  }

  async holders(name: string): Promise<LeaseHolder[]> {
    return [...live(this.#names.get(name))].map(([holder, { until, fence, revoked }]) => ({
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

  #isOver(entry: Entry): boolean {
    if (live(entry).size > 0) return false;
    this.#oldest = Math.max(this.#oldest, entry.fence);
    return true;
  }

  #tell(name: string, change: LeaseChange): void {
    for (const callback of this.#callbacks) callback(name, change);
  }
}
/* eslint-enable @typescript-eslint/require-await */

function now(): number {
  return getRunningLoop().now();
}

/** The holders whose time is not over. */
function live(entry: Entry | undefined): Map<string, Held> {
  const holders: Map<string, Held> = entry?.holders ?? new Map<string, Held>();
  for (const [holder, { until }] of holders) if (until <= now()) holders.delete(holder);
  return holders;
}
