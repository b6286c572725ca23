import { getRunningLoop, moveOnAfter, sleep } from '@ambit/core';
import { batch } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';
import { collect, counting, Manual } from '../support/iter-sources.ts';

describe('batch', () => {
  test('gathers up to size, or what there is after a time, or at the end', () =>
    testRun(async () => {
      const sized = batch(counting([], { count: 7 }), { size: 3 });
      expect(await collect(sized)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
      const timed = batch(counting([], { count: 7 }), { within: 25 });
      expect(await collect(timed)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
      const both = batch(counting([], { count: 7 }), { size: 2, within: 5 });
      expect(await collect(both)).toEqual([[0], [1], [2], [3], [4], [5], [6]]);
    }));

  test('asks for nothing between two batches, but keeps what came when the time was over', () =>
    testRun(async () => {
      const source = new Manual();
      const batches = batch(source, { size: 2, within: 50 });
      const first = batches.next();
      await settle();
      source.give(1);
      expect(await first).toMatchObject({ value: [1] });
      expect(getRunningLoop().now()).toBe(50);
      source.give(2);
      await sleep(1000);
      expect(source.log).toEqual(['next', 'next']);
      const second = batches.next();
      await settle();
      source.give(3);
      expect(await second).toMatchObject({ value: [2, 3] });
      await batches.return?.();
    }));

  test('keeps what it has when a wait is cancelled, and gives it before a failure', () =>
    testRun(async () => {
      const error = new Error('after two');
      const batches = batch(
        (async function* () {
          yield 1;
          await sleep(10);
          yield 2;
          await sleep(10);
          throw error;
        })(),
        { size: 5 },
      );
      const began = batches.next();
      await settle();
      expect(await moveOnAfter(5, () => batches.next())).toBeUndefined();
      expect(await began).toMatchObject({ value: [1, 2] });
      await expect(batches.next()).rejects.toBe(error);
    }));

  test('refuses bad arguments', () => {
    expect(() => batch([], {})).toThrow('neither size nor within');
    expect(() => batch([], undefined as never)).toThrow(TypeError);
    expect(() => batch([], { size: 0 })).toThrow(RangeError);
    expect(() => batch([], { within: NaN })).toThrow(RangeError);
  });
});
