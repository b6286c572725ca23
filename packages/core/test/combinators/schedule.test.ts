import { CancelScope, getRunningLoop, schedule, sleep, sleepForever } from '@ambit/core';
import { testRun, VirtualLoop } from '@ambit/core/testing';

const now = (): number => getRunningLoop().now();

/** Runs a schedule in a scope that drains after a number of milliseconds. */
async function drainedAt(ms: number, begin: () => Promise<void>): Promise<void> {
  const scope = new CancelScope();
  await scope.run(async () => {
    const ended = begin();
    await sleep(ms);
    scope.drain();
    await ended;
  });
  expect(scope.cancelCalled).toBe(false);
}

describe('schedule every', () => {
  test('runs first after a period, then on a grid, without drift', () =>
    testRun(async () => {
      const instants: number[] = [];
      await drainedAt(45, () =>
        schedule({ every: 10 }, async () => {
          instants.push(now());
          await sleep(3);
        }),
      );
      expect(instants).toEqual([10, 20, 30, 40]);
      expect(now()).toBe(45);
    }));

  test('gives the instant by the wall clock, which starts where the loop says', () => {
    const loop = new VirtualLoop({ date: new Date('2026-03-01T12:00:00Z') });
    const dates: string[] = [];
    return testRun(
      () =>
        drainedAt(2500, () => schedule({ every: 1000 }, (due) => dates.push(due.toISOString()))),
      { loop },
    ).then(() => {
      expect(dates).toEqual(['2026-03-01T12:00:01.000Z', '2026-03-01T12:00:02.000Z']);
    });
  });

  test.each([
    ['skip', ['10-35', '40-65']],
    ['queue', ['10-35', '35-60', '60-85', '85-110']],
    ['cancel-previous', ['20', '30', '40', '40-65']],
  ] as const)('overlap: %s', (overlap, expected) =>
    testRun(async () => {
      const log: string[] = [];
      const fn = async (): Promise<void> => {
        const begun = now();
        try {
          await sleep(25);
        } catch (error) {
          log.push(String(now()));
          throw error;
        }
        log.push(`${String(begun)}-${String(now())}`);
      };
      // What is at work, or in the queue, ends after the draining.
      await drainedAt(45, () => schedule({ every: 10 }, fn, { overlap }));
      expect(log).toEqual(expected);
    }),
  );

  test('cancel-previous waits for the cleanup of the run before', () =>
    testRun(async () => {
      const log: string[] = [];
      const fn = async (): Promise<void> => {
        log.push(`begin ${String(now())}`);
        try {
          await sleepForever();
        } finally {
          log.push(`end ${String(now())}`);
        }
      };
      const scope = new CancelScope({ timeout: 25 });
      await scope.run(() => schedule({ every: 10 }, fn, { overlap: 'cancel-previous' }));
      expect(log).toEqual(['begin 10', 'end 20', 'begin 20', 'end 25']);
    }));

  test('a failure ends it, unless onError is told', () =>
    testRun(async () => {
      const fn = (): never => {
        throw new Error(`at ${String(now())}`);
      };
      await expect(schedule({ every: 10 }, fn)).rejects.toThrow('at 10');
      const told: unknown[] = [];
      await drainedAt(25, () =>
        schedule({ every: 10 }, fn, { onError: (error) => told.push(error) }),
      );
      expect(told).toMatchObject([{ message: 'at 20' }, { message: 'at 30' }]);
    }));

  test('onError is called with the options as `this`, the very ones that were given', () =>
    testRun(async () => {
      const seen: unknown[] = [];
      const options = {
        onError(this: unknown) {
          seen.push(this);
        },
      };
      await drainedAt(15, () =>
        schedule({ every: 10 }, () => Promise.reject(new Error()), options),
      );
      expect(seen).toEqual([options]);
      expect(seen[0]).toBe(options);
    }));

  test('a signal ends it with its reason, and cancels the runs', () =>
    testRun(async () => {
      const controller = new AbortController();
      const ended = schedule({ every: 10 }, () => sleepForever(), { signal: controller.signal });
      await sleep(15);
      controller.abort('enough');
      await expect(ended).rejects.toBe('enough');
      await expect(schedule({ every: 10 }, () => 0, { signal: controller.signal })).rejects.toBe(
        'enough',
      );
    }));

  test('in a scope that drains already nothing runs', () =>
    testRun(async () => {
      await new CancelScope().run(async (scope) => {
        scope.drain();
        await schedule({ every: 10 }, () => Promise.reject(new Error('ran')));
      });
    }));
});

describe('schedule by a cron expression', () => {
  test('by the wall clock and its time zone, over a change of the clocks', async () => {
    const loop = new VirtualLoop({ date: new Date('2026-03-28T00:00:00Z') });
    const dates: string[] = [];
    await testRun(
      () =>
        drainedAt(3 * 86_400_000, () =>
          schedule('30 8 * * *', (due) => dates.push(due.toISOString()), {
            timezone: 'Europe/Berlin',
          }),
        ),
      { loop },
    );
    expect(dates).toEqual([
      '2026-03-28T07:30:00.000Z',
      '2026-03-29T06:30:00.000Z',
      '2026-03-30T06:30:00.000Z',
    ]);
  });

  test('with seconds, on the second', () => {
    const loop = new VirtualLoop({ date: new Date('2026-01-01T00:00:00.250Z') });
    return testRun(
      async () => {
        const instants: number[] = [];
        await drainedAt(10_000, () => schedule('*/4 * * * * *', () => instants.push(now())));
        expect(instants).toEqual([3750, 7750]);
      },
      { loop },
    );
  });

  test('resolves when there is no instant left', () => {
    const loop = new VirtualLoop({ date: new Date('2026-01-01T00:00:00Z') });
    return testRun(
      async () => {
        const dates: number[] = [];
        await schedule('2026-01-01T00:00:05Z', (due) => dates.push(due.getTime()));
        expect(dates).toEqual([Date.UTC(2026, 0, 1, 0, 0, 5)]);
      },
      { loop },
    );
  });

  test.each(['every day', '', '61 * * * *'])('%j is no expression', async (when) => {
    await expect(schedule(when, () => 0)).rejects.toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(
        /^schedule: when is ".*", which is no cron expression .CronPattern: .*; give one, as/,
      ) as unknown,
      cause: expect.objectContaining({
        message: expect.stringMatching('CronPattern') as unknown,
      }) as unknown,
    });
  });

  test.each(['', 'Mars/Olympus'])('%j is no time zone', async (timezone) => {
    await expect(schedule('* * * * *', () => 0, { timezone })).rejects.toMatchObject({
      name: 'RangeError',
      message: `schedule: timezone is "${timezone}", which this host does not know; give a name like 'Europe/Berlin'`,
    });
  });
});

test('bad arguments', async () => {
  const fn = (): number => 0;
  await expect(schedule({ every: 0 }, fn)).rejects.toThrow(RangeError);
  await expect(schedule({ every: NaN }, fn)).rejects.toThrow(RangeError);
  await expect(schedule(5 as never, fn)).rejects.toThrow(TypeError);
  await expect(schedule({} as never, fn)).rejects.toThrow(TypeError);
  await expect(schedule({ every: 1 }, 'fn' as never)).rejects.toThrow(TypeError);
  await expect(schedule({ every: 1 }, fn, { overlap: 'x' as never })).rejects.toThrow(TypeError);
  await expect(schedule('* * * * *', fn, { timezone: 1 as never })).rejects.toThrow(TypeError);
  expect(() => new VirtualLoop({ date: 'today' as never })).toThrow(TypeError);
});
