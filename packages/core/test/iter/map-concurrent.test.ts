import { allTasks, moveOnAfter, shield, sleep, sleepForever } from '@ambit/core';
import { getRunningLoop } from '@ambit/core';
import { mapConcurrent } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';
import { collect, counting } from '../support/iter-sources.ts';

describe('mapConcurrent', () => {
  test('gives results in the order of the source, or as they are done', () =>
    testRun(async () => {
      const work = async (ms: number, index: number): Promise<string> => {
        await sleep(ms);
        return `${String(index)} after ${String(ms)}`;
      };
      const source = [30, 10, 20];
      const inOrder = ['0 after 30', '1 after 10', '2 after 20'];
      expect(await collect(mapConcurrent(source, work, { limit: 3 }))).toEqual(inOrder);
      const unordered = mapConcurrent(source, work, { limit: 3, ordered: false });
      expect(await collect(unordered)).toEqual([inOrder[1], inOrder[2], inOrder[0]]);
      expect(getRunningLoop().now()).toBe(60);
    }));

  test.each([true, false])('ordered: %s: never has more under way than the limit', (ordered) =>
    testRun(async () => {
      let pulled = 0;
      let running = 0;
      let taken = 0;
      function* source(): Generator<number> {
        for (; pulled < 20;) yield (pulled += 1);
      }
      const work = async (item: number): Promise<number> => {
        running += 1;
        expect(running).toBeLessThanOrEqual(3);
        await sleep((item * 7) % 20);
        running -= 1;
        return item;
      };
      for await (const item of mapConcurrent(source(), work, { limit: 3, ordered })) {
        expect(item).toBeGreaterThan(0);
        // The one that was taken, and those that are under way.
        expect(pulled - taken).toBeLessThanOrEqual(3);
        await sleep(item % 5);
        taken += 1;
      }
      expect(taken).toBe(20);
    }),
  );

  test('with a limit of 1 pulls and works only when it is asked', () =>
    testRun(async () => {
      const log: string[] = [];
      const source = (function* () {
        for (const item of [1, 2, 3]) {
          log.push(`pull ${String(item)}`);
          yield item;
        }
      })();
      const work = (item: number): number => {
        log.push(`work ${String(item)}`);
        return item;
      };
      for await (const item of mapConcurrent(source, work, { limit: 1 })) {
        await settle();
        log.push(`took ${String(item)}`);
        if (item === 2) break;
      }
      expect(log).toEqual(['pull 1', 'work 1', 'took 1', 'pull 2', 'work 2', 'took 2']);
    }));

  test('the first failure cancels the calls, closes the source, and comes out itself', () =>
    testRun(async () => {
      const log: string[] = [];
      const error = new Error('third');
      const work = async (item: number): Promise<number> => {
        if (item === 2) throw error;
        try {
          return await sleep(item === 0 ? 1 : 1e6, { value: item });
        } catch (reason) {
          log.push(`${String(item)} cancelled`);
          throw reason;
        }
      };
      const got: number[] = [];
      const loop = async (): Promise<void> => {
        for await (const item of mapConcurrent(counting(log), work, { limit: 4 })) got.push(item);
      };
      await expect(loop()).rejects.toBe(error);
      expect(got).toEqual([0]);
      expect(log).toEqual(['begins', '1 cancelled', 'closed']);
      expect(getRunningLoop().now()).toBe(30);
    }));

  test('left early, waits for the cleanup of the calls and of the source', () =>
    testRun(async () => {
      const log: string[] = [];
      const work = async (item: number): Promise<number> => {
        if (item === 0) return item;
        try {
          return await sleepForever();
        } finally {
          await shield(() => sleep(100));
          log.push(`call ${String(item)} ended`);
        }
      };
      for await (const item of mapConcurrent([0, 1, 2], work, { limit: 3 })) {
        expect(item).toBe(0);
        await settle();
        expect([...allTasks()].filter(({ name }) => name === 'work')).toHaveLength(2);
        break;
      }
      log.push('after the loop');
      expect(log).toEqual(['call 1 ended', 'call 2 ended', 'after the loop']);
      expect(getRunningLoop().now()).toBe(100);
    }));

  test('cancelled, ends everything before the cancellation goes on', () =>
    testRun(async () => {
      const log: string[] = [];
      await moveOnAfter(35, async () => {
        const items = mapConcurrent(counting(log), () => sleepForever(), { limit: 2 });
        await items.next().finally(() => log.push('next is over'));
      });
      expect(log).toEqual(['begins', 'closed', 'next is over']);
    }));

  test('cannot be closed by one of its own calls, and is as before', () =>
    testRun(async () => {
      const items = mapConcurrent(
        [1],
        async (item) => {
          await expect(items.return?.()).rejects.toThrow('mapConcurrent: closed from inside');
          return item;
        },
        { limit: 1 },
      ) as AsyncIterableIterator<number>;
      expect(await collect(items)).toEqual([1]);
    }));

  test('refuses bad arguments', () => {
    const same = <T>(item: T): T => item;
    expect(() => mapConcurrent(undefined as never, same, { limit: 1 })).toThrow(TypeError);
    expect(() => mapConcurrent([], 5 as never, { limit: 1 })).toThrow(TypeError);
    expect(() => mapConcurrent([], same, { limit: 0 })).toThrow(RangeError);
    expect(() => mapConcurrent([], same, undefined as never)).toThrow(TypeError);
    expect(() => mapConcurrent([], same, { limit: 1, ordered: 'no' as never })).toThrow(TypeError);
  });
});
