import {
  CancelScope,
  getRunningLoop,
  isCancelled,
  shield,
  sleep,
  sleepForever,
  timeout,
} from '@ambit/core';
import { forever, proactiveRetry } from '@ambit/core/abort';
import { testRun } from '@ambit/core/testing';

/** Attempts whose results come after so many milliseconds; errors are thrown. */
function script(log: string[], ...steps: [number, unknown][]) {
  return async (signal: AbortSignal, attempt: number): Promise<unknown> => {
    const [ms, result] = steps[attempt]!;
    log.push(`${String(getRunningLoop().now())}: ${String(attempt)} starts`);
    try {
      await sleep(ms);
    } catch (error) {
      log.push(`${String(getRunningLoop().now())}: ${String(attempt)} stops`);
      expect(signal.aborted).toBe(true);
      throw error;
    }
    if (result instanceof Error) throw result;
    return result;
  };
}

let random: jest.SpyInstance;
beforeEach(() => {
  // (1 + 1) / 2: the whole of the back-off, without a random part.
  random = jest.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => random.mockRestore());

describe('proactiveRetry', () => {
  test('starts attempts at growing distances until one succeeds, and stops the others', () =>
    testRun(async () => {
      const log: string[] = [];
      const fn = script(log, [1e6, 'a'], [1e6, 'b'], [50, 'c'], [0, 'never']);
      expect(await proactiveRetry(fn, { baseMs: 100 })).toBe('c');
      expect(log).toEqual([
        '0: 0 starts',
        '100: 1 starts',
        '300: 2 starts',
        '350: 0 stops',
        '350: 1 stops',
      ]);
    }));

  test('takes up to half of each distance off at random', () =>
    testRun(async () => {
      random.mockReturnValue(0);
      const log: string[] = [];
      await proactiveRetry(script(log, [1e6, 'a'], [0, 'b']), {});
      expect(log.slice(0, 2)).toEqual(['0: 0 starts', '500: 1 starts']);
    }));

  test('tells of failures, and throws the last one when there are no attempts left', () =>
    testRun(async () => {
      const errors = ['a', 'b', 'c'].map((text) => new Error(text));
      const seen: unknown[] = [];
      const fn = script([], [10, errors[0]], [500, errors[1]], [100, errors[2]]);
      const failing = proactiveRetry(fn, {
        baseMs: 100,
        maxAttempts: 3,
        onError: (error, attempt) => seen.push(attempt, error),
      });
      await expect(failing).rejects.toBe(errors[1]);
      expect(seen).toEqual([0, errors[0], 2, errors[2]]);
    }));

  test('one attempt that throws at once fails with that', () =>
    testRun(async () => {
      const error = new Error('at once');
      const onError = jest.fn();
      const fn = (): never => {
        throw error;
      };
      await expect(proactiveRetry(fn, { maxAttempts: 1, onError })).rejects.toBe(error);
      expect(onError).not.toHaveBeenCalled();
    }));

  test('onError ends it all by throwing', () =>
    testRun(async () => {
      const refusal = new Error('not this one');
      const log: string[] = [];
      const fn = script(log, [1e6, 'a'], [10, new Error('b')]);
      const failing = proactiveRetry(fn, {
        baseMs: 100,
        onError: () => {
          throw refusal;
        },
      });
      await expect(failing).rejects.toBe(refusal);
      expect(log.at(-1)).toBe('110: 0 stops');
    }));

  test('waits for the cleanup of the losers, drops what fails there, and keeps the value', () =>
    testRun(async () => {
      const fn = async (_signal: AbortSignal, attempt: number): Promise<string> => {
        if (attempt === 1) return 'won';
        try {
          return await sleepForever();
        } finally {
          await shield(() => sleep(1000));
          await Promise.reject(new Error('dropped'));
        }
      };
      const scope = new CancelScope({ timeout: 200 });
      const value = await scope.run(() => proactiveRetry(fn, { baseMs: 100 }));
      expect(value).toBe('won');
      expect(getRunningLoop().now()).toBe(1100);
    }));

  test('cancelled from outside, or by its signal, waits for the attempts and says why', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope({ timeout: 150 });
      await scope.run(() => proactiveRetry(script(log, [1e6, 'a'], [1e6, 'b']), { baseMs: 100 }));
      expect(scope.cancelCaught).toBe(true);
      expect(log).toContain('150: 1 stops');
      const controller = new AbortController();
      const waiting = proactiveRetry(() => forever(), { signal: controller.signal });
      controller.abort('stop');
      await expect(waiting).rejects.toBe('stop');
    }));

  test('a failure in the cleanup of a cancelled attempt is not lost', () =>
    testRun(async () => {
      const error = new Error('in cleanup');
      const fn = async (): Promise<void> => {
        await sleep(1e6).catch(() => Promise.reject(error));
      };
      await expect(timeout(10, () => proactiveRetry(fn))).rejects.toBe(error);
    }));

  test('is refused in a cancelled scope, and for bad arguments', () =>
    testRun(async () => {
      const fn = jest.fn();
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(async () => {
        expect(isCancelled(await proactiveRetry(fn).catch((error: unknown) => error))).toBe(true);
      });
      expect(fn).not.toHaveBeenCalled();
      await expect(proactiveRetry(3 as never)).rejects.toThrow(TypeError);
      await expect(proactiveRetry(fn, { maxAttempts: 0 })).rejects.toThrow(RangeError);
      await expect(proactiveRetry(fn, { baseMs: NaN })).rejects.toThrow(RangeError);
      await expect(proactiveRetry(fn, { onError: 1 as never })).rejects.toThrow(TypeError);
    }));
});
