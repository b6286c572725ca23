import { CancelScope, getRunningLoop, moveOnAfter, sleep, TimeoutError } from '@ambit/core';
import { buffer, closing, merge, timeoutEach, zip } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';
import { collect, counting, Manual } from '../support/iter-sources.ts';

/** A source that is ready at once, and tells when it is pulled. */
function* ready(log: string[], name = 'item', count = Infinity): Generator<number> {
  for (let item = 0; item < count; item += 1) {
    log.push(`${name} ${String(item)}`);
    yield item;
  }
}

describe('buffer', () => {
  test('pulls so many ahead, not one more, and only once it is asked', () =>
    testRun(async () => {
      const log: string[] = [];
      const items = buffer(ready(log), 2);
      await settle();
      expect(log).toEqual([]);
      for (const pulled of [3, 4, 5]) {
        await items.next();
        await settle();
        expect(log).toHaveLength(pulled);
      }
      await items.return?.();
    }));

  test('lets the source and the consumer work at the same time', () =>
    testRun(async () => {
      for await (const item of buffer(counting([], { count: 4, ms: 10 }), 1)) {
        await sleep(10);
        expect(getRunningLoop().now()).toBe(20 + 10 * item);
      }
    }));

  test('gives what was there before a failure first', () =>
    testRun(async () => {
      const error = new Error('third');
      function* failing(): Generator<number> {
        yield* [1, 2];
        throw error;
      }
      const items = buffer(failing(), 10);
      expect(await items.next()).toMatchObject({ value: 1 });
      await settle();
      expect(await items.next()).toMatchObject({ value: 2 });
      await expect(items.next()).rejects.toBe(error);
    }));

  test('a failure that was not taken yet comes out when the loop is left', () =>
    testRun(async () => {
      const error = new Error('ahead');
      function* failing(): Generator<number> {
        yield 1;
        throw error;
      }
      const leave = async (): Promise<void> => {
        for await (const item of buffer(failing(), 2)) {
          await settle();
          if (item === 1) break;
        }
      };
      await expect(leave()).rejects.toBe(error);
    }));

  test('keeps many items in their order', () =>
    testRun(async () => {
      const items = await collect(buffer(ready([], '', 5000), Infinity));
      expect(items).toEqual(Array.from({ length: 5000 }, (_, at) => at));
    }));

  test('refuses bad arguments', () => {
    for (const n of [-1, 1.5, NaN]) expect(() => buffer([], n)).toThrow(RangeError);
    expect(() => buffer([], undefined as never)).toThrow(TypeError);
    expect(() => buffer(3 as never, 1)).toThrow('buffer: source is 3');
  });
});

describe('merge', () => {
  test('gives items as they arrive, and pulls one of each at most ahead', () =>
    testRun(async () => {
      const log: string[] = [];
      const items = merge(ready(log, 'a'), ready(log, 'b'));
      await items.next();
      await settle();
      expect(log).toEqual(['a 0', 'b 0']);
      await items.next();
      await settle();
      expect(log).toEqual(['a 0', 'b 0']);
      await items.next();
      await settle();
      expect(log).toEqual(['a 0', 'b 0', 'a 1', 'b 1']);
      await items.return?.();
    }));

  test('a fast source does not starve a slow one, nor does it wait for it', () =>
    testRun(async () => {
      const slow = counting([], { count: 2, ms: 35 });
      const tagged = (async function* () {
        for await (const item of slow) yield `slow ${String(item)}`;
      })();
      const got = await collect(merge(counting([], { count: 5, ms: 10 }), tagged));
      expect(got).toEqual([0, 1, 2, 'slow 0', 3, 4, 'slow 1']);
    }));

  test('the failure of one closes the others before it comes out', () =>
    testRun(async () => {
      const log: string[] = [];
      const error = new Error('one of them');
      const failing = (async function* (): AsyncGenerator<number> {
        await sleep(25);
        yield* [];
        throw error;
      })();
      await expect(collect(merge(counting(log), failing))).rejects.toBe(error);
      expect(log).toEqual(['begins', 'closed']);
    }));

  test('a source that cancels when it is asked keeps the others from beginning', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      const cancelling = (function* () {
        scope.cancel();
        yield 1;
      })();
      await scope.run(() => collect(merge(cancelling, ready(log))));
      expect(scope.cancelCaught).toBe(true);
      expect(log).toEqual([]);
    }));

  test('of nothing ends at once; refuses what is not iterable', () =>
    testRun(async () => {
      expect(await collect(merge())).toEqual([]);
      expect(() => merge([], 5 as never)).toThrow('merge: source 1 is 5');
    }));
});

