import { sleep } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import {
  DistributedLock,
  DistributedRateLimiter,
  DistributedSemaphore,
  memoryStore,
} from '@ambit/sync/lease';
import type { HeldLease, LeaseStore } from '@ambit/sync/lease';
import { lineOf } from '../../src/lease/line.ts';

// Nothing stays for a name that is not used any more.

describe('the line of a name', () => {
  const stays = (store: LeaseStore, name: string): boolean =>
    lineOf(store, 'lease', name) === lineOf(store, 'lease', name);

  test('stays while it is used', () =>
    testRun(async () => {
      const store = memoryStore();
      const lease = await new DistributedLock(store, 'x').acquire();
      expect(stays(store, 'x')).toBe(true);
      await lease.release();
      expect(stays(store, 'x')).toBe(false);
    }));

  test.each([
    ['acquire', (lock: DistributedLock, signal: AbortSignal) => lock.acquire({ signal })],
    ['tryAcquire', (lock: DistributedLock, signal: AbortSignal) => lock.tryAcquire({ signal })],
    ['run', (lock: DistributedLock, signal: AbortSignal) => lock.run(() => 1, { signal })],
  ])('does not stay after a cancelled %s', (_, use) =>
    testRun(async () => {
      const store = memoryStore();
      const used = use(new DistributedLock(store, 'x'), AbortSignal.abort(new Error('enough')));
      await expect(used).rejects.toThrow('enough');
      expect(stays(store, 'x')).toBe(false);
    }),
  );

  test('does not stay after a loss', () =>
    testRun(async () => {
      const store = memoryStore();
      const lock = new DistributedLock(store, 'x', { ttl: 9000 });
      const lost = lock.run(async () => {
        await store.revoke('x');
        await sleep(10_000);
      });
      await expect(lost).rejects.toThrow('it was revoked');
      expect(stays(store, 'x')).toBe(false);
    }));
});

describe('a store in memory', () => {
  // The store itself shows nothing of what it keeps; its entries are counted where they are put.
  function counting(): { readonly size: () => number; stop(): void } {
    const maps = new Set<Map<unknown, unknown>>();
    const set = jest.spyOn(Map.prototype, 'set').mockImplementation(function (
      this: Map<unknown, unknown>,
      ...entry
    ) {
      if (String(entry[0]).startsWith('name of')) maps.add(this);
      return original.apply(this, entry);
    });
    return {
      size: () => [...maps].reduce((sum, map) => sum + map.size, 0),
      stop: () => {
        set.mockRestore();
      },
    };
  }
  const original = Map.prototype.set;

  test('keeps no names of the past', () =>
    testRun(async () => {
      const store = memoryStore();
      const kept = counting();
      try {
        for (let id = 0; id < 10_000; id += 1) {
          const key = { name: `name of order ${id}`, holder: 'a' };
          await store.acquire({ ...key, ttl: 1000, limit: 1 });
          // Of every second one the holder is gone without a word.
          if (id % 2 === 0) await store.release(key);
          await store.take({ name: key.name, permits: 1, interval: 100, burst: 1 });
          await store.holders(`name of nothing ${id}`);
          if (id % 500 === 0) await sleep(2000);
        }
        expect(kept.size()).toBeGreaterThan(0);
        expect(kept.size()).toBeLessThan(5000);
      } finally {
        kept.stop();
      }
    }));

  test('gives a name that it has dropped a newer fence', () =>
    testRun(async () => {
      const store = memoryStore();
      const fences: number[] = [];
      const held: HeldLease[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        const lease = await new DistributedLock(store, 'db').acquire();
        fences.push(lease.fence);
        await lease.release();
        for (let id = 0; id < 2000; id += 1) {
          await store.acquire({ name: `${turn}/${id}`, holder: 'a', ttl: 10, limit: 1 });
        }
        held.push(await new DistributedLock(store, `held ${turn}`).acquire());
        await sleep(1000);
      }
      expect([...new Set(fences)].sort((a, b) => a - b)).toEqual(fences);
      for (const lease of held) {
        expect(await store.holders(lease.name)).toHaveLength(1);
        await lease.release();
      }
    }));

  test('keeps what is held, and what of a rate is taken', () =>
    testRun(async () => {
      const store = memoryStore();
      const slots = new DistributedSemaphore(store, 'slots', 2);
      const both = [await slots.acquire(), await slots.acquire()];
      const limiter = new DistributedRateLimiter(store, 'rate', { permits: 1, per: 1_000_000 });
      expect(await limiter.tryAcquire()).toBe(true);
      for (let id = 0; id < 3000; id += 1) {
        await store.acquire({ name: `${id}`, holder: 'a', ttl: 10, limit: 1 });
        await store.take({ name: `${id}`, permits: 1, interval: 1, burst: 1 });
        if (id % 500 === 0) await sleep(100);
      }
      expect(await slots.tryAcquire()).toBeUndefined();
      expect(await limiter.tryAcquire()).toBe(false);
      for (const lease of both) await lease.release();
    }));
});
