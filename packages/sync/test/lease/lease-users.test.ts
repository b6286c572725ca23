import {
  CancelScope,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { ClosedError } from '@ambit/sync';
import {
  DistributedLock,
  DistributedRateLimiter,
  elect,
  FenceGate,
  holdLease,
  jobGroup,
  LeaseLostError,
  LeaseStoreError,
  memoryStore,
  runOnce,
  StaleFenceError,
} from '@ambit/sync/lease';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { TroubledStore } from '../support/troubled-store.ts';

const TTL = { ttl: 9000, margin: 1000 } as const;
const now = (): number => Math.round(getRunningLoop().now());
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('elect', () => {
  test('one of three leads; it resigns once its body has ended', () =>
    testRun(async (group) => {
      const store = memoryStore();
      const log: string[] = [];
      const node = (name: string) => () =>
        elect(
          store,
          'leader',
          async ({ fence }) => {
            log.push(`${name} leads, fence ${fence}`);
            await sleep(1000);
          },
          TTL,
        );
      for (const name of ['a', 'b', 'c']) group.spawn(node(name));
      await group.join();
      expect(log).toEqual(['a leads, fence 1', 'b leads, fence 2', 'c leads, fence 3']);
      expect(now()).toBe(3000);
    }));

  test('after a loss it waits for the cleanup, and stands again', () =>
    testRun(async () => {
      const store = memoryStore();
      const log: string[] = [];
      const value = await elect(
        store,
        'leader',
        async ({ fence }) => {
          log.push(`leads, fence ${fence}`);
          if (fence > 1) return 'done';
          await store.revoke('leader');
          try {
            return await sleepForever();
          } finally {
            await shield(() => sleep(100));
            log.push('cleaned up');
          }
        },
        TTL,
      );
      expect(value).toBe('done');
      expect(log).toEqual(['leads, fence 1', 'cleaned up', 'leads, fence 2']);
    }));

  test('waits out every failure of the store; a cancellation ends it', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      store.trouble.acquire = 'fails';
      const leading = group.spawn(() => elect(store, 'leader', () => now(), TTL));
      await sleep(100_000);
      expect(store.count('acquire')).toBeGreaterThan(9);
      delete store.trouble.acquire;
      expect(await leading).toBeGreaterThanOrEqual(100_000);
      store.trouble.acquire = 'fails';
      expect(await moveOnAfter(10, () => elect(store, 'x', () => 1))).toBeUndefined();
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      expect(await caught(elect(store, 'x', () => 1, { signal: aborted }))).toBe(reason);
    }));

  test('a failing body comes out', () =>
    testRun(async () => {
      const failure = new Error('of the body');
      const failing = elect(memoryStore(), 'leader', () => Promise.reject(failure));
      expect(await caught(failing)).toBe(failure);
      expect(await caught(elect(memoryStore(), 'leader', 1 as never))).toBeInstanceOf(TypeError);
    }));
});