describe('zip', () => {
  test('asks all at the same time, ends with the shortest, and closes the others', () =>
    testRun(async () => {
      const log: string[] = [];
      const rows = await collect(zip(counting(log), ['a', 'b'], counting([], { ms: 30 })));
      expect(rows).toEqual([
        [0, 'a', 0],
        [1, 'b', 1],
      ]);
      expect(log).toEqual(['begins', 'closed']);
      expect(getRunningLoop().now()).toBe(60);
    }));

  test('asks none for the next row before that is wanted', () =>
    testRun(async () => {
      const log: string[] = [];
      const rows = zip(ready(log, 'a'), ready(log, 'b'));
      await rows.next();
      await settle();
      expect(log).toEqual(['a 0', 'b 0']);
      await rows.return?.();
    }));

  test('keeps the cells of a row whose wait was cancelled', () =>
    testRun(async () => {
      const rows = zip([1, 2], counting([], { ms: 30 }));
      expect(await rows.next()).toMatchObject({ value: [1, 0] });
      await moveOnAfter(10, () => rows.next());
      expect(await rows.next()).toMatchObject({ value: [2, 1] });
      await rows.return?.();
    }));

  test('of nothing ends at once; refuses what is not iterable', () =>
    testRun(async () => {
      expect(await collect(zip())).toEqual([]);
      expect(() => zip(undefined as never)).toThrow('zip: source 0 is undefined');
    }));
});

describe('timeoutEach', () => {
  test('is not touched by items in time, however long the loop takes for each', () =>
    testRun(async () => {
      for await (const item of timeoutEach(counting([], { count: 3 }), 15)) await sleep(100 + item);
      expect(getRunningLoop().now()).toBe(333);
    }));

  test('an item that is late: the source is closed, then a TimeoutError comes', () =>
    testRun(async () => {
      const log: string[] = [];
      const late = collect(timeoutEach(counting(log, { ms: 100, cleanup: 5 }), 50));
      await expect(late).rejects.toThrow(TimeoutError);
      expect(log).toEqual(['begins', 'closed']);
      expect(getRunningLoop().now()).toBe(55);
    }));

  test('what fails in the cleanup of a late source comes out instead of the TimeoutError', () =>
    testRun(async () => {
      const error = new Error('in cleanup');
      const source = (async function* (): AsyncGenerator<number> {
        try {
          yield await sleep(100, { value: 1 });
        } finally {
          await Promise.reject(error);
        }
      })();
      await expect(collect(timeoutEach(source, 50))).rejects.toBe(error);
    }));

  test('an item of the same instant is in time', () =>
    testRun(async () => {
      expect(await collect(timeoutEach(counting([], { count: 2, ms: 50 }), 50))).toEqual([0, 1]);
    }));

  test('refuses NaN', () => {
    expect(() => timeoutEach([], NaN)).toThrow(RangeError);
  });
});

describe('closing', () => {
  test('closes an iterator that was begun by hand, also one that never was', () =>
    testRun(async () => {
      const log: string[] = [];
      const begun = counting(log);
      await begun.next();
      await closing(begun)[Symbol.asyncDispose]();
      expect(log).toEqual(['begins', 'closed']);
      const source = new Manual();
      const items = closing(source[Symbol.asyncIterator]());
      await items.return?.();
      await items.return?.();
      expect(source.log).toEqual(['return']);
    }));

  test('takes sync iterators too', () =>
    testRun(async () => {
      const log: string[] = [];
      const items = closing(ready(log));
      expect(await items.next()).toMatchObject({ value: 0 });
      await items.return?.();
      expect(log).toEqual(['item 0']);
      expect(await collect(closing([1, 2].values()))).toEqual([1, 2]);
    }));

  test('refuses what is no iterator', () => {
    for (const bad of [undefined, 'abc', {}])
      expect(() => closing(bad as never)).toThrow(TypeError);
  });
});
