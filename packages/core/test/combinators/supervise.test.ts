import {
  CancelScope,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  supervise,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const refused = new Error('refused');
const plain = { jitter: 'none', delay: 10 } as const;

/** Fails after these milliseconds, one after the other; gives `done` after the last; notes attempt and instant. */
function failing(log: [number, number][], ...times: number[]) {
  return async (attempt: number) => {
    log.push([attempt, getRunningLoop().now()]);
    const ms = times[log.length - 1];
    if (ms === undefined) return 'done';
    await sleep(ms);
    throw refused;
  };
}

test('begins again after failures, with growing delays, until a run gives a value', () =>
  testRun(async () => {
    const log: [number, number][] = [];
    expect(await supervise(failing(log, 0, 0, 0), plain)).toBe('done');
    expect(log).toEqual([
      [1, 0],
      [2, 10],
      [3, 30],
      [4, 70],
    ]);
  }));

test('a run that lasts long sets delay and attempt back', () =>
  testRun(async () => {
    const log: [number, number][] = [];
    await supervise(failing(log, 0, 0, 100, 0), { ...plain, resetAfter: 100 });
    expect(log).toEqual([
      [1, 0],
      [2, 10],
      [3, 30],
      [1, 140],
      [2, 150],
    ]);
  }));

test('too many restarts within the time: the last error, itself', () =>
  testRun(async () => {
    const log: [number, number][] = [];
    const options = { ...plain, factor: 1, maxRestarts: 2, within: 15 };
    await expect(
      supervise(failing(log, 0, 0, 0, 0), { ...options, within: Infinity }),
    ).rejects.toBe(refused);
    expect(log).toHaveLength(3);
    // Of those that are 15 ms old or older none counts.
    expect(await supervise(failing([], 0, 0, 0, 0, 0), options)).toBe('done');
    await expect(supervise(failing([], 0), { maxRestarts: 0 })).rejects.toBe(refused);
  }));

test("restart: 'always' begins again after a value, and gives the last one in the end", () =>
  testRun(async () => {
    let count = 0;
    const seen: unknown[] = [];
    const value = await supervise(() => (count += 1), {
      ...plain,
      restart: 'always',
      maxRestarts: 3,
      onRestart: (error, next) => seen.push(error, next),
    });
    expect(value).toBe(4);
    expect(seen).toEqual([undefined, 2, undefined, 3, undefined, 4]);
  }));

test('when refuses an error, a promise of the answer is awaited; what it throws comes out', () =>
  testRun(async () => {
    const fn = jest.fn(() => Promise.reject(refused));
    await expect(supervise(fn, { when: () => false })).rejects.toBe(refused);
    await expect(supervise(fn, { when: async () => false })).rejects.toBe(refused);
    const broken = new Error('cannot tell');
    await expect(supervise(fn, { when: () => Promise.reject(broken) })).rejects.toBe(broken);
    const onRestart = () => {
      throw broken;
    };
    await expect(supervise(fn, { onRestart })).rejects.toBe(broken);
    expect(fn).toHaveBeenCalledTimes(4);
  }));

test('tells onRestart of error, next attempt and delay', () =>
  testRun(async () => {
    const told = jest.fn();
    await supervise(failing([], 0, 0), { ...plain, onRestart: told });
    expect(told.mock.calls).toEqual([
      [refused, 2, 10],
      [refused, 3, 20],
    ]);
  }));

test('cancelled while it runs, or waits to begin again, ends at once, cleanup included', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const work = () =>
      sleepForever().finally(async () => {
        await shield(() => sleep(5));
        log.push('cleaned up');
      });
    await moveOnAfter(10, () => supervise(work));
    expect([log, loop.now()]).toEqual([['cleaned up'], 15]);
    const waiting = () => supervise(() => Promise.reject(refused), { jitter: 'none', delay: 1e6 });
    await moveOnAfter(10, waiting);
    expect(loop.now()).toBe(25);
  }));

test('a failure of the cleanup comes out, and a foreign AbortError is a failure like any other', () =>
  testRun(async () => {
    const scope = new CancelScope({ timeout: 5 });
    const work = () => sleepForever().catch(() => Promise.reject(refused));
    await expect(scope.run(() => supervise(work))).rejects.toBe(refused);
    const abort = Object.assign(new Error('theirs'), { name: 'AbortError' });
    const failed = supervise(() => Promise.reject(abort), { maxRestarts: 1, delay: 0 });
    await expect(failed).rejects.toBe(abort);
  }));

test('its signal ends it; in a cancelled scope nothing is called', () =>
  testRun(async () => {
    const controller = new AbortController();
    const running = supervise(() => sleepForever(), { signal: controller.signal });
    controller.abort('enough');
    await expect(running).rejects.toBe('enough');
    const fn = jest.fn();
    const scope = new CancelScope();
    scope.cancel();
    const error: unknown = await scope.run(() => supervise(fn).catch((e: unknown) => e));
    expect(isCancelled(error)).toBe(true);
    expect(fn).not.toHaveBeenCalled();
  }));

test.each([
  [1, {}, 'fn is 1'],
  [() => 1, 1, 'options is 1'],
  [() => 1, { restart: 'never' }, 'restart is "never"'],
  [() => 1, { delay: NaN }, 'delay is NaN'],
  [() => 1, { factor: -1 }, 'factor is -1'],
  [() => 1, { jitter: 'half' }, 'jitter is "half"'],
  [() => 1, { resetAfter: NaN }, 'resetAfter is NaN'],
  [() => 1, { maxRestarts: -1 }, 'maxRestarts is -1'],
  [() => 1, { within: 'x' }, 'within is "x"'],
  [() => 1, { when: 1 }, 'when is 1'],
  [() => 1, { onRestart: 1 }, 'onRestart is 1'],
  [() => 1, { signal: 1 }, 'signal is 1'],
])('refuses bad arguments: %p, %p', async (fn, options, message) => {
  await expect(supervise(fn as never, options as never)).rejects.toThrow(`supervise: ${message}`);
});

test('supervise waits for what onRestart returns, and ends with what it rejects with', () =>
  testRun(async () => {
    const cannotTell = new Error('cannot tell');
    const onRestart = async () => {
      await sleep(5);
      throw cannotTell;
    };
    const failing = () => Promise.reject(new Error('broken'));
    await expect(supervise(failing, { onRestart })).rejects.toBe(cannotTell);
  }));
