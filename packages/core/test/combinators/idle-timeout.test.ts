import {
  CancelScope,
  idleTimeout,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  TimeoutError,
} from '@ambit/core';
import type { IdleClock } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

test('goes on for as long as it is touched, and gives the value', () =>
  testRun(async (_group, loop) => {
    const value = await idleTimeout(10, async (idle) => {
      for (let round = 0; round < 5; round += 1) {
        await sleep(9);
        idle.touch();
      }
      return 'done';
    });
    expect([value, loop.now()]).toEqual(['done', 45]);
  }));

test('without a touch the body is cancelled, waited for, and a TimeoutError thrown', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const error = await idleTimeout(10, async (idle) => {
      await sleep(5);
      idle.touch();
      await sleepForever().finally(() => shield(() => sleep(3)));
    }).catch((caught: unknown) => caught);
    log.push(`at ${String(loop.now())}`);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ ms: 10 });
    expect((error as Error).message).toMatch('no touch() for 10 ms');
    expect(isCancelled((error as Error).cause)).toBe(true);
    expect(log).toEqual(['at 18']);
  }));

test('keeps a value that the body returns all the same, and what it throws in its cleanup', () =>
  testRun(async () => {
    expect(await idleTimeout(5, () => sleepForever().catch(() => 'all the same'))).toBe(
      'all the same',
    );
    const failure = new Error('cleanup');
    const failing = idleTimeout(5, () => sleepForever().catch(() => Promise.reject(failure)));
    await expect(failing).rejects.toBe(failure);
  }));

describe('pause()', () => {
  test('stops the clock, which goes on with what was left', () =>
    testRun(async (_group, loop) => {
      const running = idleTimeout(10, async (idle) => {
        await sleep(4);
        const pause = idle.pause();
        await sleep(1000);
        pause[Symbol.dispose]();
        pause[Symbol.dispose]();
        await sleepForever();
      });
      await expect(running).rejects.toThrow(TimeoutError);
      expect(loop.now()).toBe(1010);
    }));

  test('a touch meanwhile gives a full period when it is over', () =>
    testRun(async (_group, loop) => {
      const running = idleTimeout(10, async (idle) => {
        await sleep(9);
        const pause = idle.pause();
        idle.touch();
        await sleep(100);
        pause[Symbol.dispose]();
        await sleepForever();
      });
      await expect(running).rejects.toThrow(TimeoutError);
      expect(loop.now()).toBe(119);
    }));

  test('of several, the last one to be over lets the clock go on', () =>
    testRun(async (_group, loop) => {
      const running = idleTimeout(10, async (idle) => {
        const [first, second] = [idle.pause(), idle.pause()];
        await sleep(20);
        first[Symbol.dispose]();
        await sleep(20);
        second[Symbol.dispose]();
        await sleepForever();
      });
      await expect(running).rejects.toThrow(TimeoutError);
      expect(loop.now()).toBe(50);
    }));
});

test('total bounds all of it, touched or paused', () =>
  testRun(async (_group, loop) => {
    const touching = async (idle: IdleClock): Promise<void> => {
      for (;;) {
        await sleep(9);
        idle.touch();
      }
    };
    const error = await idleTimeout(10, touching, { total: 50 }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'TimeoutError', ms: 50 });
    const paused = idleTimeout(
      10,
      async (idle) => {
        using pause = idle.pause();
        await sleepForever();
        return pause;
      },
      { total: 50, message: 'too long in all' },
    );
    await expect(paused).rejects.toThrow('too long in all');
    expect(loop.now()).toBe(100);
  }));

test('is cancelled from outside, and by hand, with a CancelledError', () =>
  testRun(async () => {
    const work = () => idleTimeout(100, () => sleep(50, { value: 1 }));
    expect(await moveOnAfter(5, work)).toBeUndefined();
    const byHand = idleTimeout(100, async ({ scope }) => {
      scope.cancel('by hand');
      await sleep(1);
    });
    await expect(byHand).rejects.toMatchObject({ name: 'AbortError', reason: 'by hand' });
  }));

test('touched when it is over, does nothing', () =>
  testRun(async (_group, loop) => {
    let clock: IdleClock | undefined;
    await idleTimeout(10, async (idle) => {
      clock = idle;
    });
    clock?.touch();
    const pause = clock?.pause();
    pause?.[Symbol.dispose]();
    expect(clock?.scope).toBeInstanceOf(CancelScope);
    expect(loop.now()).toBe(0);
  }));

test('Infinity is no limit, negative is 0; bad arguments are refused', () =>
  testRun(async () => {
    expect(await idleTimeout(Infinity, () => sleep(1e6, { value: 1 }))).toBe(1);
    await expect(idleTimeout(-1, () => sleepForever())).rejects.toMatchObject({ ms: 0 });
    await expect(idleTimeout(NaN, () => 1)).rejects.toThrow('idleTimeout: ms is NaN');
    await expect(idleTimeout(1, 1 as never)).rejects.toThrow('idleTimeout: body is 1');
    await expect(idleTimeout(1, () => 1, { total: NaN })).rejects.toThrow('total is NaN');
  }));
