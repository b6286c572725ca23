import {
  CancelScope,
  CancelledError,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  retry,
  sleep,
  sleepForever,
  TimeoutError,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** For tests that take a busy machine longer than most. */
const LONG = { limit: 30_000 };

/** Fails as often as there are errors, then gives the number of the call; notes when it is called. */
function flaky(log: unknown[], ...errors: unknown[]) {
  return async (attempt: number) => {
    log.push(getRunningLoop().now());
    if (attempt <= errors.length) throw errors[attempt - 1];
    return attempt;
  };
}

const refused = new Error('refused');

test('calls until it succeeds, and numbers the calls from 1', () =>
  testRun(async () => {
    const log: unknown[] = [];
    expect(await retry(flaky(log, refused, refused), { jitter: 'none' })).toBe(3);
    expect(log).toEqual([0, 100, 300]);
  }));

test('makes three calls in all unless told otherwise, and throws the last error', () =>
  testRun(async () => {
    const errors = [new Error('1'), new Error('2'), new Error('3'), new Error('4')];
    const log: unknown[] = [];
    await expect(retry(flaky(log, ...errors))).rejects.toBe(errors[2]);
    expect(log.length).toBe(3);
    await expect(retry(flaky([], ...errors), { attempts: 1 })).rejects.toBe(errors[0]);
    expect(await retry(flaky([], ...errors), { attempts: Infinity })).toBe(5);
  }));

test('the delay grows by the factor, up to the longest', () =>
  testRun(async () => {
    const delays: number[] = [];
    const policy = { attempts: 6, delay: 10, factor: 3, maxDelay: 200, jitter: 'none' as const };
    await retry(flaky([], ...Array<Error>(5).fill(refused)), {
      ...policy,
      onRetry: (_error, _attempt, delay) => delays.push(delay),
    });
    expect(delays).toEqual([10, 30, 90, 200, 200]);
    expect(getRunningLoop().now()).toBe(530);
  }));

test('full jitter waits for a random part of the delay', () =>
  testRun(async () => {
    const delays: number[] = [];
    await retry(flaky([], ...Array<Error>(50).fill(refused)), {
      attempts: Infinity,
      delay: 100,
      factor: 1,
      onRetry: (_error, _attempt, delay) => delays.push(delay),
    });
    expect(Math.min(...delays)).toBeLessThan(50);
    expect(Math.max(...delays)).toBeGreaterThan(50);
    expect(Math.max(...delays)).toBeLessThanOrEqual(100);
  }));

test('goes on forever without a delay', () =>
  testRun(async () => {
    const errors = Array<Error>(1500).fill(refused);
    expect(await retry(flaky([], ...errors), { attempts: Infinity, delay: 0 })).toBe(1501);
  }, LONG));

test('onRetry hears of each failure that is followed by a call', () =>
  testRun(async () => {
    const log: unknown[] = [];
    await retry(flaky([], refused), {
      jitter: 'none',
      onRetry: (error, attempt, delay) => log.push(error, attempt, delay),
    });
    expect(log).toEqual([refused, 1, 100]);
  }));

test('`when` decides whether to go on', () =>
  testRun(async () => {
    const fatal = new Error('fatal');
    const log: unknown[] = [];
    const asked: unknown[] = [];
    const retrying = retry(flaky(log, refused, fatal), {
      attempts: 10,
      when: (error, attempt) => {
        asked.push(attempt);
        return error !== fatal;
      },
    });
    await expect(retrying).rejects.toBe(fatal);
    expect(log.length).toBe(2);
    expect(asked).toEqual([1, 2]);
  }));

test('`timeout` is for each call, and running out of it is a failure like others', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const value = await retry(
      async (attempt) => {
        log.push(getRunningLoop().now());
        return attempt === 1 ? sleepForever() : 'second';
      },
      { timeout: 50, jitter: 'none', onRetry: (error) => log.push(error) },
    );
    expect(value).toBe('second');
    expect(log[1]).toBeInstanceOf(TimeoutError);
    expect([log[0], log[2]]).toEqual([0, 150]);
  }));

test('takes a function that throws at once as one that fails', () =>
  testRun(async () => {
    const value = await retry((attempt) => {
      if (attempt === 1) throw refused;
      return attempt;
    });
    expect(value).toBe(2);
  }));

describe('when its scope is cancelled', () => {
  test('stops at once during a call', () =>
    testRun(async () => {
      let calls = 0;
      await moveOnAfter(5, () =>
        retry(() => {
          calls += 1;
          return sleepForever();
        }),
      );
      expect(calls).toBe(1);
      expect(getRunningLoop().now()).toBe(5);
    }));

  test('stops at once during a delay', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await moveOnAfter(50, () => retry(flaky(log, refused, refused), { jitter: 'none' }));
      expect(log).toEqual([0]);
      expect(getRunningLoop().now()).toBe(50);
    }));

  test('stops whatever the call throws then, and asks nobody', () =>
    testRun(async () => {
      const failure = new Error('in cleanup');
      const asked: unknown[] = [];
      const scope = new CancelScope({ timeout: 5 });
      const retrying = scope.run(() =>
        retry(() => sleepForever().finally(() => Promise.reject(failure)), {
          when: (error) => asked.push(error) > 0,
        }),
      );
      await expect(retrying).rejects.toBe(failure);
      expect(asked).toEqual([]);
    }));

  test('before the first call, makes none', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await moveOnAfter(0, () => retry(flaky(log)));
      expect(log).toEqual([]);
    }));
});

test('an AbortError of somebody else is a failure like others', () =>
  testRun(async () => {
    const scope = new CancelScope();
    scope.cancel('another scope');
    const errors = [new DOMException('', 'AbortError'), scope.reason as CancelledError];
    expect(errors.map((error) => error.name)).toEqual(['AbortError', 'AbortError']);
    expect(isCancelled(errors[1])).toBe(true);
    expect(await retry(flaky([], ...errors))).toBe(3);
  }));

test('nothing is left of a scope that the function cancelled itself', () =>
  testRun(async () => {
    const value = await retry(async (attempt) => {
      const inner = new CancelScope();
      if (attempt === 1) inner.cancel();
      return (await inner.run(() => sleep(1, { value: attempt }))) ?? Promise.reject(refused);
    });
    expect(value).toBe(2);
  }));

test('awaits what `when` answers: a promise is not taken for a yes', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const when = (_error: unknown, attempt: number) => sleep(5, { value: attempt < 2 });
    await expect(retry(flaky(log, refused, refused), { jitter: 'none', when })).rejects.toBe(
      refused,
    );
    expect(log).toEqual([0, 105]);
    const broken = new Error('cannot tell');
    const rejecting = retry(flaky([], refused), { when: () => Promise.reject(broken) });
    await expect(rejecting).rejects.toBe(broken);
  }));

test('retry waits for what onRetry returns, and ends with what it rejects with', () =>
  testRun(async () => {
    const cannotTell = new Error('cannot tell');
    const log: unknown[] = [];
    const retrying = retry(flaky(log, refused), {
      onRetry: async () => {
        await sleep(5);
        throw cannotTell;
      },
    });
    await expect(retrying).rejects.toBe(cannotTell);
    expect(log).toHaveLength(1);
  }));
