import {
  CancelScope,
  currentScope,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  sleepUntil,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

const now = (): number => getRunningLoop().now();
const timers = (): number => currentScope()._runtime.timers.size;

describe('sleep', () => {
  test('waits for its time and gives its value', () =>
    testRun(async () => {
      await sleep(10);
      expect(now()).toBe(10);
      expect(await sleep(0.5, { value: 'value' })).toBe('value');
      expect(now()).toBe(10.5);
      expect(await sleep(0, { value: 'at once' })).toBe('at once');
    }));

  test('those with the same instant end in the order in which they began', () =>
    testRun(async (group) => {
      const log: string[] = [];
      for (const [name, ms] of [['a', 10] as const, ['b', 5] as const, ['c', 10] as const])
        group.spawn(() => sleep(ms).then(() => log.push(name)));
      await sleep(20);
      expect(log).toEqual(['b', 'a', 'c']);
    }));

  // rule 29
  test.each<[string, () => Promise<unknown>]>([
    ['sleep', () => sleep(NaN)],
    ['sleepUntil', () => sleepUntil(NaN)],
  ])('%s of NaN is a RangeError, and what is no number a TypeError', async (_name, call) => {
    await expect(call()).rejects.toThrow(RangeError);
    await expect(sleep('1' as never)).rejects.toThrow(TypeError);
    await expect(sleepUntil(undefined as never)).rejects.toThrow(TypeError);
  });

  // rule 29
  test.each([[0], [-1], [-Infinity]])('of %p lets others run, and takes no time', (ms) =>
    testRun(async () => {
      const log: string[] = [];
      setImmediate(() => log.push('the others'));
      await sleep(ms);
      log.push('after');
      expect(log).toEqual(['the others', 'after']);
      expect(now()).toBe(0);
    }),
  );

  test('of Infinity waits until cancelled, without any timer', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleep(Infinity));
      const other = group.spawn(() => sleepForever());
      await settle();
      expect(timers()).toBe(0);
      expect([task.state, other.state]).toEqual(['running', 'running']);
      task.cancel();
      other.cancel();
    }));

  test('longer than any timer of the host is as long as it says', () =>
    testRun(async () => {
      await sleep(2 ** 40);
      expect(now()).toBe(2 ** 40);
    }));

  // rules 19, 38
  test('that is cancelled leaves no timer', () =>
    testRun(async () => {
      await moveOnAfter(5, () => sleep(1000));
      expect(timers()).toBe(0);
      const controller = new AbortController();
      const wait = sleep(1000, { signal: controller.signal });
      controller.abort('web');
      await expect(wait).rejects.toBe('web');
      expect(timers()).toBe(0);
      expect(now()).toBe(5);
    }));

  // rule 19
  test('in a cancelled scope begins nothing', () =>
    testRun(async () => {
      await new CancelScope().run(async (scope) => {
        scope.cancel();
        for (const wait of [sleep(10), sleep(0), sleepUntil(10), sleepUntil(-1), sleepForever()])
          await expect(wait).rejects.toBe(scope.reason);
        expect(timers()).toBe(0);
      });
    }));

  test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ['sleep', (signal) => sleep(10, { signal })],
    ['sleep of 0', (signal) => sleep(0, { signal })],
    ['sleepUntil', (signal) => sleepUntil(10, { signal })],
    ['sleepUntil the past', (signal) => sleepUntil(-10, { signal })],
    ['sleepForever', (signal) => sleepForever({ signal })],
  ])('%s takes a signal, and rejects with its reason', (_name, wait) =>
    testRun(async () => {
      const controller = new AbortController();
      const waiting = wait(controller.signal);
      controller.abort('web');
      await expect(waiting).rejects.toBe('web');
      await expect(wait(controller.signal)).rejects.toBe('web');
      await expect(wait({} as never)).rejects.toThrow(TypeError);
    }),
  );
});

describe('sleepUntil', () => {
  test('waits until the instant, and lets others run if that has passed', () =>
    testRun(async () => {
      await sleepUntil(10);
      expect(now()).toBe(10);
      const log: string[] = [];
      setImmediate(() => log.push('the others'));
      await sleepUntil(5);
      expect(log).toEqual(['the others']);
      expect(now()).toBe(10);
    }));
});
