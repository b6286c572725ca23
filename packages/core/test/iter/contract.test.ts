import { CancelScope, getRunningLoop, isCancelled, moveOnAfter, shield } from '@ambit/core';
import { sleep, sleepForever, suppressedErrors, timeout } from '@ambit/core';
import { merge } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';
import { collect, counting, Manual, readers } from '../support/iter-sources.ts';

describe.each(readers)('%s', (_name, read) => {
  test('gives the items of the source in their order, then ends, and stays ended', () =>
    testRun(async () => {
      const log: string[] = [];
      const items = read(counting(log, { count: 4 }));
      expect(log).toEqual([]);
      expect(await collect(items)).toEqual([0, 1, 2, 3]);
      expect(await items.next()).toEqual({ done: true, value: undefined });
      expect(log).toEqual(['begins', 'closed']);
    }));

  test('takes sync iterables, and promises in them', () =>
    testRun(async () => {
      expect(await collect(read([1, sleep(5, { value: 2 }), 3]))).toEqual([1, 2, 3]);
    }));

  test('left early, has closed the source before the loop is left', () =>
    testRun(async () => {
      const log: string[] = [];
      for await (const item of read(counting(log, { cleanup: 50 }))) {
        if (item === 1) break;
      }
      log.push('after the loop');
      expect(log).toEqual(['begins', 'closed', 'after the loop']);
    }));

  test('left by a throw, has closed the source when the error comes out', () =>
    testRun(async () => {
      const log: string[] = [];
      const error = new Error('in the loop');
      const loop = async (): Promise<void> => {
        for await (const item of read(counting(log))) if (item === 1) throw error;
      };
      await expect(loop()).rejects.toBe(error);
      expect(log).toEqual(['begins', 'closed']);
    }));

  test('cancelled while it waits, cancels the wait of the source, closes it, and rejects', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope({ timeout: 25 });
      await scope.run(async () => {
        const error = await collect(read(counting(log))).catch((caught: unknown) => caught);
        expect(error).toBe(scope.reason);
        expect(log).toEqual(['begins', 'closed']);
      });
      expect(getRunningLoop().now()).toBe(25);
    }));

  test('cancelled while the loop is at work, closes the source when that asks for more', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      await scope.run(async () => {
        for await (const item of read(counting(log))) if (item === 1) scope.cancel();
      });
      expect(scope.cancelCaught).toBe(true);
      expect(log).toEqual(['begins', 'closed']);
    }));

  test('settles a cancelled next() also where the source cannot be stopped', () =>
    testRun(async () => {
      const stuck = { next: () => new Promise<never>(() => undefined) };
      const source = { [Symbol.asyncIterator]: () => stuck };
      const error = await timeout(10, () => collect(read(source))).catch((e: unknown) => e);
      expect(error).toMatchObject({ name: 'TimeoutError' });
    }));

  test('calls return() of the source once, which ends the pull that is under way', () =>
    testRun(async () => {
      const source = new Manual();
      await moveOnAfter(10, async () => {
        const items = read(source);
        const first = items.next();
        await settle();
        source.give(7);
        expect(await first).toEqual({ done: false, value: 7 });
        await items.next();
      });
      expect(source.log.filter((entry) => entry === 'return')).toHaveLength(1);
      expect(source.log.at(-1)).toBe('return');
    }));

  test('passes the error of the source on, itself, once, and does not close what has failed', () =>
    testRun(async () => {
      const error = new Error('in the source');
      const close = jest.fn();
      const next = jest
        .fn()
        .mockResolvedValueOnce({ done: false, value: 1 })
        .mockRejectedValue(error);
      const items = read({ [Symbol.asyncIterator]: () => ({ next, return: close }) });
      const got: number[] = [];
      const loop = async (): Promise<void> => {
        for await (const item of items) got.push(item);
      };
      await expect(loop()).rejects.toBe(error);
      expect(got).toEqual([1]);
      expect(await items.next()).toEqual({ done: true, value: undefined });
      expect(close).not.toHaveBeenCalled();
    }));

  test('an error in the cleanup of the source comes out of break, and of a cancelled loop', () =>
    testRun(async () => {
      const error = new Error('in cleanup');
      async function* source(): AsyncGenerator<number> {
        try {
          yield 1;
          await sleepForever();
        } finally {
          await shield(() => sleep(5));
          await Promise.reject(error);
        }
      }
      const leave = async (): Promise<void> => {
        for await (const item of read(source())) if (item === 1) break;
      };
      await expect(leave()).rejects.toBe(error);
      await expect(timeout(10, () => collect(read(source())))).rejects.toBe(error);
    }));

  test('cancelled, or disposed of, before the first next(), never begins', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(async () => {
        const error = await collect(read(counting(log))).catch((caught: unknown) => caught);
        expect(isCancelled(error)).toBe(true);
      });
      const items = read(counting(log));
      await items[Symbol.asyncDispose]();
      expect(await items.next()).toEqual({ done: true, value: undefined });
      expect(log).toEqual([]);
    }));

  test('loses no item when only one next() is cancelled', () =>
    testRun(async () => {
      const items = read(counting([], { count: 3 }));
      expect(await items.next()).toMatchObject({ value: 0 });
      expect(await moveOnAfter(5, () => items.next())).toBeUndefined();
      await sleep(100);
      expect(await collect(items)).toEqual([1, 2]);
    }));

  test('gives a caller that is cancelled already nothing, though there may be items', () =>
    testRun(async () => {
      const items = read(counting([], { count: 4 }));
      await items.next();
      await sleep(100);
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(() => items.next());
      expect(scope.cancelCaught).toBe(true);
      expect(await collect(items)).toEqual([1, 2, 3]);
    }));

  test('answers several next() at a time in their order', () =>
    testRun(async () => {
      const items = read(counting([], { count: 3 }));
      const results = await Promise.all([1, 2, 3, 4].map(() => items.next()));
      expect(results.map(({ value }) => value as unknown)).toEqual([0, 1, 2, undefined]);
      expect(results.map(({ done }) => done)).toEqual([false, false, false, true]);
    }));

  test('rejects whoever waits when the scope that it was begun in is cancelled', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const owner = new CancelScope({ timeout: 25 });
      const items = read(counting(log));
      await owner.run(async () => {
        await items.next();
        const other = group.spawn(() => collect(items).catch((error: unknown) => error));
        await sleepForever().finally(async () => expect(await other).toBe(owner.reason));
      });
      expect(log).toEqual(['begins', 'closed']);
      expect(await items.next()).toEqual({ done: true, value: undefined });
    }));

  test('return() ends a next() that is pending, and waits for the source', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const items = read(counting(log, { ms: 1e6 }));
      group.spawn(async () => {
        expect(await items.next()).toEqual({ done: true, value: undefined });
        log.push('next has ended');
      });
      await settle();
      await items.return?.();
      log.push('return has ended');
      await settle();
      expect(log.slice(0, 2)).toEqual(['begins', 'closed']);
      expect(log.slice(2).sort()).toEqual(['next has ended', 'return has ended']);
      expect(getRunningLoop().now()).toBe(0);
    }));
});

test('what fails while a failed source is closed is attached to the failure', () =>
  testRun(async () => {
    const [first, later] = [new Error('first'), new Error('later')];
    async function* failing(): AsyncGenerator<number> {
      await sleep(5);
      yield* [];
      throw first;
    }
    async function* cleaning(): AsyncGenerator<number> {
      try {
        yield await sleepForever();
      } finally {
        await Promise.reject(later);
      }
    }
    await expect(collect(merge(failing(), cleaning()))).rejects.toBe(first);
    expect(suppressedErrors(first)).toEqual([later]);
  }));
