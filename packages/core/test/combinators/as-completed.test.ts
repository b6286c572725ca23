import {
  asCompleted,
  CancelScope,
  isCancelled,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import type { Task } from '@ambit/core';
import { testRun, VirtualLoop } from '@ambit/core/testing';

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

// rule 150
test('gives tasks in the order in which they end', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const fns = [30, 10, 20].map((ms) => () => sleep(ms, { value: ms }));
    for await (const task of asCompleted(fns)) log.push(await task);
    expect(log).toEqual([10, 20, 30]);
  }));

// rule 150
test('gives the very tasks that it was given, each once', () =>
  testRun(async (group) => {
    const slow = group.spawn(() => sleep(10));
    const quick = group.spawn(() => sleep(5));
    const done = group.spawn(() => 1);
    const seen: Task<unknown>[] = [];
    for await (const task of asCompleted([slow, quick, done, slow, quick])) seen.push(task);
    expect(seen).toEqual([done, quick, slow]);
    expect(seen[2]).toBe(slow);
  }));

test('takes functions and tasks together', () =>
  testRun(async (group) => {
    const task = group.spawn(() => sleep(5, { value: 'task' }));
    const log: unknown[] = [];
    for await (const each of asCompleted([() => sleep(10, { value: 'function' }), task])) {
      log.push(each.result());
    }
    expect(log).toEqual(['task', 'function']);
  }));

// rule 150
test('of nothing ends at once', () =>
  testRun(async () => {
    expect(await asCompleted([]).next()).toEqual({ done: true, value: undefined });
  }));

test('starts nothing before the first next()', () =>
  testRun(async () => {
    const log: string[] = [];
    const tasks = asCompleted([() => log.push('started')]);
    await sleep(5);
    log.push('now');
    await tasks.next();
    await tasks.return();
    expect(log).toEqual(['now', 'started']);
  }));

test('goes on after a failed task, whose error is for whoever awaits it', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const failure = new Error('refused');
    for await (const task of asCompleted([
      () => failAfter(1, failure),
      async (self) => {
        await sleep(2);
        self.cancel();
        await sleepForever();
      },
      () => sleep(3, { value: 'fine' }),
    ])) {
      log.push(task.state, task.error());
    }
    expect(log.filter((_, at) => at % 2 === 0)).toEqual(['rejected', 'cancelled', 'fulfilled']);
    expect(log[1]).toBe(failure);
    expect(isCancelled(log[3])).toBe(true);
  }));

test('a failed task that was given is the business of the loop, whether it looks or not', () =>
  testRun(async () => {
    let count = 0;
    for await (const _task of asCompleted([() => failAfter(1, new Error('refused')), () => 2])) {
      count += 1;
    }
    expect(count).toBe(2);
  }));

// rule 150
test('a next() that is out of time throws, and iterating again goes on with the rest', () =>
  testRun(async (_group, loop) => {
    const tasks = asCompleted([() => sleep(5, { value: 'a' }), () => sleep(50, { value: 'b' })]);
    const first = await tasks.next();
    expect(first.value?.result()).toBe('a');
    await expect(timeout(10, () => tasks.next())).rejects.toThrow(TimeoutError);
    expect(loop.now()).toBe(15);
    const rest: unknown[] = [];
    for await (const task of tasks) rest.push(task.result());
    expect(rest).toEqual(['b']);
  }));

// rule 150
test('several can iterate at a time: each task goes to one of them', () =>
  testRun(async () => {
    const tasks = asCompleted([10, 20, 30, 40].map((ms) => () => sleep(ms, { value: ms })));
    const log: string[] = [];
    const consume = async (name: string) => {
      for await (const task of tasks) log.push(`${name} ${String(task.result())}`);
    };
    await taskGroup((group) => {
      group.spawn(() => consume('first'));
      group.spawn(() => consume('second'));
    });
    expect(log.map((line) => line.split(' ')[1])).toEqual(['10', '20', '30', '40']);
    expect(new Set(log.map((line) => line.split(' ')[0])).size).toBe(2);
  }));

