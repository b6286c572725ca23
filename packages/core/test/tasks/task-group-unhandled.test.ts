import { runInThisContext } from 'node:vm';
import { sleep, sleepForever, taskGroup, TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

// A group owns the failures of its tasks: the process never hears of one, whenever it comes, whoever
// has taken a promise of it. The runner fails a test on an unhandled rejection; this counts them too.
const unhandled: unknown[] = [];
// The process itself: inside the runner's sandbox `process` is a copy, which hears of nothing.
const realProcess = runInThisContext('process') as NodeJS.Process;
const note = (error: unknown): void => {
  unhandled.push(error);
};

beforeEach(() => {
  unhandled.length = 0;
  realProcess.on('unhandledRejection', note);
});

afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  realProcess.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const failure = new Error('on its own');

/** When a child fails. */
const moments: Record<string, () => Promise<never>> = {
  'in the same tick': () => {
    throw failure;
  },
  'as an async function, in the same tick': async () => {
    throw failure;
  },
  'in a microtask': async () => {
    await Promise.resolve();
    throw failure;
  },
  'in nextTick': () =>
    new Promise((_resolve, reject) => {
      process.nextTick(reject, failure);
    }),
  'in setImmediate': () =>
    new Promise((_resolve, reject) => {
      setImmediate(reject, failure);
    }),
  'after a sleep': async () => {
    await sleep(1);
    throw failure;
  },
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(Object.keys(moments))('a child that fails %s', (moment) => {
  const fail = moments[moment]!;

  test('is not reported by the process while the body is busy elsewhere', () =>
    testRun(async () => {
      const outcome = taskGroup(async (group) => {
        group.spawn(fail);
        for (let turns = 0; turns < 4; turns += 1) await turn();
        return 'busy';
      });
      await expect(outcome).rejects.toBe(failure);
    }));

  test('is not reported by the process after the body has ended', () =>
    testRun(async () => {
      const outcome = taskGroup((group) => {
        group.spawn(fail);
      });
      await expect(outcome).rejects.toBe(failure);
    }));

  test('is not reported for promises of it that nobody looks at', () =>
    testRun(async () => {
      const outcome = taskGroup(async (group) => {
        const task = group.spawn(fail);
        void task.join();
        void task.then(() => 'never');
        void task.finally(() => undefined);
        void task.then().then(undefined, () => undefined);
        for (let turns = 0; turns < 4; turns += 1) await turn();
      });
      await expect(outcome).rejects.toBe(failure);
    }));

  test('is not reported for a group made by hand', () =>
    testRun(async () => {
      const group = new TaskGroup();
      group.spawn(fail);
      for (let turns = 0; turns < 4; turns += 1) await turn();
      await expect(group[Symbol.asyncDispose]()).rejects.toBe(failure);
    }));

  test('is not reported from a group that goes on', () =>
    testRun(async () => {
      const outcome = taskGroup(
        async (group) => {
          group.spawn(fail);
          group.spawn(fail);
          for (let turns = 0; turns < 4; turns += 1) await turn();
        },
        { onFailure: 'continue' },
      );
      await expect(outcome).rejects.toThrow('failure');
    }));
});

test('tasks that are cancelled, queued ones too, are not reported', () =>
  testRun(async () => {
    await taskGroup(
      async (group) => {
        const tasks = [group.spawn(() => sleepForever()), group.spawn(() => sleepForever())];
        for (const task of tasks) {
          void task.join();
          void task.then(() => 'never');
        }
        await turn();
        for (const task of tasks) task.cancel();
        void tasks[1]?.join();
        await turn();
      },
      { limit: 1 },
    );
  }));

test('a start() whose caller is cancelled is not reported', () =>
  testRun(async () => {
    const outcome = taskGroup(async (group) => {
      void group.start(() => sleepForever());
      group.cancel();
      void group.start(() => sleepForever());
      await turn();
    });
    await outcome;
  }));