describe('runOnce', () => {
  test('nobody does it again for as long as it is kept', () =>
    testRun(async () => {
      const store = memoryStore();
      const calls = jest.fn(() => 'value');
      const options = { keep: 60_000 };
      expect(await runOnce(store, 'tick', calls, options)).toEqual({ ran: true, value: 'value' });
      expect(await runOnce(store, 'tick', calls, options)).toEqual({ ran: false });
      await sleep(60_001);
      expect(await runOnce(store, 'tick', calls, options)).toEqual({ ran: true, value: 'value' });
      expect(calls).toHaveBeenCalledTimes(2);
    }));

  test('somebody is at it: false at once; with wait, once that is settled, taking over if it failed', () =>
    testRun(async (group) => {
      const store = memoryStore();
      const failure = new Error('half done');
      const failing = group.spawn(() =>
        caught(
          runOnce(store, 'tick', async () => {
            await sleep(1000);
            throw failure;
          }),
        ),
      );
      await settle();
      expect(await runOnce(store, 'tick', () => 1)).toEqual({ ran: false });
      expect(now()).toBe(0);
      expect(await runOnce(store, 'tick', () => 2, { wait: true })).toEqual({
        ran: true,
        value: 2,
      });
      expect([await failing, now()]).toEqual([failure, 1000]);
    }));

  test('another key, or a lock, is not the mark of a key', () =>
    testRun(async (group) => {
      const store = memoryStore();
      group.spawn(() => runOnce(store, 'tick:done', () => sleep(50)));
      group.spawn(() => new DistributedLock(store, 'tock:done').run(() => sleep(50)));
      await sleep(1);
      expect(await runOnce(store, 'tick', () => 1)).toEqual({ ran: true, value: 1 });
      expect(await runOnce(store, 'tock', () => 1)).toEqual({ ran: true, value: 1 });
    }));

  test('in a cancelled scope, or with an aborted signal, nothing is sent', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const body = jest.fn();
      await expectCheckpoint(() => runOnce(store, 'tick', body));
      const reason = new Error('no');
      const signal = AbortSignal.abort(reason);
      expect(await caught(runOnce(store, 'tick', body, { signal }))).toBe(reason);
      expect(store.asked).toEqual([]);
      expect(body).not.toHaveBeenCalled();
    }));

  test('a store that does not answer fails in time; a cancellation does not wait for it', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.holders = 'hangs';
      const began = now();
      expect(await caught(runOnce(store, 'tick', () => 1, TTL))).toMatchObject({
        operation: 'holders',
        cause: new Error('no answer in 8000 ms'),
      });
      expect(now() - began).toBe(8000);
      expect(await moveOnAfter(100, () => runOnce(store, 'tick', () => 1, TTL))).toBeUndefined();
      expect(now() - began).toBe(8100);
    }));

  test('what has succeeded is marked in a cancelled scope, too; a mark that hangs is a failure', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const scope = new CancelScope();
      const late = { ran: true, value: 'late' };
      const body = async () => {
        await Promise.resolve();
        scope.cancel();
        return 'late';
      };
      expect(await scope.run(() => runOnce(store, 'tick', body, TTL))).toEqual(late);
      expect(await runOnce(store, 'tick', () => 'again', TTL)).toEqual({ ran: false });
      const hanging = runOnce(store, 'tock', () => void (store.trouble.acquire = 'hangs'), TTL);
      expect(await caught(hanging)).toMatchObject({ operation: 'acquire' });
    }));

  test('a failure of the store is a LeaseStoreError', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.holders = 'fails';
      expect(await caught(runOnce(store, 'tick', () => 1))).toBeInstanceOf(LeaseStoreError);
      expect(await caught(runOnce(store, 'tick', () => 1, { keep: 0 }))).toBeInstanceOf(RangeError);
    }));
});

describe('holdLease', () => {
  test('renews what another library got, and ends with its body', () =>
    testRun(async () => {
      const renew = jest.fn(() => Promise.resolve());
      const options = { name: 'job 7', ttl: 30_000, age: 25_000, renew };
      const value = await holdLease(options, async (lease) => {
        expect([lease.name, lease.remaining < 0]).toEqual(['job 7', false]);
        return sleep(100_000, { value: 'done' });
      }).catch((error: unknown) => error);
      // 25 s of 30 are over, and the margin is 6: it cannot be had in time.
      expect((value as LeaseLostError).why).toBe('blocked');
      const young = await holdLease({ ...options, age: 10_000 }, () =>
        sleep(100_000, { value: 1 }),
      );
      expect([young, renew.mock.calls.length > 8]).toEqual([1, true]);
    }));

  test.each([[false], ['gone'], ['revoked']])('%p means that it is lost', (answer) =>
    testRun(async () => {
      const renew = (): unknown => answer;
      const error = (await caught(
        holdLease({ name: 'job', ttl: 30_000, renew }, () => sleepForever()),
      )) as LeaseLostError;
      expect([error.why, error.holder]).toEqual([answer === false ? 'gone' : answer, undefined]);
    }),
  );

  test('a rejection is tried again', () =>
    testRun(async () => {
      let tries = 0;
      const renew = (): Promise<void> =>
        (tries += 1) % 3 === 0 ? Promise.resolve() : Promise.reject(new Error('busy'));
      await holdLease({ name: 'job', ttl: 9000, renew }, () => sleep(60_000));
      expect(tries).toBeGreaterThan(10);
    }));

  test('is refused in a cancelled scope, and for bad options', () =>
    testRun(async () => {
      const options = { name: 'job', ttl: 9000, renew: () => undefined };
      await expectCheckpoint(() => holdLease(options, () => undefined));
      for (const [wrong, type] of [
        [{ ...options, ttl: undefined }, TypeError],
        [{ ...options, ttl: 10 }, RangeError],
        [{ ...options, margin: 8000 }, RangeError],
        [{ ...options, age: -1 }, RangeError],
        [{ ...options, renew: 1 }, TypeError],
        [{ ...options, name: '' }, RangeError],
        [undefined, TypeError],
      ] as const) {
        expect(await caught(holdLease(wrong as never, () => undefined))).toBeInstanceOf(type);
      }
    }));
});

