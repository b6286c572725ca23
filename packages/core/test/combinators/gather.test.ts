import {
  CancelScope,
  currentTask,
  gather,
  gatherSettled,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  throwIfCancelled,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** Sleeps until cancelled, then takes some time to clean up. */
async function slowToEnd(log: string[], name: string): Promise<never> {
  try {
    return await sleepForever();
  } finally {
    await shield(() => sleep(10));
    log.push(`${name} cleaned up`);
  }
}

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

describe('gather', () => {
  // rule 152
  test('gives the values in the order of the functions, whatever order they end in', () =>
    testRun(async () => {
      const values = await gather([
        () => sleep(30, { value: 'slow' }),
        () => 'at once',
        () => sleep(10, { value: 'fast' }),
      ]);
      expect(values).toEqual(['slow', 'at once', 'fast']);
    }));

  test('gives a record of values for a record of functions', () =>
    testRun(async () => {
      const found = await gather({ user: () => sleep(2, { value: 'ada' }), orders: () => [1, 2] });
      expect(found).toEqual({ user: 'ada', orders: [1, 2] });
      expect(Object.keys(found)).toEqual(['user', 'orders']);
    }));

  // rule 152
  test('of nothing gives an empty result of the same shape', () =>
    testRun(async () => {
      expect(await gather([])).toEqual([]);
      expect(await gather({})).toEqual({});
      expect(await gatherSettled([])).toEqual([]);
    }));

  // rule 152
  test('runs a function that is given twice twice', () =>
    testRun(async () => {
      let calls = 0;
      const fn = async () => {
        calls += 1;
        return calls;
      };
      expect(await gather([fn, fn])).toEqual([1, 2]);
    }));

  test('calls the functions at once, in order, each as a task of its own name', () =>
    testRun(async () => {
      const log: string[] = [];
      const gathering = gather([
        function first() {
          log.push(currentTask()?.name ?? '');
        },
        function second() {
          log.push(currentTask()?.name ?? '');
        },
      ]);
      log.push('gather returned');
      await gathering;
      expect(log).toEqual(['first', 'second', 'gather returned']);
    }));

  test('with a limit runs that many at a time, in order', () =>
    testRun(async () => {
      const log: string[] = [];
      const job = (name: string, ms: number) => async () => {
        log.push(`${name} begins`);
        await sleep(ms);
        log.push(`${name} ends`);
      };
      await gather([job('a', 20), job('b', 5), job('c', 5)], { limit: 2 });
      expect(log).toEqual(['a begins', 'b begins', 'b ends', 'c begins', 'c ends', 'a ends']);
    }));

  // rule 153
  test('cancels the others on the first failure, waits for them, and throws that failure itself', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const failure = new Error('first');
      const outcome = await gather([
        () => slowToEnd(log, 'a'),
        () => failAfter(5, failure),
        () => slowToEnd(log, 'c'),
      ]).catch((error: unknown) => error);
      expect(outcome).toBe(failure);
      expect(log).toEqual(['a cleaned up', 'c cleaned up']);
      expect(loop.now()).toBe(15);
    }));

  // rule 153
  test('attaches what fails during the wind-down to the first failure', () =>
    testRun(async () => {
      const [first, later] = [new Error('first'), new Error('later')];
      const outcome = await gather([
        () => sleepForever().finally(() => Promise.reject(later)),
        () => failAfter(1, first),
      ]).catch((error: unknown) => error);
      expect(outcome).toBe(first);
      expect(suppressedErrors(outcome)).toEqual([later]);
    }));

  test('does not call the functions after one that throws at once', () =>
    testRun(async () => {
      const log: string[] = [];
      const failure = new Error('at once');
      const gathering = gather([
        () => {
          throw failure;
        },
        () => log.push('called'),
      ]);
      await expect(gathering).rejects.toBe(failure);
      expect(log).toEqual([]);
    }));

  // rule 154
  test('takes a function that cancelled its own task as failed, and not the caller as cancelled', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const outcome = await gather([
        () => slowToEnd(log, 'a'),
        async (task) => {
          await sleep(5);
          task.cancel('changed my mind');
          throwIfCancelled();
        },
      ]).catch((error: unknown) => error);
      expect(isCancelled(outcome) && outcome.reason).toBe('changed my mind');
      expect(log).toEqual(['a cleaned up']);
      expect(loop.now()).toBe(15);
      throwIfCancelled();
    }));

  // rule 155
  test('cancelled from outside cancels all and waits for them', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const outcome = await moveOnAfter(5, () =>
        gather([() => slowToEnd(log, 'a'), () => slowToEnd(log, 'b')]),
      );
      expect(outcome).toBeUndefined();
      expect(log).toEqual(['a cleaned up', 'b cleaned up']);
      expect(loop.now()).toBe(15);
    }));

  // rule 159
  test('cancelled from outside leaves a shielded function alone, and waits for it', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      await moveOnAfter(5, () =>
        gather([
          () => shield(() => sleep(50)).then(() => log.push('shielded ends')),
          () => sleepForever(),
        ]),
      );
      expect(log).toEqual(['shielded ends']);
      expect(loop.now()).toBe(50);
    }));

  test('keeps its values if it is cancelled in the tick in which the last one came', () =>
    testRun(async (group) => {
      const scope = new CancelScope();
      const gathering = scope.run(() => gather([() => 1, () => sleep(5, { value: 2 })]));
      group.spawn(async () => {
        await sleep(5);
        // The last function has ended in this tick; the one who gathers has not resumed yet.
        scope.cancel();
      });
      expect(await gathering).toEqual([1, 2]);
      expect(scope.cancelCaught).toBe(false);
    }));

  test('rejects with the reason of its signal', () =>
    testRun(async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const gathering = gather([() => sleepForever()], { signal: controller.signal });
      controller.abort(reason);
      await expect(gathering).rejects.toBe(reason);
    }));

  test('in a cancelled scope, or with an aborted signal, calls nothing', () =>
    testRun(async () => {
      const log: string[] = [];
      const reason = new Error('before');
      const fn = () => log.push('called');
      await moveOnAfter(0, () => gather([fn]));
      await moveOnAfter(0, () => gatherSettled([fn]));
      const signal = AbortSignal.abort(reason);
      await expect(gather([fn], { signal })).rejects.toBe(reason);
      await expect(gather([], { signal })).rejects.toBe(reason);
      await expect(gatherSettled([], { signal })).rejects.toBe(reason);
      expect(log).toEqual([]);
    }));

  // rule 247
  test('can be nested as deep as one likes', () =>
    testRun(async () => {
      const sum = async (depth: number): Promise<number> => {
        if (depth === 0) return 1;
        const [a, b] = await gather([() => sum(depth - 1), () => sum(depth - 1)]);
        return a + b;
      };
      expect(await sum(7)).toBe(128);
    }));
});
