import {
  CancelScope,
  getRunningLoop,
  InvalidStateError,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import {
  DistributedLock,
  DistributedSemaphore,
  LeaseLostError,
  LeaseStoreError,
  memoryStore,
} from '@ambit/sync/lease';
import { TroubledStore } from '../support/troubled-store.ts';

const TTL = { ttl: 9000, margin: 1000 } as const;
const now = (): number => Math.round(getRunningLoop().now());
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a lease that is held', () => {
  test('is renewed every third of its time, for as long as the body runs', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      await lock.run(async (lease) => {
        await sleep(60_000);
        expect(lease.remaining).toBeGreaterThan(4000);
        expect(lease.scope.deadline).toBeGreaterThan(now());
      });
      expect(store.count('renew')).toBeGreaterThanOrEqual(17);
      expect(store.count('renew')).toBeLessThanOrEqual(23);
      expect(await store.holders('job')).toEqual([]);
    }));

  test('is renewed while its body cleans up in a cancelled scope, then released', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      await moveOnAfter(100, () =>
        lock.run(async (lease) => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(30_000));
            expect(lease.remaining).toBeGreaterThan(0);
            expect(await store.holders('job')).toHaveLength(1);
          }
        }),
      );
      expect(await store.holders('job')).toEqual([]);
      expect(store.count('renew')).toBeGreaterThan(7);
    }));

  test('has nothing left once it is released, and release() does nothing the second time', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lease = await new DistributedLock(store, 'job').acquire();
      const { lost } = lease;
      await lease.release();
      await lease.release();
      expect([lease.remaining, store.count('release'), lost.aborted]).toEqual([0, 1, false]);
      lease.throwIfLost();
    }));

  test('that its body releases leaves the body alone, and the lock to others', () =>
    testRun(async (group) => {
      const lock = new DistributedLock(memoryStore(), 'x', TTL);
      const value = lock.run(async (lease) => {
        await lease.release();
        expect(lease.remaining).toBe(0);
        const others = [1, 2].map(() => group.spawn(() => lock.run(() => sleep(10_000))));
        await sleep(1000);
        // Behind the others, and not inside of a lock that is held here.
        await lock.run(() => 1);
        await Promise.all(others);
        expect(lease.lost.aborted).toBe(false);
        return now();
      });
      expect(await value).toBe(20_000);
    }));

  test('its release holds up nobody for longer than the grace', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', { ...TTL, grace: 300 });
      store.trouble.release = 'hangs';
      await lock.run(() => undefined);
      expect(now()).toBe(300);
      store.trouble.release = 'fails';
      await caught(lock.run(() => undefined));
    }));

  test('a grant counts from before it was sent', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = { lateAnswer: 5000 };
      const lease = await new DistributedLock(store, 'job', TTL).acquire();
      expect(lease.remaining).toBeCloseTo(3000);
      await lease.release();
    }));

  test('a grant whose answer comes after its deadline is none, and is given back', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = { lateAnswer: 7999.5 };
      const lock = new DistributedLock(store, 'job', TTL);
      const lease = await lock.acquire();
      expect(lease.remaining).toBeCloseTo(0.5);
      store.trouble.acquire = { lateAnswer: 8001 };
      await lease.release();
      const error = (await caught(lock.acquire())) as LeaseStoreError;
      expect(error).toBeInstanceOf(LeaseStoreError);
      expect([error.operation, (error.cause as Error).message]).toEqual([
        'acquire',
        'no answer in 8000 ms',
      ]);
      await sleep(10);
      expect(await store.holders('job')).toEqual([]);
    }));
});