describe('jobGroup', () => {
  test('each job is a task; its value or failure goes to the caller of run alone', () =>
    testRun(async () => {
      const failure = new Error('of the job');
      const seen = await jobGroup(async (jobs) => {
        const good = jobs.run('1', ({ name }) => sleep(10, { value: `job ${name}` }));
        const bad = caught(jobs.run('2', () => Promise.reject(failure)));
        expect([jobs.size, jobs.ids]).toEqual([2, ['1', '2']]);
        expect(await caught(jobs.run('1', () => 1))).toBeInstanceOf(RangeError);
        return [await good, await bad, jobs.size];
      });
      expect(seen).toEqual(['job 1', failure, 0]);
    }));

  test('is cancelled by its signal, by cancel(), and by the loss of its lease', () =>
    testRun(() =>
      jobGroup(async (jobs) => {
        const controller = new AbortController();
        const { signal } = controller;
        const bySignal = caught(jobs.run('signal', () => sleepForever(), { signal }));
        controller.abort('the queue says so');
        expect(await bySignal).toBe('the queue says so');
        const error = new Error('cancelled by hand');
        const byHand = caught(jobs.run('hand', () => sleepForever()));
        expect([jobs.cancel('hand', error), jobs.cancel('nobody')]).toEqual([true, false]);
        expect(await byHand).toBe(error);
        const withoutError = caught(jobs.run('hand', () => sleepForever()));
        jobs.cancel('hand', 'just so');
        expect(isCancelled(await withoutError)).toBe(true);
        const lease = { ttl: 9000, renew: () => false };
        const lost = await caught(jobs.run('lease', () => sleepForever(), { lease }));
        expect(lost).toBeInstanceOf(LeaseLostError);
        const aborted = AbortSignal.abort('before');
        expect(await caught(jobs.run('x', () => 1, { signal: aborted }))).toBe('before');
      }),
    ));

  test('once the body has ended, new jobs are refused, running ones have the grace', () =>
    testRun(async (group) => {
      const log: string[] = [];
      let late: Promise<unknown> | undefined;
      await jobGroup(
        (jobs) => {
          group.spawn(() => jobs.run('short', () => sleep(500).then(() => log.push('short'))));
          group.spawn(async () => {
            const error = await caught(jobs.run('long', () => sleepForever()));
            log.push(`long: ${(error as Error).message}`);
          });
          group.spawn(async () => {
            await sleep(100);
            late = caught(jobs.run('late', () => 1));
          });
        },
        { grace: 1000, name: 'mail' },
      );
      expect([now(), log]).toEqual([
        1000,
        ['short', 'long: mail: shut down; the job had 1000 ms to end'],
      ]);
      expect(await late).toBeInstanceOf(ClosedError);
    }));

  test('cancelled from outside, its jobs have the grace too, and the caller of run waits for the end', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const scope = new CancelScope();
      group.spawn(() =>
        scope.run(() =>
          jobGroup(async (jobs) => {
            group.spawn(async () => {
              const error = await caught(
                timeout(10, () =>
                  jobs.run('a', async () => {
                    await sleep(300);
                    log.push(`ended at ${now()}`);
                  }),
                ),
              );
              log.push(error instanceof TimeoutError ? 'timed out' : 'waited');
            });
            await sleepForever();
          }),
        ),
      );
      await sleep(50);
      scope.cancel();
      await group.join();
      expect(log).toEqual(['ended at 300', 'waited']);
    }));

  test('a bad argument is refused', async () => {
    expect(await caught(jobGroup(1 as never))).toBeInstanceOf(TypeError);
    expect(await caught(jobGroup(() => 1, { grace: -1 }))).toBeInstanceOf(RangeError);
    expect(await caught(jobGroup(() => 1, { name: '' }))).toBeInstanceOf(RangeError);
  });
});

