import { moveOnAfter, run, sleep, sleepForever } from '@ambit/core';
import { safe } from '@ambit/core/iter';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { collect } from '../support/iter-sources.ts';

describe('safe', () => {
  // rule 229
  test('left open when the run ends, is closed, and its error comes out', async () => {
    const log: string[] = [];
    const error = new Error('in cleanup');
    const numbers = safe(async function* () {
      try {
        yield 1;
      } finally {
        await sleep(10);
        log.push('finally');
        await Promise.reject(error);
      }
    });
    const running = run(() => numbers().next(), { loop: new VirtualLoop(), signals: [] });
    await expect(running).rejects.toBe(error);
    expect(log).toEqual(['finally']);
  });

  test('passes arguments on; sync generators are welcome; without parameters it need not be called', () =>
    testRun(async () => {
      const range = safe(function* (from: number, to: number) {
        for (let item = from; item < to; item += 1) yield item;
      });
      expect(await collect(range(2, 5))).toEqual([2, 3, 4]);
      const once = safe(async function* () {
        yield await Promise.resolve('item');
      });
      expect(await collect(once)).toEqual(['item']);
      expect(await once.next()).toEqual({ done: true, value: undefined });
      expect(await collect(once())).toEqual(['item']);
    }));

  test('refuses what is no function, or gives nothing to iterate', () =>
    testRun(async () => {
      expect(() => safe(5 as never)).toThrow('safe: generatorFunction is 5');
      const wrong = safe((() => 7) as never) as () => AsyncIterableIterator<never>;
      await expect(wrong().next()).rejects.toThrow('safe: what it returned is 7');
    }));

  test('times out inside as code in a task does', () =>
    testRun(async () => {
      const log: string[] = [];
      const slow = safe(async function* () {
        await moveOnAfter(10, () => sleepForever());
        yield 'timed out';

        try {
          yield await sleepForever();
        } finally {
          log.push('cancelled');
        }
      });
      await moveOnAfter(50, async () => {
        for await (const item of slow()) log.push(item);
      });
      expect(log).toEqual(['timed out', 'cancelled']);
    }));
});
