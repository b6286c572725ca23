import {
  CancelScope,
  checkpoint,
  getRunningLoop,
  retry,
  run,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  TimeoutError,
  yieldNow,
} from '@ambit/core';
import { permute, Sequencer, testRun } from '@ambit/core/testing';

afterEach(() => {
  jest.useRealTimers();
});

/** Whether a promise settles within real milliseconds. */
async function isDone(promise: Promise<unknown>, ms = 1000): Promise<boolean> {
  const real = jest.requireActual<typeof import('node:timers')>('node:timers');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = real.setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    real.clearTimeout(timer);
  }
}

describe('under jest’s fake timers', () => {
  test('virtual time goes on as ever', async () => {
    jest.useFakeTimers();
    const end = await testRun(async (group, loop) => {
      group.spawn(() => sleep(60_000));
      await timeout(1000, () => sleepForever()).catch(() => undefined);
      await yieldNow();
      await checkpoint();
      await sleep(10);
      return loop.now();
    });
    expect(end).toBe(1010);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('orders are searched as ever', () => {
    jest.useFakeTimers();
    return permute(
      async (group) => {
        const sequencer = new Sequencer();
        for (const step of [1, 0]) group.spawn(() => sequencer.run(step, () => sleep(10)));
        await new Promise<void>((resolve) => getRunningLoop().callSoon(resolve));
      },
      { runs: 3 },
    );
  });

  test('that were there before the package was loaded, virtual time goes on as well', async () => {
    jest.useFakeTimers();
    await jest.isolateModulesAsync(async () => {
      const core = await import('@ambit/core');
      const testing = await import('@ambit/core/testing');
      await testing.testRun(() => core.sleep(60_000), { seed: 1 });
    });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('sleeps, timeouts and retries move with them', async () => {
    jest.useFakeTimers();
    const log: string[] = [];
    const program = run(
      async (group) => {
        group.spawn(() => sleep(500).then(() => log.push('500')));
        await sleep(1000).then(() => log.push('1000'));
        await timeout(1000, () => sleepForever()).catch((error: unknown) => {
          log.push(error instanceof TimeoutError ? 'timeout' : String(error));
        });
        await retry((n) => (n < 3 ? Promise.reject(new Error('again')) : log.push('third')), {
          delay: 1000,
          jitter: 'none',
        });
      },
      { signals: [] },
    );
    await jest.advanceTimersByTimeAsync(999);
    expect(log).toEqual(['500']);
    await jest.advanceTimersByTimeAsync(1001);
    expect(log).toEqual(['500', '1000', 'timeout']);
    await jest.advanceTimersByTimeAsync(3000);
    expect(await isDone(program)).toBe(true);
    expect(log.at(-1)).toBe('third');
  });

  test('turns of the loop are real: nothing hangs that only lets others run', async () => {
    jest.useFakeTimers();
    const work = sleep(1000).then(async () => {
      await checkpoint();
      await yieldNow();
      await sleep(0);
    });
    jest.advanceTimersByTime(1000);
    expect(await isDone(work)).toBe(true);
  });
});

// Jest's fake clock begins at 0: instants of the one clock mean nothing to the other.
describe('what was begun before fake timers came', () => {
  test('ends by the real clock if it is first; what is left then, by the fake one', async () => {
    const first = sleep(30);
    const second = timeout(5000, () => sleepForever()).catch((error: unknown) => error);
    jest.useFakeTimers();
    expect(await isDone(first)).toBe(true);
    expect(await isDone(second, 50)).toBe(false);
    jest.advanceTimersByTime(5000);
    expect(await second).toBeInstanceOf(TimeoutError);
  });

  test('goes on where it was once something else is waited for', async () => {
    const scope = new CancelScope();
    const long = scope.run(() => sleep(60_000));
    jest.useFakeTimers();
    const log: string[] = [];
    const fake = sleep(1000).then(() => log.push('short'));
    void long.then(() => log.push('long'));
    await jest.advanceTimersByTimeAsync(1000);
    expect(await isDone(fake)).toBe(true);
    expect(log).toEqual(['short']);
    await jest.advanceTimersByTimeAsync(59_000);
    expect(log).toEqual(['short', 'long']);
  });

  test('and has ended leaves no timer that later ones rely on', async () => {
    await sleep(1);
    jest.useFakeTimers();
    const fake = sleep(1000);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1000);
    expect(await isDone(fake)).toBe(true);
  });
});

describe('after fake timers', () => {
  test('sleeps are real again', async () => {
    jest.useFakeTimers();
    const fake = sleep(1000);
    jest.advanceTimersByTime(1000);
    await fake;
    jest.useRealTimers();
    const begin = performance.now();
    await sleep(20);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(20);
  });

  test('a sleep that they left behind holds up nothing, and has its remaining time to go', async () => {
    jest.useFakeTimers();
    const left = sleep(1000);
    jest.advanceTimersByTime(980);
    jest.useRealTimers();
    await sleep(5);
    expect(await isDone(left)).toBe(true);
  });

  test('several times over, with deadlines too', async () => {
    for (let i = 0; i < 3; i += 1) {
      jest.useFakeTimers();
      const left = new CancelScope();
      const leaving = left.run(() => timeout(5000, () => sleepForever()));
      const cut = timeout(100, () => sleepForever()).catch(() => 'cut');
      jest.advanceTimersByTime(100);
      expect(await isDone(cut)).toBe(true);
      jest.useRealTimers();
      await expect(timeout(10, () => sleepForever())).rejects.toThrow(TimeoutError);
      left.cancel();
      expect(await isDone(leaving)).toBe(true);
    }
  });

  test('a group that lives across the change waits for its own', async () => {
    const log = await taskGroup(async (group) => {
      const ended: number[] = [];
      group.spawn(() => sleep(20).then(() => ended.push(20)));
      jest.useFakeTimers();
      group.spawn(() => sleep(70).then(() => ended.push(70)));
      jest.useRealTimers();
      await sleep(5);
      await group.join();
      return ended;
    });
    expect(log).toEqual([20, 70]);
  });
});