describe('a loss', () => {
  test.each(['gone', 'revoked'] as const)('%s: cancels the body, waits for its cleanup', (why) =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      const log: string[] = [];
      const error = (await caught(
        lock.run(async (lease) => {
          lease.lost.addEventListener('abort', () => log.push('lost'));
          if (why === 'revoked') await lock.revoke();
          else await store.release(lease);
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(100));
            log.push('cleaned up');
          }
        }),
      )) as LeaseLostError;
      expect(error).toBeInstanceOf(LeaseLostError);
      expect(error).toMatchObject({ leaseName: 'job', why, fence: 1 });
      expect(error).not.toHaveProperty('cause');
      expect(log).toEqual(['lost', 'cleaned up']);
      await sleep(1);
      // One release at the end, for those who wait.
      expect(await store.holders('job')).toEqual([]);
      expect(lock.statistics()).toEqual({ waiting: 0, held: 0, granted: 1, lost: 1 });
    }),
  );

  test('unreachable: failures alone end nothing, the deadline does', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      const error = (await caught(
        lock.run(async () => {
          store.trouble.renew = 'fails';
          await sleepForever();
        }),
      )) as LeaseLostError;
      expect([error.why, now()]).toEqual(['unreachable', 8000]);
      expect((error.cause as Error).message).toBe('renew failed');
      expect(store.count('renew')).toBeGreaterThan(4);
    }));

  test('unreachable: without an answer another renewal goes out', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      const error = (await caught(
        lock.run(async () => {
          store.trouble.renew = 'hangs';
          await sleepForever();
        }),
      )) as LeaseLostError;
      expect([error.why, now(), error.cause]).toEqual(['unreachable', 8000, undefined]);
      expect(store.count('renew')).toBeGreaterThanOrEqual(3);
    }));

  test('unreachable: its cause is a failure since the last success, or nothing', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'x', TTL);
      const error = await caught(
        lock.run(async () => {
          store.trouble.renew = 'fails';
          await sleep(4000);
          delete store.trouble.renew;
          await sleep(9000);
          store.trouble.renew = 'hangs';
          await sleepForever();
        }),
      );
      expect(error).toMatchObject({ why: 'unreachable' });
      expect(error).not.toHaveProperty('cause');
    }));

  test('a store that recovers in time keeps the lease', () =>
    testRun(async () => {
      const store = new TroubledStore();
      await new DistributedLock(store, 'job', TTL).run(async (lease) => {
        store.trouble.renew = 'fails';
        await sleep(6000);
        delete store.trouble.renew;
        await sleep(20_000);
        lease.throwIfLost();
      });
    }));

  test('blocked: a checkpoint after a blocked event loop finds it', () =>
    testRun(async (_, loop) => {
      const lock = new DistributedLock(new TroubledStore(), 'job', TTL);
      const error = (await caught(
        lock.run(async (lease) => {
          // As a loop that nothing could run in: the clock goes on, and no timer fires.
          const clock = jest.spyOn(loop, 'now').mockReturnValue(50_000);
          const { remaining } = lease;
          clock.mockRestore();
          expect(remaining).toBe(0);
          await sleep(1);
        }),
      )) as LeaseLostError;
      expect(error.why).toBe('blocked');
    }));

  test('what the body returns or throws itself stands', () =>
    testRun(async () => {
      const store = memoryStore();
      const lock = new DistributedLock(store, 'job', TTL);
      const value = await lock.run(async (lease) => {
        await lock.revoke();
        await caught(sleep(1));
        expect(lease.lost.aborted).toBe(true);
        return 'value';
      });
      expect(value).toBe('value');
      const failure = new Error('of the body');
      const error = await caught(
        lock.run(async () => {
          await lock.revoke();
          await caught(sleep(1));
          throw failure;
        }),
      );
      expect(error).toBe(failure);
    }));

  test('a cancellation from outside wins', () =>
    testRun(async () => {
      const lock = new DistributedLock(memoryStore(), 'job', TTL);
      const error = await caught(
        timeout(100, () =>
          lock.run(async () => {
            try {
              await sleepForever();
            } finally {
              await shield(() => lock.revoke());
            }
          }),
        ),
      );
      expect(error).toBeInstanceOf(TimeoutError);
    }));

  test('a body that cancels its own scope is cancelled, not lost', () =>
    testRun(async () => {
      const lock = new DistributedLock(memoryStore(), 'job', TTL);
      const error = await caught(
        lock.run(async ({ scope }) => {
          scope.cancel('enough');
          await sleep(1);
        }),
      );
      expect(isCancelled(error)).toBe(true);
      expect(suppressedErrors(error)).toEqual([]);
    }));

  test('acquire: only `lost` tells', () =>
    testRun(async () => {
      const lock = new DistributedLock(memoryStore(), 'job', TTL);
      const lease = await lock.acquire();
      await lock.revoke();
      await sleep(1);
      expect((lease.lost.reason as LeaseLostError).why).toBe('revoked');
      expect(() => {
        lease.throwIfLost();
      }).toThrow(lease.lost.reason as Error);
      expect(lease.remaining).toBe(0);
      await lease.release();
    }));
});

