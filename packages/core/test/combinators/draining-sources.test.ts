import {
  CancelScope,
  concurrentForEach,
  concurrentMap,
  getRunningLoop,
  sleep,
  sleepForever,
  supervise,
  taskGroup,
} from '@ambit/core';
import { interval } from '@ambit/core/iter';
import { onDraining } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import { drainedAt } from '../support/drained-at.ts';

const now = (): number => getRunningLoop().now();

describe('interval ends by draining', () => {
  test.each([
    ['while it waits for a tick', 25],
    ['at a tick', 20],
  ])('%s', (_when, ms) =>
    testRun(async () => {
      const ticks: number[] = [];
      await drainedAt(ms, async () => {
        for await (const tick of interval(10)) ticks.push(tick);
        expect(now()).toBe(ms);
      });
      expect(ticks.slice(0, 2)).toEqual([0, 1]);
    }),
  );

  test('while its consumer is at work, which ends its piece', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await drainedAt(5, async () => {
        for await (const tick of interval(10)) log.push(tick, await sleep(20, { value: now() }));
        log.push(now());
      });
      expect(log).toEqual([0, 0, 20]);
    }));

  test('at once in a scope that drains already, and stays ended', () =>
    testRun(async () => {
      const ticks = interval(10);
      await drainedAt(0, async () => {
        await sleep(1);
        expect(await ticks.next()).toEqual({ done: true, value: undefined });
      });
      expect((await ticks.next()).done).toBe(true);
    }));
});

describe('concurrentMap in a scope that drains', () => {
  async function* numbers(log: unknown[]): AsyncGenerator<number> {
    try {
      for (let i = 0; ; i += 1) {
        await sleep(10);
        yield i;
      }
    } finally {
      log.push(`closed at ${String(now())}`);
    }
  }

  test('closes an async source and finishes what it has, also what was under way', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const results = await drainedAt(25, () =>
        concurrentMap(numbers(log), (n) => sleep(30, { value: n * 2 }), { limit: 3 }),
      );
      expect(results).toEqual([0, 2, 4]);
      expect([log, now()]).toEqual([['closed at 30'], 60]);
    }));

  test('while all workers are busy', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const done: number[] = [];
      await drainedAt(25, () =>
        concurrentForEach(numbers(log), (n) => sleep(40).then(() => done.push(n)), { limit: 1 }),
      );
      expect(done).toEqual([0]);
      expect(log).toEqual(['closed at 25']);
    }));

  test('goes on with a sync source, whose items it has', () =>
    testRun(async () => {
      const work = (n: number): Promise<number> => sleep(10, { value: n });
      expect(await drainedAt(5, () => concurrentMap([1, 2, 3], work, { limit: 1 }))).toEqual([
        1, 2, 3,
      ]);
    }));

  test('a source that fails to close fails it; one that was not begun is not closed', () =>
    testRun(async () => {
      const source = {
        next: () => sleep(10, { value: { done: false as const, value: 1 } }),
        return: () => Promise.reject(new Error('close')),
        [Symbol.asyncIterator]() {
          return this;
        },
      };
      const failing = drainedAt(5, () => concurrentMap(source, (n) => n, { limit: 1 }));
      await expect(failing).rejects.toThrow('close');
      const scope = new CancelScope();
      const results = await scope.run(() => {
        scope.drain();
        return concurrentMap(source, (n) => n, { limit: 1 });
      });
      expect(results).toEqual([]);
    }));

  test('cancelled while it drains, it is cancelled', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.drain({ timeout: 20 });
        await concurrentMap([1], () => sleepForever(), { limit: 1 });
      });
      expect([scope.cancelCaught, now(), log]).toEqual([true, 20, []]);
    }));
});

test('the queue of a group with a limit goes on with what it has', () =>
  testRun(async () => {
    const done: number[] = [];
    const scope = new CancelScope();
    await scope.run(() =>
      taskGroup(
        (group) => {
          for (const n of [1, 2, 3]) group.spawn(() => sleep(10).then(() => done.push(n)));
          scope.drain();
        },
        { limit: 1 },
      ),
    );
    expect(done).toEqual([1, 2, 3]);
  }));

describe('supervise in a scope that drains', () => {
  test('a failure comes out, and nothing is begun again', () =>
    testRun(async () => {
      const attempts: number[] = [];
      const failing = drainedAt(5, () =>
        supervise(async (attempt) => {
          attempts.push(attempt);
          await sleep(10);
          throw new Error('broken');
        }),
      );
      await expect(failing).rejects.toThrow('broken');
      expect([attempts, now()]).toEqual([[1], 10]);
    }));

  test('also in the pause between two attempts', () =>
    testRun(async () => {
      const fn = (): never => {
        throw new Error('broken');
      };
      const failing = drainedAt(50, () => supervise(fn, { delay: 100, jitter: 'none' }));
      await expect(failing).rejects.toThrow('broken');
      expect(now()).toBe(50);
    }));

  test('a value ends it, also with restart always', () =>
    testRun(async () => {
      const value = await drainedAt(25, () =>
        supervise((attempt) => sleep(10, { value: attempt }), { restart: 'always', delay: 0 }),
      );
      expect([value, now()]).toEqual([3, 30]);
    }));
});

describe('onDraining', () => {
  test('calls back once: at the drain, beyond shields, at a cancellation, or at once', () =>
    testRun(async () => {
      const log: string[] = [];
      const outer = new CancelScope();
      await outer.run(() =>
        new CancelScope({ shield: true }).run(async (inner) => {
          onDraining((reason) => log.push(`shield ${String(reason)}`));
          const taken = onDraining(() => log.push('taken back'));
          taken[Symbol.dispose]();
          outer.drain({ reason: 'stop' });
          onDraining((reason) => log.push(`late ${String(reason)}`));
          outer.cancel();
          inner.cancel();
          await Promise.resolve();
        }),
      );
      const cancelled = new CancelScope();
      await cancelled.run(() => {
        onDraining((reason) => log.push((reason as Error).name));
        cancelled.cancel();
      });
      expect(log).toEqual(['shield stop', 'late stop', 'AbortError']);
    }));

  test('outlives the scope in which it was registered, as code that runs on does', () =>
    testRun(async () => {
      const log: string[] = [];
      const outer = new CancelScope();
      await outer.run(async () => {
        await new CancelScope().run(() => onDraining(() => log.push('drained')));
        outer.drain();
      });
      expect(log).toEqual(['drained']);
    }));
});
