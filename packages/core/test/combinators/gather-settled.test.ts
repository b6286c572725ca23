import { gatherSettled, isCancelled, moveOnAfter, shield, sleep, sleepForever } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** Sleeps until cancelled, then takes some time to clean up. */
async function slowToEnd(log: string[], name: string): Promise<never> {
  try {
    return await sleepForever();
  } finally {
    await shield(() => sleep(10));
    log.push(`${name} cleaned up`);
  }
}

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

// rule 153
test('tells what each came to and cancels nobody', () =>
  testRun(async () => {
    const failure = new Error('refused');
    const outcomes = await gatherSettled({
      bad: () => failAfter(1, failure),
      good: () => sleep(20, { value: 'fine' }),
      alsoBad: () => Promise.reject(failure),
    });
    expect(outcomes).toEqual({
      bad: { status: 'rejected', reason: failure },
      good: { status: 'fulfilled', value: 'fine' },
      alsoBad: { status: 'rejected', reason: failure },
    });
  }));

// rules 153, 154
test('gives the CancelledError of a function that cancelled its own task as its reason', () =>
  testRun(async () => {
    const [own, other] = await gatherSettled([
      async (task) => {
        task.cancel('mine');
        await sleepForever();
      },
      () => sleep(5, { value: 'fine' }),
    ]);
    expect(own.status === 'rejected' && isCancelled(own.reason)).toBe(true);
    expect(other).toEqual({ status: 'fulfilled', value: 'fine' });
  }));

// rule 155
test('cancelled from outside cancels all, waits for them, and gives no outcomes', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const outcome = await moveOnAfter(5, () => gatherSettled([() => slowToEnd(log, 'a')]));
    expect(outcome).toBeUndefined();
    expect(log).toEqual(['a cleaned up']);
    expect(loop.now()).toBe(15);
  }));

test('takes what a function that cancelled its own task throws as its outcome, too', () =>
  testRun(async () => {
    const failure = new Error('own');
    const outcomes = await gatherSettled([
      (task) => {
        task.cancel();
        throw failure;
      },
      () => sleep(5, { value: 'untouched' }),
    ]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 'untouched' },
    ]);
  }));

test('aborted by its signal rejects with the reason', () =>
  testRun(async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const gathering = gatherSettled([() => sleepForever()], { signal: controller.signal });
    controller.abort(reason);
    await expect(gathering).rejects.toBe(reason);
  }));

test('cancelled from outside, a failure in the cleanup comes out', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const gathering = moveOnAfter(5, () =>
      gatherSettled([() => sleepForever().finally(() => Promise.reject(failure))]),
    );
    await expect(gathering).rejects.toBe(failure);
  }));

describe('timeout', () => {
  test('past it, those left are cancelled, waited for, and rejected with their CancelledError', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const [quick, slow, kept] = await gatherSettled(
        [
          () => sleep(5, { value: 'quick' }),
          () => slowToEnd(log, 'slow'),
          () => sleepForever().catch(() => 'a value all the same'),
        ],
        { timeout: 20 },
      );
      expect(quick).toEqual({ status: 'fulfilled', value: 'quick' });
      expect(slow).toMatchObject({ status: 'rejected', reason: { source: 'deadline' } });
      expect(kept).toEqual({ status: 'fulfilled', value: 'a value all the same' });
      expect(log).toEqual(['slow cleaned up']);
      expect(loop.now()).toBe(30);
    }));

  test('cuts those too that wait for their turn, which are never called', () =>
    testRun(async () => {
      const queued = jest.fn();
      const outcomes = await gatherSettled([() => sleep(50), queued], { timeout: 10, limit: 1 });
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(queued).not.toHaveBeenCalled();
    }));

  test('does not outlive those that end before it', () =>
    testRun(async (_group, loop) => {
      await gatherSettled([() => sleep(5)], { timeout: 1000 });
      expect(loop.now()).toBe(5);
    }));

  test('negative is 0, NaN is refused', () =>
    testRun(async () => {
      const [cut] = await gatherSettled([() => sleepForever()], { timeout: -1 });
      expect(cut.status).toBe('rejected');
      await expect(gatherSettled([() => 1], { timeout: NaN })).rejects.toThrow(RangeError);
    }));
});

describe('until', () => {
  const isEnough = (settled: readonly PromiseSettledResult<unknown>[]) =>
    settled.filter(({ status }) => status === 'fulfilled').length >= 2;

  test('enough: the rest is cancelled and waited for', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const outcomes = await gatherSettled(
        {
          a: () => sleep(3, { value: 'a' }),
          b: () => failAfter(4, new Error('b')),
          c: () => sleep(5, { value: 'c' }),
          d: () => slowToEnd(log, 'd'),
        },
        { until: isEnough },
      );
      expect(Object.values(outcomes).map(({ status }) => status)).toEqual([
        ...['fulfilled', 'rejected', 'fulfilled', 'rejected'],
      ]);
      expect(outcomes.d.status === 'rejected' && isCancelled(outcomes.d.reason)).toBe(true);
      expect([log, loop.now()]).toEqual([['d cleaned up'], 15]);
    }));

  test('sees those that have settled, in that order, and its options as `this`', () =>
    testRun(async () => {
      const seen: unknown[] = [];
      const options = {
        until(this: unknown, settled: readonly PromiseSettledResult<unknown>[]) {
          seen.push(settled.map((outcome) => (outcome as { value: unknown }).value));
          expect(this).toBe(options);
          return false;
        },
      };
      await gatherSettled([() => sleep(9, { value: 1 }), () => sleep(2, { value: 2 })], options);
      expect(seen).toEqual([[2], [2, 1]]);
    }));

  test('what has not been begun when it is enough never is', () =>
    testRun(async () => {
      const third = jest.fn();
      const outcomes = await gatherSettled([() => 1, () => 2, third], { until: isEnough });
      expect(outcomes[2]).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
      expect(third).not.toHaveBeenCalled();
    }));

  test('what it throws comes out, once the rest has ended; a promise is refused', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const failure = new Error('cannot tell');
      const until = (): never => {
        throw failure;
      };
      const tasks = [() => sleep(1), () => slowToEnd(log, 'b')];
      await expect(gatherSettled(tasks, { until })).rejects.toBe(failure);
      expect([log, loop.now()]).toEqual([['b cleaned up'], 11]);
      const promising = gatherSettled([() => 1], { until: (async () => false) as never });
      await expect(promising).rejects.toThrow('until returned a promise');
      await expect(gatherSettled([], { until: 1 as never })).rejects.toThrow('until is 1');
    }));
});