describe('waiting', () => {
  test('in a process: first come, first served, and only the first asks', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', { ...TTL, poll: 1000 });
      const elsewhere = await store.acquire({ name: 'job', holder: 'other', ttl: 5000, limit: 1 });
      expect(elsewhere.granted).toBe(true);
      const log: number[] = [];
      for (let turn = 0; turn < 200; turn += 1) {
        group.spawn(() => lock.run(() => void log.push(turn)));
      }
      await settle();
      expect([lock.statistics().waiting, store.count('acquire')]).toEqual([200, 2]);
      await group.join();
      expect(log).toEqual([...log].sort((a, b) => a - b));
      expect(log).toHaveLength(200);
      // The first polled for five seconds; after that each asked once.
      expect(store.count('acquire')).toBeLessThan(220);
    }));

  test('while it is held here nobody asks; its release wakes the next', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      const lease = await lock.acquire();
      const next = group.spawn(() => lock.acquire());
      await sleep(60_000);
      expect(store.count('acquire')).toBe(1);
      await lease.release();
      await (await next).release();
      expect(now()).toBe(60_000);
    }));

  test('tryAcquire asks once, and passes nobody', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      const slots = new DistributedSemaphore(store, 'slots', 2, TTL);
      const [a, b] = [await slots.tryAcquire(), await slots.tryAcquire()];
      expect([a?.holder, b?.holder].every((holder) => holder?.includes('/'))).toBe(true);
      expect(a).not.toHaveProperty('fence');
      expect(await slots.tryAcquire()).toBeUndefined();
      const waiting = group.spawn(() => slots.acquire());
      await settle();
      await a!.release();
      expect(await slots.tryAcquire()).toBeUndefined();
      await (await waiting).release();
      await b!.release();
    }));

  test('tryAcquire does not pass one that comes to the head of the line', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'x', TTL);
      const foreign = { name: 'x', holder: 'of another node' };
      await store.acquire({ ...foreign, ttl: 60_000, limit: 1 });
      const first = group.spawn(() => lock.acquire());
      const second = group.spawn(() => lock.acquire());
      await settle();
      await store.release(foreign);
      store.trouble.acquire = { slow: 1000 };
      first.cancel();
      // The question of the second is on its way.
      await sleep(100);
      delete store.trouble.acquire;
      expect(await lock.tryAcquire()).toBeUndefined();
      await (await second).release();
      const passing = await lock.tryAcquire();
      expect(passing).toBeDefined();
      await passing!.release();
    }));

  test('the first question failed: LeaseStoreError; a later one is waited out', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      store.trouble.acquire = 'fails';
      const error = (await caught(lock.acquire())) as LeaseStoreError;
      expect(error.message).toBe('acquire of "job": the store failed: acquire failed');
      expect(new LeaseStoreError('acquire', 'job', Object.create(null)).message).toBe(
        'acquire of "job": the store failed: something that has no text',
      );
      expect((await caught(lock.tryAcquire())) as Error).toBeInstanceOf(LeaseStoreError);
      delete store.trouble.acquire;
      const held = await store.acquire({ name: 'job', holder: 'other', ttl: 2000, limit: 1 });
      expect(held.granted).toBe(true);
      const waiting = group.spawn(() => lock.acquire());
      await sleep(10);
      store.trouble.acquire = 'fails';
      await sleep(60_000);
      delete store.trouble.acquire;
      await (await waiting).release();
    }));

  test('run inside run of the same lock is refused, by another object too', () =>
    testRun(async () => {
      const store = memoryStore();
      const [lock, same] = [new DistributedLock(store, 'job'), new DistributedLock(store, 'job')];
      await lock.run(async () => {
        for (const each of [lock, same]) {
          expect(await caught(each.run(() => undefined))).toBeInstanceOf(InvalidStateError);
          expect(await caught(each.acquire())).toBeInstanceOf(InvalidStateError);
        }
        await new DistributedLock(store, 'another').run(() => undefined);
      });
    }));
});

