import { checkpoint, moveOnAfter, run } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Event, Latch } from '@ambit/sync';

test('wakes all who wait, in the order they came; clear() at once does not take it back', () =>
  testRun(async (group) => {
    // rule 183
    const event = new Event();
    const log: number[] = [];
    for (const index of [0, 1, 2]) group.spawn(() => event.wait().then(() => log.push(index)));
    await settle();
    expect(event.statistics()).toMatchObject({ isSet: false, waiting: 3 });
    event.set();
    event.clear();
    expect(event.statistics()).toMatchObject({ isSet: false, waiting: 0 });
    await settle();
    expect(log).toEqual([0, 1, 2]);
  }));

test('set, it lets everybody pass until it is cleared; setting it twice is as once', () =>
  testRun(async (group) => {
    // rule 184
    const event = new Event();
    event.set();
    event.set();
    expect(event.isSet).toBe(true);
    await event.wait();
    event.clear();
    event.clear();
    const task = group.spawn(() => event.wait());
    await settle();
    expect(task.done).toBe(false);
    event.set();
    await task;
  }));

test('set, and then the waiter cancelled in the same tick: it returns normally', () =>
  testRun(async (group) => {
    // rule 185
    const event = new Event();
    const log: string[] = [];
    const task = group.spawn(async () => {
      await event.wait();
      log.push('returned');
      await checkpoint();
      log.push('not reached');
    });
    await settle();
    event.set();
    task.cancel();
    await settle();
    expect(log).toEqual(['returned']);
    expect(task.state).toBe('cancelled');
  }));

test('can be set outside of run()', async () => {
  const event = new Event();
  setTimeout(() => event.set(), 1);
  await run(() => event.wait(), { signals: [] });
});

test('50,000 who wait are woken in a time that is linear', () =>
  testRun(async () => {
    const event = new Event();
    const all = Array.from({ length: 50_000 }, () => event.wait());
    event.set();
    await Promise.all(all);
    expect(event.statistics().waiting).toBe(0);
  }));

test('a latch opens for good once it is counted down', () =>
  testRun(async (group) => {
    const latch = new Latch(3);
    const log: string[] = [];
    group.spawn(() => latch.wait().then(() => log.push('open')));
    latch.countDown();
    await settle();
    expect([latch.count, log]).toEqual([2, []]);
    latch.countDown();
    await settle();
    expect([latch.count, log]).toEqual([1, []]);
    expect(await moveOnAfter(1, () => latch.wait().then(() => 'passed'))).toBe(undefined);
    latch.countDown(2);
    await settle();
    expect(log).toEqual(['open']);
    latch.countDown();
    expect(latch.statistics()).toMatchObject({ count: 0, waiting: 0 });
    await latch.wait();
    const tooFar = new Latch(1);
    tooFar.countDown(5);
    expect(tooFar.count).toBe(0);
    await new Latch(0).wait();
  }));
