import { run, sleep, sleepForever, taskGroup } from '@ambit/core';
import { everyOrder, settle, testRun, VirtualLoop } from '@ambit/core/testing';

const on = (loop: VirtualLoop) => ({ loop, signals: [] });

test('hours take no time, and every wait ends at its instant', async () => {
  const loop = new VirtualLoop();
  const started = performance.now();
  const log: number[] = [];
  await run(async (group) => {
    group.spawn(() => sleep(3_600_000).then(() => log.push(loop.now())));
    group.spawn(() => sleep(60_000).then(() => log.push(loop.now())));
    await sleep(0.5);
    log.push(loop.now());
  }, on(loop));
  expect(log).toEqual([0.5, 60_000, 3_600_000]);
  expect(performance.now() - started).toBeLessThan(1000);
});

// rule 267
test('time stands still while anything can run', () =>
  testRun(async (group, loop) => {
    const log: string[] = [];
    group.spawn(() => sleep(5).then(() => log.push(`woken at ${String(loop.now())}`)));
    for (let at = 0; at < 2000; at += 1) await Promise.resolve();
    for (let at = 0; at < 20; at += 1) await sleep(0);
    log.push(`still at ${String(loop.now())}`);
    await sleep(10);
    expect(log).toEqual(['still at 0', 'woken at 5']);
  }));

// rule 267
test('who waits until all is blocked comes before the clock moves', () =>
  testRun(async (group, loop) => {
    const log: string[] = [];
    group.spawn(() => sleep(1).then(() => log.push('timer')));
    await settle();
    log.push(`settled at ${String(loop.now())}`);
    await sleep(1);
    expect(log).toEqual(['settled at 0', 'timer']);
  }));

test('jumps from timer to timer, each seen by all before the next', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const chain = async (name: string) => {
      for (const step of [1, 2, 3]) {
        await sleep(10);
        log.push(`${name}${String(step)}`);
      }
    };
    group.spawn(() => chain('a'));
    group.spawn(() => chain('b'));
    await group.join();
    expect(log).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  }));

describe('advance()', () => {
  test('moves the clock by hand, stopping at each timer on the way', async () => {
    const loop = new VirtualLoop({ autojump: false });
    const log: string[] = [];
    const running = run(async () => {
      await sleep(10);
      log.push(`first at ${String(loop.now())}`);
      await sleep(10);
      log.push(`second at ${String(loop.now())}`);
    }, on(loop));
    await loop.advance(5);
    expect([loop.now(), log]).toEqual([5, []]);
    await loop.advance(20);
    expect([loop.now(), log]).toEqual([25, ['first at 10', 'second at 20']]);
    await running;
  });

  test('without timers just moves it', async () => {
    const loop = new VirtualLoop();
    await loop.advance(100);
    expect(loop.now()).toBe(100);
    await loop.advance(0);
    expect(loop.now()).toBe(100);
  });

  // rule 267
  test('is the only thing that moves it without autojump', async () => {
    const loop = new VirtualLoop({ autojump: false });
    let woken = false;
    const running = run(async () => {
      await sleep(1);
      woken = true;
    }, on(loop));
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(woken).toBe(false);
    await loop.advance(1);
    expect(woken).toBe(true);
    await running;
  });

  test.each([[NaN], [-1], [Infinity]])('refuses %d', async (ms) => {
    const loop = new VirtualLoop();
    await expect(loop.advance(ms)).rejects.toThrow(RangeError);
    expect(loop.now()).toBe(0);
  });
});

test('tells how many timers are pending', async () => {
  const loop = new VirtualLoop({ autojump: false });
  expect(loop.pendingTimers).toBe(0);
  const handle = loop.callLater(5, () => undefined);
  loop.callLater(Infinity, () => undefined);
  expect(loop.pendingTimers).toBe(1);
  handle.cancel();
  expect(loop.pendingTimers).toBe(0);
});

test('the same program runs in the same order each time', async () => {
  const once = () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup((group) => {
        for (const name of ['a', 'b', 'c', 'd']) {
          group.spawn(async () => {
            for (const ms of [3, 0, 7]) {
              await sleep(ms);
              log.push(name);
            }
          });
        }
      });
      return log.join('');
    });
  expect(await once()).toBe(await once());
});

test('a callback that throws does not stop the clock', async () => {
  const loop = new VirtualLoop();
  const log: string[] = [];
  // Reported as an uncaught exception, in a microtask of its own.
  const microtask = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined);
  loop.callLater(1, () => {
    throw new Error('refused');
  });
  loop.callLater(2, () => log.push('next'));
  await loop.advance(5);
  expect(log).toEqual(['next']);
  expect(microtask).toHaveBeenCalledTimes(1);
  microtask.mockRestore();
});

test('deadlines and sleeps of a cancelled run leave no timer', async () => {
  const loop = new VirtualLoop();
  await run(async (group) => {
    group.spawn(() => sleepForever());
    group.spawn(() => sleep(1e9));
    await settle();
    group.scope.cancel();
  }, on(loop)).catch(() => undefined);
  expect(loop.pendingTimers).toBe(0);
  expect(loop.now()).toBe(0);
});

describe('hold', () => {
  test('lets time stand still, and what is ready go on', () =>
    testRun(async (group, loop) => {
      const log: string[] = [];
      const hold = loop.hold();
      const other = loop.hold();
      group.spawn(() => sleep(5).then(() => log.push('slept')));
      // Real work, which the loop does not see.
      await new Promise((resolve) => setTimeout(resolve, 20));
      await sleep(0);
      log.push(`still at ${String(loop.now())}`);
      hold[Symbol.dispose]();
      hold[Symbol.dispose]();
      await settle();
      log.push(`held by the other at ${String(loop.now())}`);
      other[Symbol.dispose]();
      await group.join();
      expect(log).toEqual(['still at 0', 'held by the other at 0', 'slept']);
    }));

  test('advance waits for it', async () => {
    const loop = new VirtualLoop({ autojump: false });
    await testRun(
      async (group) => {
        const log: string[] = [];
        const hold = loop.hold();
        group.spawn(() => sleep(5).then(() => log.push('slept')));
        setTimeout(() => {
          log.push('real work');
          hold[Symbol.dispose]();
        }, 20);
        await loop.advance(10);
        expect(log).toEqual(['real work', 'slept']);
        expect(loop.now()).toBe(10);
      },
      { loop },
    );
  });

  test('what waits for real work under a hold is no deadlock', async () => {
    const { isComplete } = await everyOrder(async (_group, loop) => {
      using _hold = loop.hold();
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    expect(isComplete).toBe(true);
  });
});