describe('cancellation', () => {
  test('on entry: nothing is sent', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', TTL);
      await expectCheckpoint(() => lock.acquire());
      await expectCheckpoint(() => lock.tryAcquire());
      await expectCheckpoint(() => lock.run(() => undefined));
      const reason = new Error('signal');
      expect(await caught(lock.acquire({ signal: AbortSignal.abort(reason) }))).toBe(reason);
      expect(store.asked).toEqual([]);
    }));

  test('with a question on its way: at once when the grant went back', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = { lateAnswer: 400 };
      const lock = new DistributedLock(store, 'job', TTL);
      expect(await moveOnAfter(100, () => lock.acquire())).toBeUndefined();
      expect([now(), await store.holders('job')]).toEqual([400, []]);
    }));

  test('with a question that is not answered: after the grace; a later grant goes back', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = { lateAnswer: 3000 };
      const lock = new DistributedLock(store, 'job', { ...TTL, grace: 500 });
      expect(await moveOnAfter(100, () => lock.acquire())).toBeUndefined();
      expect(now()).toBe(600);
      expect(await store.holders('job')).toHaveLength(1);
      await sleep(2401);
      expect(await store.holders('job')).toEqual([]);
    }));

  test('a failed question may have got it: it is given back', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = 'fails';
      await caught(new DistributedLock(store, 'job', TTL).acquire());
      await settle();
      expect(store.asked).toEqual(['acquire', 'release']);
    }));

  test('a signal ends the wait, with its reason', () =>
    testRun(async (group) => {
      const store = memoryStore();
      const lease = await new DistributedLock(store, 'job').acquire();
      const controller = new AbortController();
      const lock = new DistributedLock(store, 'job');
      const waiting = group.spawn(() => caught(lock.acquire({ signal: controller.signal })));
      await settle();
      controller.abort('enough');
      expect([await waiting, lock.statistics().waiting]).toEqual(['enough', 0]);
      await lease.release();
    }));

  test('a thousand that are cancelled in line leave nothing', () =>
    testRun(async () => {
      const store = memoryStore();
      const lease = await new DistributedLock(store, 'job').acquire();
      const lock = new DistributedLock(store, 'job');
      const scope = new CancelScope();
      await scope.run(() =>
        taskGroup((group) => {
          for (let turn = 0; turn < 1000; turn += 1) group.spawn(() => lock.acquire());
          scope.cancel();
        }),
      );
      expect(lock.statistics().waiting).toBe(0);
      await lease.release();
      await (await lock.acquire()).release();
    }));
});

test.each([
  [() => new DistributedLock({} as never, 'x'), TypeError, 'store has no acquire()'],
  [
    () => new DistributedLock(memoryStore(), ''),
    RangeError,
    'name has 0 characters; give 1 to 512',
  ],
  [() => new DistributedLock(memoryStore(), 'x'.repeat(513)), RangeError, 'name has 513'],
  [() => new DistributedLock(memoryStore(), 1 as never), TypeError, 'name is 1, not a string'],
  [() => new DistributedLock(memoryStore(), 'x', { ttl: 49 }), RangeError, 'ttl is 49'],
  [() => new DistributedLock(memoryStore(), 'x', { ttl: NaN }), RangeError, 'ttl is NaN'],
  [
    () => new DistributedLock(memoryStore(), 'x', { ttl: 100, margin: 51 }),
    RangeError,
    'margin is 51, more than half of ttl (100); give at most 50',
  ],
  [() => new DistributedLock(memoryStore(), 'x', { poll: 0 }), RangeError, 'poll is 0'],
  [() => new DistributedLock(memoryStore(), 'x', { grace: Infinity }), RangeError, 'grace is'],
  [() => new DistributedLock(memoryStore(), 'x', { identity: '' }), RangeError, 'identity has 0'],
  [() => new DistributedSemaphore(memoryStore(), 'x', 0), RangeError, 'permits is 0'],
  [() => new DistributedSemaphore(memoryStore(), 'x', 1.5), RangeError, 'permits is 1.5'],
] as const)('a bad argument is refused at once: %s', (make, type, text) => {
  expect(make).toThrow(type);
  expect(make).toThrow(text);
});
