// A cancelled wait may go unseen: its scope says so at the next checkpoint. Of a call of several steps that is as true as of one.
import { CancelScope, sleepForever } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Condition, KeyedLock, memoize, Once, ResourcePool } from '@ambit/sync';
import {
  DistributedLock,
  DistributedRateLimiter,
  DistributedSemaphore,
  memoryStore,
} from '@ambit/sync/lease';
import type { LeaseStore } from '@ambit/sync/lease';

type Call = () => Promise<unknown>;

const seen = (call: Call) => void call().catch(() => undefined);

function heldElsewhere(): LeaseStore {
  const store = memoryStore();
  void store.acquire({ name: 'x', holder: 'another node', ttl: 1e6, limit: 1 });
  return store;
}

/** Each makes a call that waits, or is refused in a cancelled scope. */
const calls: Record<string, () => Call> = {
  'KeyedLock.acquire': () => {
    const lock = new KeyedLock<string>();
    lock.tryAcquire('key');
    return () => lock.acquire('key');
  },
  'Condition.wait': () => {
    const condition = new Condition();
    condition.tryAcquire();
    return () => condition.wait();
  },
  'Condition.waitFor': () => {
    const condition = new Condition();
    condition.tryAcquire();
    return () => condition.waitFor(() => false);
  },
  'Once.get': () => {
    const once = new Once<never>();
    return () => {
      seen(() => once.get(sleepForever));
      return once.get(sleepForever);
    };
  },
  'Once.get that makes the value': () => {
    const once = new Once<never>();
    return () => once.get(sleepForever);
  },
  memoize: () => memoize(() => sleepForever()),
  'ResourcePool.acquire': () => {
    const pool = new ResourcePool({ create: sleepForever, destroy: () => undefined, max: 1 });
    return () => pool.acquire();
  },
  'ResourcePool.drain': () => {
    const pool = new ResourcePool({ create: sleepForever, destroy: () => undefined, max: 1 });
    return () => {
      seen(() => pool.acquire());
      return pool.drain();
    };
  },
  'DistributedLock.acquire': () => {
    const lock = new DistributedLock(heldElsewhere(), 'x');
    return () => lock.acquire();
  },
  'DistributedSemaphore.tryAcquire': () => {
    const slots = new DistributedSemaphore(heldElsewhere(), 'x', 1);
    return () => slots.tryAcquire();
  },
  'DistributedLock.holders': () => {
    const lock = new DistributedLock(memoryStore(), 'x');
    return () => lock.holders();
  },
  'DistributedRateLimiter.acquire': () => {
    const limiter = new DistributedRateLimiter(memoryStore(), 'x', { permits: 1, per: 1000 });
    return () => {
      seen(() => limiter.acquire());
      return limiter.acquire();
    };
  },
};

describe.each(Object.entries(calls))('%s', (_, make) => {
  // testRun fails for an unhandled rejection.
  test('is cancelled while no caller looks', () =>
    testRun(async () => {
      const waiting = new CancelScope();
      const call = make();
      const ended = waiting.run(async () => {
        void call();
        await sleepForever();
      });
      await settle();
      waiting.cancel();
      await ended;

      const cancelled = new CancelScope();
      cancelled.cancel();
      const later = make();
      await cancelled.run(async () => {
        void later();
        await Promise.resolve();
      });
      await new Promise(setImmediate);
    }));
});
