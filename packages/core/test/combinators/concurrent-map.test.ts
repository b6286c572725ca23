import { EventEmitter, on } from 'node:events';
import {
  CancelScope,
  concurrentForEach,
  concurrentMap,
  currentTask,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

/** An iterator that notes what is asked of it. */
function source(log: string[], length = 100): Iterable<number> & Iterator<number> {
  let at = 0;
  return {
    [Symbol.iterator]() {
      return this;
    },
    next() {
      if (at === length) return { done: true, value: undefined };
      log.push(`pull ${String(at)}`);
      return { done: false, value: at++ };
    },
    return() {
      log.push('closed');
      return { done: true, value: undefined };
    },
  };
}

describe('concurrentMap', () => {
  // rule 156
  test('gives the results in the order of the source', () =>
    testRun(async () => {
      const double = (item: number, index: number) =>
        sleep(50 - item, { value: [index, item * 2] });
      const results = await concurrentMap([10, 30, 20], double, { limit: 3 });
      expect(results).toEqual([
        [0, 20],
        [1, 60],
        [2, 40],
      ]);
    }));

  // rule 156
  test('of nothing gives nothing', () =>
    testRun(async () => {
      expect(await concurrentMap([], () => 1, { limit: 2 })).toEqual([]);
    }));

  test('works on no more than `limit` items at a time, in as many tasks', () =>
    testRun(async () => {
      let running = 0;
      const seen: number[] = [];
      const workers = new Set<number | undefined>();
      await concurrentForEach(
        Array.from({ length: 20 }, (_, at) => at),
        async (item) => {
          running += 1;
          seen.push(running);
          workers.add(currentTask()?.id);
          await sleep(1 + (item % 3));
          running -= 1;
        },
        { limit: 4 },
      );
      expect(Math.max(...seen)).toBe(4);
      expect(workers.size).toBe(4);
    }));

  // rule 156
  test('pulls from the source only when there is room', () =>
    testRun(async () => {
      const log: string[] = [];
      const work = async (item: number) => {
        log.push(`begin ${String(item)}`);
        await sleep(10);
        log.push(`end ${String(item)}`);
      };
      await concurrentForEach(source(log, 3), work, { limit: 2 });
      expect(log).toEqual([
        ...['pull 0', 'begin 0', 'pull 1', 'begin 1'],
        ...['end 0', 'end 1', 'pull 2', 'begin 2', 'end 2'],
      ]);
    }));

  // rule 156
  test('asks an async source for one item at a time', () =>
    testRun(async () => {
      const log: string[] = [];
      async function* numbers() {
        for (let at = 0; at < 4; at += 1) {
          log.push(`make ${String(at)}`);
          await sleep(1);
          yield at;
        }
      }
      const results = await concurrentMap(numbers(), (item) => sleep(10, { value: item }), {
        limit: 2,
      });
      expect(results).toEqual([0, 1, 2, 3]);
      expect(log).toEqual(['make 0', 'make 1', 'make 2', 'make 3']);
    }));

  // rule 156
  test('the first failure stops pulling, cancels the others, closes the source and is thrown itself', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const failure = new Error('refused');
      const work = async (item: number) => {
        if (item === 1) await failAfter(5, failure);
        await sleepForever().finally(() => shield(() => sleep(10)));
      };
      await expect(concurrentMap(source(log), work, { limit: 3 })).rejects.toBe(failure);
      expect(log).toEqual(['pull 0', 'pull 1', 'pull 2', 'closed']);
      expect(loop.now()).toBe(15);
    }));

  test('stops pulling after a failure, even if the work has no checkpoint', () =>
    testRun(async () => {
      const log: string[] = [];
      const failure = new Error('refused');
      const work = async (item: number) => {
        await Promise.resolve();
        if (item === 1) throw failure;
      };
      await expect(concurrentForEach(source(log), work, { limit: 2 })).rejects.toBe(failure);
      expect(log.length).toBeLessThan(10);
    }));

  test('attaches what fails when the source is closed', () =>
    testRun(async () => {
      const [failure, closing] = [new Error('refused'), new Error('closing')];
      function* numbers() {
        try {
          yield 1;
        } finally {
          // eslint-disable-next-line no-unsafe-finally
          throw closing;
        }
      }
      const mapping = concurrentMap(numbers(), () => Promise.reject(failure), { limit: 1 });
      await expect(mapping).rejects.toBe(failure);
      expect(suppressedErrors(failure)).toEqual([closing]);
    }));

  // rule 156
  test('a source that throws fails it, and is not closed after that', () =>
    testRun(async () => {
      const log: string[] = [];
      const failure = new Error('source');
      const broken = source(log);
      broken.next = () => {
        throw failure;
      };
      await expect(concurrentMap(broken, () => 1, { limit: 2 })).rejects.toBe(failure);
      expect(log).toEqual([]);
      async function* brokenLater() {
        yield 1;
        await sleep(1);
        throw failure;
      }
      await expect(concurrentMap(brokenLater(), () => 1, { limit: 2 })).rejects.toBe(failure);
    }));

  test('a failure does not wait for the next item of a source that may never give one', () =>
    testRun(async () => {
      const emitter = new EventEmitter();
      const failure = new Error('refused');
      const working = concurrentForEach(on(emitter, 'item'), () => Promise.reject(failure), {
        limit: 2,
      });
      await settle();
      emitter.emit('item', 1);
      await expect(working).rejects.toBe(failure);
      expect(emitter.listenerCount('item')).toBe(0);
    }));

  test('a limit as large as the source does not nest the workers', () =>
    testRun(async () => {
      const results = await concurrentMap(source([], 5000), (item) => item, { limit: Infinity });
      expect(results.length).toBe(5000);
    }));

  // rule 154
  test('work that cancels its own task has failed, and leaves no hole', () =>
    testRun(async () => {
      const work = async (item: number) => {
        if (item === 2) currentTask()?.cancel('mine');
        await sleep(1);
        return item;
      };
      const outcome = await concurrentMap([1, 2, 3], work, { limit: 1 }).catch((e: unknown) => e);
      expect(isCancelled(outcome) && outcome.reason).toBe('mine');
    }));

  test('cancelled from outside cancels the work, waits for it and closes the source', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      await moveOnAfter(5, () =>
        concurrentMap(source(log), () => sleepForever().finally(() => shield(() => sleep(10))), {
          limit: 1,
        }),
      );
      expect(log).toEqual(['pull 0', 'closed']);
      expect(loop.now()).toBe(15);
    }));

  test('in a cancelled scope pulls nothing', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(() => concurrentMap(source(log), () => 1, { limit: 1 }));
      expect(log).toEqual([]);
    }));
});

describe('concurrentForEach', () => {
  test('works through a long source', () =>
    testRun(async () => {
      let sum = 0;
      await concurrentForEach(source([], 5000), (item) => void (sum += item), { limit: 10 });
      expect(sum).toBe((5000 * 4999) / 2);
    }));

  // rule 156
  test('a failure closes an async generator, whose cleanup is waited for', () =>
    testRun(async () => {
      const log: string[] = [];
      async function* numbers() {
        try {
          for (let at = 0; ; at += 1) yield at;
        } finally {
          await sleep(5);
          log.push('source closed');
        }
      }
      const failure = new Error('refused');
      const working = concurrentForEach(numbers(), () => failAfter(1, failure), { limit: 1 });
      await expect(working).rejects.toBe(failure);
      expect(log).toEqual(['source closed']);
    }));
});
