import { sleep } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import {
  DistributedLock,
  DistributedRateLimiter,
  DistributedSemaphore,
  elect,
  holdLease,
  jobGroup,
  memoryStore,
  runOnce,
} from '@ambit/sync/lease';
import type { JobOptions } from '@ambit/sync/lease';
import { verifyLease } from '@ambit/sync/postgres';

// A bad argument is named, with its value, by the call that got it.

const store = memoryStore();
const lock = new DistributedLock(store, 'x');
const slots = new DistributedSemaphore(store, 'slots', 2);
const limiter = new DistributedRateLimiter(store, 'api', { permits: 1, per: 1 });
const terms = { ttl: 9000, renew: () => true };
const job = (options: JobOptions) => jobGroup((jobs) => jobs.run('1', () => 1, options));

const waits: readonly [string, (options: never) => Promise<unknown>][] = [
  ['DistributedLock.acquire', (options) => lock.acquire(options)],
  ['DistributedLock.tryAcquire', (options) => lock.tryAcquire(options)],
  ['DistributedLock.holders', (options) => lock.holders(options)],
  ['DistributedLock.run', (options) => lock.run(() => 1, options)],
  ['DistributedSemaphore.acquire', (options) => slots.acquire(options)],
  ['DistributedSemaphore.tryAcquire', (options) => slots.tryAcquire(options)],
  ['DistributedSemaphore.run', (options) => slots.run(() => 1, options)],
  ['DistributedRateLimiter.acquire', (options) => limiter.acquire(options)],
  ['DistributedRateLimiter.tryAcquire', (options) => limiter.tryAcquire(1, options)],
  ['DistributedRateLimiter.run', (options) => limiter.run(() => 1, options)],
  ['elect', (options) => elect(store, 'x', () => 1, options)],
  ['runOnce', (options) => runOnce(store, 'x', () => 1, options)],
  ['JobGroup.run', (options) => job(options)],
];

test.each(waits)('%s refuses options that are none, and a signal that is none', (where, call) =>
  testRun(async () => {
    for (const options of [5, null, 'fast']) {
      await expect(call(options as never)).rejects.toThrow(
        new TypeError(
          `${where}: options is ${JSON.stringify(options)}; give an object, or nothing`,
        ),
      );
    }
    for (const [signal, shown] of [
      [null, 'null'],
      [{}, 'an object (Object)'],
    ] as const) {
      const text = `${where}: signal is ${shown}, not an AbortSignal; give controller.signal or scope.signal`;
      await expect(call({ signal } as never)).rejects.toThrow(new TypeError(text));
    }
  }),
);

test.each([
  [
    'DistributedRateLimiter.acquire: permits is null',
    () => limiter.acquire({ permits: null as never }),
  ],
  [
    'holdLease: signal is an object',
    () => holdLease({ ...terms, name: 'x', signal: {} as never }, () => 1),
  ],
  ['JobGroup.run: lease is 5; give { ttl, renew }, or nothing', () => job({ lease: 5 as never })],
  ['JobGroup.run: lease is null; give { ttl, renew }', () => job({ lease: null as never })],
  ['JobGroup.run, lease: ttl is undefined, not a number', () => job({ lease: {} as never })],
  ['JobGroup.run, lease: renew is undefined', () => job({ lease: { ttl: 100 } as never })],
  ['JobGroup.run, lease: age is -1', () => job({ lease: { ...terms, age: -1 } })],
  ['JobGroup.run, lease: margin is 5000', () => job({ lease: { ...terms, margin: 5000 } })],
  [
    'runOnce: wait is "yes"; give true or false',
    () => runOnce(store, 'x', () => 1, { wait: 'yes' as never }),
  ],
  [
    'verifyLease: table is null',
    () => verifyLease({} as never, {} as never, { table: null as never }),
  ],
])('refused: %s', (message, call) =>
  testRun(async () => {
    await expect(call()).rejects.toThrow(message);
  }),
);

test('a rate in no time is refused at once', () => {
  const rate = { permits: 1, per: 0 };
  expect(() => new DistributedRateLimiter(store, 'x', rate)).toThrow(
    new RangeError('DistributedRateLimiter: per is 0; give milliseconds above 0'),
  );
});

test('the lease of a job may be an object of any class', () =>
  testRun(async () => {
    class QueueLease {
      readonly ttl = 9000;
      renewed = 0;
      get margin(): number {
        return 1000;
      }
      renew(): void {
        this.renewed += 1;
      }
    }
    const lease = new QueueLease();
    await jobGroup((jobs) => jobs.run('1', () => sleep(30_000), { lease }));
    expect(lease.renewed).toBeGreaterThan(8);
  }));
