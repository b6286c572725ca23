import { CancelScope, currentScope, getRunningLoop, sleep, sleepForever } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { ClosedError } from '@ambit/sync';
import { DistributedLock, elect, jobGroup, memoryStore } from '@ambit/sync/lease';
import { drainedAt } from '../../../core/test/support/drained-at.ts';

const now = (): number => getRunningLoop().now();

describe('elect in a scope that drains', () => {
  test('resigns when its body has ended, with its value', () =>
    testRun(async () => {
      const store = memoryStore();
      const value = await drainedAt(10, () =>
        elect(store, 'leader', () => sleep(100, { value: 'led' })),
      );
      expect([value, now()]).toEqual(['led', 100]);
      expect(await new DistributedLock(store, 'leader').holders()).toEqual([]);
    }));

  test('stands no more, and leaves nothing behind', () =>
    testRun(async () => {
      const store = memoryStore();
      const lease = await new DistributedLock(store, 'leader').acquire();
      {
        const body = (): string => {
          throw new Error('led');
        };
        expect(await drainedAt(10, () => elect(store, 'leader', body))).toBeUndefined();
        expect(now()).toBeLessThan(100);
      }
      await lease.release();
      expect(await new DistributedLock(store, 'leader').holders()).toEqual([]);
    }));
});

describe('jobGroup in a scope that drains', () => {
  test('refuses new jobs at once, ends its body, and lets running jobs end', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const value = await drainedAt(10, () =>
        jobGroup(async (jobs) => {
          const job = jobs.run('a', () => sleep(50, { value: 'done' }));
          void job.then((done) => log.push(done, now()));
          currentScope().draining.addEventListener('abort', () => {
            jobs
              .run('b', () => 0)
              .catch((error: unknown) => log.push(error instanceof ClosedError));
          });
          try {
            await sleepForever();
          } finally {
            log.push(`queue closed at ${String(now())}`);
          }
        }),
      );
      expect(value).toBeUndefined();
      expect(log).toEqual([true, 'queue closed at 10', 'done', 50]);
    }));

  test('cancels jobs that do not end within the grace', () =>
    testRun(async () => {
      const failures: unknown[] = [];
      const body = async (jobs: Parameters<Parameters<typeof jobGroup>[0]>[0]): Promise<void> => {
        await jobs.run('a', () => sleepForever()).catch((error: unknown) => failures.push(error));
      };
      await drainedAt(10, () => jobGroup(body, { grace: 30 }));
      expect(failures).toMatchObject([{ name: 'ClosedError' }]);
      expect(now()).toBe(40);
    }));

  test('keeps the value of a body that ends by itself', () =>
    testRun(async () => {
      const body = (): Promise<string> =>
        new Promise((resolve) => {
          currentScope().draining.addEventListener('abort', () => resolve('by itself'));
        });
      expect(await drainedAt(10, () => jobGroup(body))).toBe('by itself');
    }));

  test('a cancellation bounds the jobs too, though the body waits for one of them', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 10 });
      const ended = scope.run(() =>
        jobGroup((jobs) => jobs.run('a', () => sleepForever()), { grace: 30 }),
      );
      await expect(ended).rejects.toThrow(ClosedError);
      expect(now()).toBe(40);
    }));

  test('a cancellation comes out as before', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(() => jobGroup(() => sleepForever()));
      expect(scope.cancelCaught).toBe(true);
    }));
});

test('the type of elect and jobGroup is that of the body, which may say that there may be no value', () =>
  testRun(async () => {
    const store = memoryStore();
    const led: number = await elect(store, 'leader', () => 1);
    const done: string = await jobGroup((jobs) => jobs.run('a', () => 'x'));
    expect([led, done]).toEqual([1, 'x']);
    await using _lease = await new DistributedLock(store, 'leader').acquire();
    const lead = () => elect<number | undefined>(store, 'leader', () => 1);
    const none: number | undefined = await drainedAt(10, lead);
    expect(none).toBeUndefined();
  }));