describe('leaving the loop early', () => {
  // rule 151
  test('cancels what was started by it and waits for that; tasks that were given go on', () =>
    testRun(async (group, loop) => {
      const log: string[] = [];
      const given = group.spawn(() => sleep(50, { value: 'untouched' }));
      for await (const task of asCompleted([
        () => sleep(5, { value: 'first' }),
        async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(10));
            log.push('cleaned up');
          }
        },
        given,
      ])) {
        log.push(String(await task));
        break;
      }
      expect(log).toEqual(['first', 'cleaned up']);
      expect(loop.now()).toBe(15);
      expect(given.state).toBe('running');
      expect(await given).toBe('untouched');
    }));

  // rule 151
  test('by an error does the same, and the error comes out', () =>
    testRun(async () => {
      const log: string[] = [];
      const failure = new Error('in the loop');
      const loop = async () => {
        for await (const _task of asCompleted([
          () => 1,
          () => sleepForever().finally(() => log.push('cleaned up')),
        ])) {
          throw failure;
        }
      };
      await expect(loop()).rejects.toBe(failure);
      expect(log).toEqual(['cleaned up']);
    }));

  test('tells of failures that nobody has seen', () =>
    testRun(async () => {
      const [seen, unseen] = [new Error('seen'), new Error('unseen')];
      const loop = async () => {
        for await (const task of asCompleted<(() => Promise<void>)[]>([
          () => failAfter(1, seen),
          () => sleepForever().finally(() => Promise.reject(unseen)),
        ])) {
          expect(task.error()).toBe(seen);
          break;
        }
      };
      const outcome = await loop().catch((error: unknown) => error);
      expect((outcome as AggregateError).errors).toEqual([unseen]);
      expect(suppressedErrors(seen)).toEqual([]);
    }));

  test('is no misuse that debug mode would warn of', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await run(
      async () => {
        for await (const _task of asCompleted([() => 1, () => sleepForever()])) break;
      },
      { loop: new VirtualLoop(), signals: [], debug: true },
    );
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('ends it: a later next() is done', () =>
    testRun(async () => {
      const tasks = asCompleted([() => 1, () => 2]);
      for await (const _task of tasks) break;
      expect(await tasks.next()).toEqual({ done: true, value: undefined });
    }));
});

test('can be left by `await using` too', () =>
  testRun(async () => {
    const log: string[] = [];
    {
      await using tasks = asCompleted([
        () => 1,
        () => sleepForever().finally(() => log.push('cleaned up')),
      ]);
      await tasks.next();
    }
    expect(log).toEqual(['cleaned up']);
  }));

test('cancelled from outside cancels what it started and waits for that', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    await moveOnAfter(5, async () => {
      for await (const _task of asCompleted([
        () => sleepForever().finally(() => shield(() => sleep(10))),
      ])) {
        log.push('not reached');
      }
    });
    expect(log).toEqual([]);
    expect(loop.now()).toBe(15);
  }));

test('in a cancelled scope starts nothing', () =>
  testRun(async () => {
    const log: string[] = [];
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(async () => {
      for await (const _task of asCompleted([() => log.push('started')])) log.push('given');
    });
    expect(log).toEqual([]);
  }));

test('return(), and disposal, end every next() that waits', () =>
  testRun(async () => {
    for (const leave of ['return', Symbol.asyncDispose] as const) {
      const tasks = asCompleted([() => sleepForever().finally(() => shield(() => sleep(5)))]);
      const waiting = [tasks.next(), tasks.next()];
      await sleep(1);
      await tasks[leave]();
      expect(await Promise.all(waiting)).toEqual([
        { done: true, value: undefined },
        { done: true, value: undefined },
      ]);
    }
  }));

test('when one of two loops is left, the other one ends', () =>
  testRun(async (group) => {
    const shared = asCompleted([() => sleep(5), () => sleepForever()]);
    group.spawn(async () => {
      for await (const _task of shared) break;
    });
    const seen: Task<unknown>[] = [];
    await group.spawn(async () => {
      for await (const task of shared) seen.push(task);
    });
    expect(seen).toEqual([]);
  }));

test('a next() that is cancelled leaves nothing on the tasks, and the rest is still to come', () =>
  testRun(async (group) => {
    const tasks = [30, 20, 40].map((ms) => group.spawn(() => sleep(ms, { value: ms })));
    const completed = asCompleted(tasks);
    expect(await moveOnAfter(10, () => completed.next())).toBeUndefined();
    expect(tasks.map((task) => task._first)).toEqual([undefined, undefined, undefined]);
    await sleep(25);
    const seen: unknown[] = [];
    for await (const task of completed) seen.push(task.result());
    expect(seen).toEqual([30, 20, 40]);
  }));

test('a cancelled next() leaves those be that others wait in', () =>
  testRun(async (group) => {
    const completed = asCompleted([() => sleep(20, { value: 'done' })]);
    const other = group.spawn(() => completed.next());
    expect(await moveOnAfter(10, () => completed.next())).toBeUndefined();
    expect((await other).value?.result()).toBe('done');
    await completed.return();
  }));