describe('DistributedRateLimiter', () => {
  test('first come, first served; only the first asks', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      const limiter = new DistributedRateLimiter(store, 'api', { permits: 2, per: 1000 });
      const log: string[] = [];
      for (const name of ['a', 'b', 'c', 'd']) {
        group.spawn(() => limiter.run(() => log.push(`${name} at ${now()}`)));
      }
      await settle();
      expect([limiter.statistics(), await limiter.tryAcquire()]).toEqual([{ waiting: 2 }, false]);
      await group.join();
      expect(log).toEqual(['a at 0', 'b at 0', 'c at 500', 'd at 1000']);
      await expectCheckpoint(() => limiter.acquire());
      await expectCheckpoint(() => limiter.tryAcquire());
    }));

  test('a caller that is cancelled with a question on its way gives back what it got', () =>
    testRun(async () => {
      const store = new TroubledStore();
      const limiter = new DistributedRateLimiter(store, 'api', { permits: 1, per: 60_000 });
      store.trouble.take = { lateAnswer: 300 };
      expect(await moveOnAfter(100, () => limiter.acquire())).toBeUndefined();
      // The permit came and went back, each with an answer that took its time.
      expect(now()).toBe(600);
      delete store.trouble.take;
      expect(await limiter.tryAcquire()).toBe(true);
    }));

  test('the first question fails, or is not answered: LeaseStoreError; later ones are waited out', () =>
    testRun(async (group) => {
      const store = new TroubledStore();
      const limiter = new DistributedRateLimiter(store, 'api', { permits: 1, per: 1000 });
      store.trouble.take = 'fails';
      expect(await caught(limiter.acquire())).toMatchObject({ operation: 'take' });
      store.trouble.take = 'hangs';
      expect(await caught(limiter.tryAcquire())).toBeInstanceOf(LeaseStoreError);
      expect(now()).toBe(10_000);
      delete store.trouble.take;
      await limiter.acquire();
      const waiting = group.spawn(() => limiter.acquire());
      await settle();
      store.trouble.take = 'fails';
      await sleep(30_000);
      delete store.trouble.take;
      await waiting;
    }));

  test('more than the burst at once could never be', async () => {
    const limiter = new DistributedRateLimiter(memoryStore(), 'api', { permits: 2, per: 1000 });
    expect(await caught(limiter.acquire({ permits: 3 }))).toBeInstanceOf(RangeError);
    expect(await caught(limiter.tryAcquire(0))).toBeInstanceOf(RangeError);
    expect(() => new DistributedRateLimiter(memoryStore(), 'api', undefined as never)).toThrow(
      'permits is undefined',
    );
  });
});

test('a gate admits the newest fence, and the same again; never an older one', () => {
  const gate = new FenceGate(3);
  gate.admit(3);
  gate.admit(7);
  gate.admit(7);
  const error = (() => {
    try {
      gate.admit(6);
    } catch (caughtError) {
      return caughtError;
    }
    return undefined;
  })() as StaleFenceError;
  expect(error).toBeInstanceOf(StaleFenceError);
  expect([error.fence, error.newest, gate.newest]).toEqual([6, 7, 7]);
  expect(() => new FenceGate(-1)).toThrow(RangeError);
});

test('what happens is published', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const names = ['acquire', 'release', 'lost', 'error'];
    const listeners = names.map((name) => {
      const listener = (message: unknown): void => {
        const { holder, error, ...rest } = message as { holder?: string; error?: Error };
        log.push([name, { ...rest, ...(error && { error: error.message }) }]);
        expect(holder === undefined || holder.startsWith('node-1/')).toBe(true);
      };
      subscribe(`ambit:lease:${name}`, listener);
      return () => unsubscribe(`ambit:lease:${name}`, listener);
    });
    try {
      const store = new TroubledStore();
      const lock = new DistributedLock(store, 'job', { ...TTL, identity: 'node-1' });
      await lock.run(() => undefined);
      const lease = await lock.acquire();
      store.trouble.renew = 'fails';
      await sleep(3500);
      delete store.trouble.renew;
      await lock.revoke();
      await sleep(1000);
      await lease.release();
      await sleep(1);
    } finally {
      for (const end of listeners) end();
    }
    expect(log).toEqual([
      ['acquire', { name: 'job', fence: 1, waited: 0 }],
      ['release', { name: 'job', fence: 1 }],
      ['acquire', { name: 'job', fence: 2, waited: 0 }],
      ['error', { operation: 'renew', name: 'job', error: 'renew failed' }],
      ['lost', { name: 'job', fence: 2, why: 'revoked' }],
    ]);
  }));
