import { moveOnAfter, sleep, taskGroup } from '@ambit/core';
import {
  DistributedLock,
  DistributedRateLimiter,
  DistributedSemaphore,
  FenceGate,
  LeaseLostError,
  runOnce,
} from '@ambit/sync/lease';
import { stores, stopServers } from '../support/lease-stores.ts';
import type { OpenStore } from '../support/lease-stores.ts';

// One suite for every store, on the real servers. What depends on time alone is tested on virtual time elsewhere.

jest.setTimeout(60_000);

let names = 0;
const fresh = (): string => `a name, with {braces} ${(names += 1)}`;

afterAll(() => stopServers());

describe.each(Object.entries(stores))('%s', (_, open) => {
  let opened: OpenStore;
  const LONG = 60_000;

  beforeAll(async () => {
    opened = await open();
  });

  afterAll(() => opened.close());

  test('grants one, and says to the next when the first runs out', async () => {
    const { store, other } = opened;
    const name = fresh();
    const first = await store.acquire({ name, holder: 'a', ttl: LONG, limit: 1 });
    expect(first).toMatchObject({ granted: true });
    const second = await other.acquire({ name, holder: 'b', ttl: LONG, limit: 1 });
    expect(second.granted).toBe(false);
    expect(second).not.toHaveProperty('fence');
    const { retryAfter } = second as { retryAfter: number };
    expect(retryAfter).toBeGreaterThan(LONG / 2);
    expect(retryAfter).toBeLessThanOrEqual(LONG + 1);
  });

  test('a request that is sent twice is one', async () => {
    const { store, other } = opened;
    const name = fresh();
    const request = { name, holder: 'a', ttl: LONG, limit: 3 };
    expect(await other.acquire(request)).toEqual(await store.acquire(request));
    expect(await store.holders(name)).toHaveLength(1);
  });

  test('the fence grows with each grant, and is a safe integer', async () => {
    const { store, other } = opened;
    const name = fresh();
    const fences: number[] = [];
    for (const holder of ['a', 'b', 'c']) {
      const grant = await other.acquire({ name, holder, ttl: LONG, limit: 1 });
      fences.push((grant as { fence: number }).fence);
      expect(await store.release({ name, holder })).toBe(true);
    }
    expect(fences.every(Number.isSafeInteger)).toBe(true);
    expect([...new Set(fences)].sort((a, b) => a - b)).toEqual(fences);
  });

  test('what runs out is free, and its holder hears that it is gone', async () => {
    const { store } = opened;
    const name = fresh();
    await store.acquire({ name, holder: 'a', ttl: 30, limit: 1 });
    await sleep(45);
    expect(await store.renew({ name, holder: 'a', ttl: 30 })).toBe('gone');
    expect(await store.holders(name)).toEqual([]);
    expect(await store.release({ name, holder: 'a' })).toBe(false);
    const next = await store.acquire({ name, holder: 'b', ttl: LONG, limit: 1 });
    expect(next.granted).toBe(true);
  });

  test('what is renewed stays', async () => {
    const { store, other } = opened;
    const name = fresh();
    await store.acquire({ name, holder: 'a', ttl: 40, limit: 1 });
    expect(await store.renew({ name, holder: 'a', ttl: LONG })).toBe('held');
    await sleep(50);
    const [holder] = await other.holders(name);
    expect(holder).toMatchObject({ holder: 'a', revoked: false });
    expect(holder!.expiresIn).toBeGreaterThan(LONG / 2);
  });

  test('a revoked lease is not renewed, and stays taken until it is released', async () => {
    const { store, other } = opened;
    const name = fresh();
    await store.acquire({ name, holder: 'a', ttl: LONG, limit: 1 });
    expect(await other.revoke(name)).toBe(1);
    expect(await other.revoke(name)).toBe(0);
    expect(await store.renew({ name, holder: 'a', ttl: LONG })).toBe('revoked');
    expect(await store.holders(name)).toMatchObject([{ holder: 'a', revoked: true }]);
    for (const holder of ['a', 'b']) {
      expect((await other.acquire({ name, holder, ttl: LONG, limit: 1 })).granted).toBe(false);
    }
    expect(await store.release({ name, holder: 'a' })).toBe(true);
    expect((await other.acquire({ name, holder: 'b', ttl: LONG, limit: 1 })).granted).toBe(true);
  });

  test('a semaphore has this number of holders, and a revoked one gets no second place', async () => {
    const { store, other } = opened;
    const name = fresh();
    const acquire = (holder: string) => store.acquire({ name, holder, ttl: LONG, limit: 3 });
    const grants = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(acquire));
    // Two that chose the same slot at once may both be sent back, to ask again.
    expect(grants.filter(({ granted }) => granted).length).toBeLessThanOrEqual(3);
    for (const holder of ['a', 'b', 'c', 'd', 'e']) await acquire(holder);
    const holders = await other.holders(name);
    expect(holders).toHaveLength(3);
    await other.revoke(name);
    await store.release({ name, holder: holders[0]!.holder });
    expect((await acquire(holders[1]!.holder)).granted).toBe(false);
    expect((await acquire('f')).granted).toBe(true);
  });

  test('a rate: a burst at once, then one in each interval; what is given back is there again', async () => {
    const { store, other } = opened;
    const name = fresh();
    const bucket = { name, interval: 10_000, burst: 3 };
    expect(await store.take({ ...bucket, permits: 2 })).toBe(0);
    expect(await other.take({ ...bucket, permits: 1 })).toBe(0);
    const wait = await store.take({ ...bucket, permits: 1 });
    expect(wait).toBeGreaterThan(5000);
    expect(wait).toBeLessThanOrEqual(10_000);
    expect(await other.take({ ...bucket, permits: -1 })).toBe(0);
    expect(await store.take({ ...bucket, permits: 1 })).toBe(0);
  });

  test('a name has any characters, and is no other name', async () => {
    const { store, other } = opened;
    while (!other.listening) await sleep(5);
    const odd = [
      '\0',
      '\u2400',
      '\uD800',
      '\uD801',
      '\uFFFD',
      '\uFFFE',
      '\uFFFE0000',
      '\\x00',
      "'\n{}",
    ];
    const base = fresh();
    const all = [...odd.map((part) => base + part), '\0'.repeat(512), '雪'.repeat(512)];
    const heard: string[] = [];
    using _ = other.onChange!((name) => {
      // Of an earlier test's name one may come late.
      if (all.includes(name)) heard.push(name);
    });
    for (const name of all) {
      const key = { name, holder: `of ${name}` };
      expect(await store.acquire({ ...key, ttl: LONG, limit: 1 })).toMatchObject({ granted: true });
      expect(await other.holders(name)).toHaveLength(1);
      expect(await other.renew({ ...key, ttl: LONG })).toBe('held');
      expect(await store.take({ name, permits: 1, interval: LONG, burst: 1 })).toBe(0);
    }
    for (const name of all) expect(await store.release({ name, holder: `of ${name}` })).toBe(true);
    while (heard.length < all.length) await sleep(5);
    // The nodes of a cluster tell each other in any order.
    expect(heard.sort()).toEqual(all.sort());
  });

  test('a lock wakes a waiter on another node at once', async () => {
    const { store, other } = opened;
    const name = fresh();
    const first = new DistributedLock(store, name, { ttl: LONG, poll: 30_000 });
    const second = new DistributedLock(other, name, { ttl: LONG, poll: 30_000 });
    while (!store.listening || !other.listening) await sleep(5);
    const log: string[] = [];
    await taskGroup(async (group) => {
      const lease = await first.acquire();
      group.spawn(() =>
        second.run(({ fence }) => {
          log.push('second runs');
          expect(fence).toBeGreaterThan(lease.fence);
        }),
      );
      await sleep(30);
      log.push('first lets go');
      await lease.release();
    });
    expect(log).toEqual(['first lets go', 'second runs']);
    expect(second.statistics()).toEqual({ waiting: 0, held: 0, granted: 1, lost: 0 });
  });

  test('revoke() cancels the body on another node, and nobody overlaps', async () => {
    const { store, other } = opened;
    const name = fresh();
    const lock = new DistributedLock(store, name, { ttl: LONG, poll: 20 });
    const elsewhere = new DistributedLock(other, name, { ttl: LONG, poll: 20 });
    while (!store.listening) await sleep(5);
    const log: string[] = [];
    await taskGroup(async (group) => {
      const work = group.spawn(async () => {
        const error: unknown = await lock
          .run(async () => {
            log.push('works');
            try {
              await sleep(LONG);
            } finally {
              log.push('cleaned up');
            }
          })
          .catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(LeaseLostError);
        expect((error as LeaseLostError).why).toBe('revoked');
      });
      while (log.length === 0) await sleep(2);
      expect(await elsewhere.revoke()).toBe(1);
      await elsewhere.run(() => void log.push('elsewhere'));
      await work;
    });
    expect(log).toEqual(['works', 'cleaned up', 'elsewhere']);
  });

  test('many contend for a lock and never overlap; a resource sees fences in order', async () => {
    const { store, other } = opened;
    const name = fresh();
    const gate = new FenceGate();
    let inside = 0;
    let most = 0;
    await taskGroup((group) => {
      for (let node = 0; node < 4; node += 1) {
        const lock = new DistributedLock(node % 2 ? store : other, name, { poll: 5 });
        for (let turn = 0; turn < 3; turn += 1) {
          group.spawn(() =>
            lock.run(async ({ fence }) => {
              inside += 1;
              most = Math.max(most, inside);
              await sleep(1);
              gate.admit(fence);
              inside -= 1;
            }),
          );
        }
      }
    });
    expect(most).toBe(1);
  });

  test('a semaphore never has more than its permits at work', async () => {
    const { store, other } = opened;
    const name = fresh();
    let inside = 0;
    let most = 0;
    await taskGroup((group) => {
      for (let node = 0; node < 6; node += 1) {
        const slots = new DistributedSemaphore(node % 2 ? store : other, name, 2, { poll: 5 });
        group.spawn(() =>
          slots.run(async () => {
            inside += 1;
            most = Math.max(most, inside);
            await sleep(3);
            inside -= 1;
          }),
        );
      }
    });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });

  test('a caller that is cancelled in line holds nothing', async () => {
    const { store, other } = opened;
    const name = fresh();
    const lock = new DistributedLock(store, name, { poll: 5 });
    const lease = await lock.acquire();
    const waiting = new DistributedLock(other, name, { poll: 5 });
    expect(await moveOnAfter(20, () => waiting.acquire())).toBeUndefined();
    await lease.release();
    expect(await store.holders(name)).toEqual([]);
  });

  test('a rate limiter keeps its rate over two nodes', async () => {
    const { store, other } = opened;
    const name = fresh();
    const options = { permits: 2, per: 40, burst: 1 };
    const limiters = [store, other].map((each) => new DistributedRateLimiter(each, name, options));
    const begun = performance.now();
    await taskGroup((group) => {
      for (let turn = 0; turn < 3; turn += 1) {
        for (const limiter of limiters) group.spawn(() => limiter.acquire());
      }
    });
    // Six with one at once: five intervals of 20 ms.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(95);
  });

  test('runOnce: of three nodes one runs the body', async () => {
    const { store, other } = opened;
    const name = fresh();
    const results = await taskGroup((group) =>
      Promise.all(
        [store, other, store].map((each) =>
          group.spawn(() =>
            runOnce(each, name, () => sleep(5, { value: 'done' }), { wait: true, poll: 5 }),
          ),
        ),
      ),
    );
    expect(results.filter(({ ran }) => ran)).toEqual([{ ran: true, value: 'done' }]);
    expect(await runOnce(other, name, () => 'again')).toEqual({ ran: false });
  });
});
