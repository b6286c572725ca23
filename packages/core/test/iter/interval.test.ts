import { CancelScope, getRunningLoop, moveOnAfter, sleep } from '@ambit/core';
import { interval } from '@ambit/core/iter';
import type { IntervalOptions } from '@ambit/core/iter';
import { settle, testRun, VirtualLoop } from '@ambit/core/testing';

/** When each tick comes, to a consumer that is busy for so many milliseconds after it. */
async function ticks(
  missed: IntervalOptions['missed'],
  work: number[],
  period = 100,
): Promise<number[]> {
  const began = getRunningLoop().now();
  const instants: number[] = [];
  for await (const tick of interval(period, { missed })) {
    expect(tick).toBe(instants.length);
    instants.push(getRunningLoop().now() - began);
    const busy = work[tick];
    if (busy === undefined) break;
    if (busy > 0) await sleep(busy);
  }
  return instants;
}

// rule 275
describe('interval', () => {
  test('ticks at once, then at each period, whatever the work takes of it', () =>
    testRun(async () => {
      for (const missed of ['burst', 'delay', 'skip', undefined] as const) {
        expect(await ticks(missed, [0, 30, 99, 100, 0])).toEqual([0, 100, 200, 300, 400, 500]);
      }
    }));

  test('burst: missed ticks follow at once until it has caught up', () =>
    testRun(async () => {
      expect(await ticks('burst', [0, 350, 10, 10, 0, 0])).toEqual([
        0, 100, 450, 460, 470, 500, 600,
      ]);
    }));

  test('delay: a late tick shifts all that follow', () =>
    testRun(async () => {
      expect(await ticks('delay', [0, 350, 10, 0, 130])).toEqual([0, 100, 450, 550, 650, 780]);
    }));

  test('skip: missed ticks are left out, and the rhythm stays', () =>
    testRun(async () => {
      expect(await ticks('skip', [0, 350, 10, 0, 130])).toEqual([0, 100, 450, 500, 600, 730]);
      expect(await ticks('skip', [300, 0, 0])).toEqual([0, 300, 400, 500]);
    }));

  test('a timer that fires late, while somebody waits, does not shift a delayed rhythm', () => {
    const loop = new VirtualLoop();
    const { callAt } = VirtualLoop.prototype;
    jest
      .spyOn(loop, 'callAt')
      .mockImplementationOnce((instant, callback) => callAt.call(loop, instant + 3, callback));
    return testRun(
      async () => expect(await ticks('delay', [0, 0, 0])).toEqual([0, 103, 200, 300]),
      { loop },
    );
  });

  test('runs no timer between the ticks that are asked for', () =>
    testRun(async (_group, loop) => {
      const items = interval(100);
      await items.next();
      expect(loop.pendingTimers).toBe(0);
      const waiting = items.next();
      expect(loop.pendingTimers).toBe(1);
      await waiting;
      expect(loop.pendingTimers).toBe(0);
    }));

  test('cancelled while it waits, has not ticked, and goes on where it was', () =>
    testRun(async () => {
      const items = interval(100);
      await items.next();
      expect(await moveOnAfter(40, () => items.next())).toBeUndefined();
      expect(await items.next()).toEqual({ done: false, value: 1 });
      expect(getRunningLoop().now()).toBe(100);
    }));

  test('closed by another, ends the wait for a tick', () =>
    testRun(async (group) => {
      const items = interval(100);
      await items.next();
      const waiting = group.spawn(() => items.next());
      await settle();
      await items[Symbol.asyncDispose]();
      expect(await waiting).toEqual({ done: true, value: undefined });
    }));

  test('needs to be left by nobody: it holds nothing', () =>
    testRun(async () => {
      await interval(5).next();
      await new CancelScope({ timeout: 5 }).run(async () => {
        const forEver = interval(Infinity);
        expect(await forEver.next()).toEqual({ done: false, value: 0 });
        await forEver.next();
      });
    }));

  test('refuses a period of 0, or less, or NaN, and an unknown way with missed ticks', () => {
    for (const bad of [0, -1, NaN]) expect(() => interval(bad)).toThrow(RangeError);
    expect(() => interval('1' as never)).toThrow(TypeError);
    expect(() => interval(1, { missed: 'drop' as never })).toThrow(
      "give 'burst' or 'delay' or 'skip'",
    );
  });
});
