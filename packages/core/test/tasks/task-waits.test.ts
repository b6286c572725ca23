import {
  CancelScope,
  formatTaskTree,
  InvalidStateError,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import type { Task } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** Ends `ms` after it was cancelled. */
const slowToEnd = (ms: number) => async (): Promise<void> => {
  try {
    await sleepForever();
  } finally {
    await shield(() => sleep(ms));
  }
};

// core.md: `stop()` and `await task` are waits like `join()`.
describe('stop()', () => {
  test('is cut by a time limit of the caller, and the task goes on with its cleanup', () =>
    testRun(async (group, loop) => {
      const task = group.spawn(slowToEnd(1000));
      await expect(timeout(10, () => task.stop())).rejects.toThrow(TimeoutError);
      expect(loop.now()).toBe(10);
      expect(task.state).toBe('cancelling');
      expect(await moveOnAfter(10, () => task.stop())).toBeUndefined();
      expect(loop.now()).toBe(20);
    }));

  test('goes on in a scope that is cancelled, or gets cancelled, otherwise: it is cleanup', () =>
    testRun(async (group, loop) => {
      const task = group.spawn(slowToEnd(100));
      const scope = new CancelScope();
      const stopping = scope.run(() => task.stop().then(() => loop.now()));
      await sleep(10);
      scope.cancel();
      expect(await stopping).toBe(100);
      const other = group.spawn(slowToEnd(100));
      const cancelled = new CancelScope();
      cancelled.cancel();
      await cancelled.run(() => other.stop());
      expect(loop.now()).toBe(200);
    }));

  test('is cut by a time limit that begins in a scope that is cancelled already', () =>
    testRun(async (group, loop) => {
      const cuts: [string, (task: Task<void>) => Promise<unknown>][] = [
        ['a limit around it', (task) => timeout(10, () => task.stop())],
        ['a limit further out', (task) => timeout(10, () => timeout(50, () => task.stop()))],
        ['a limit further in', (task) => moveOnAfter(50, () => moveOnAfter(10, () => task.stop()))],
        ['a group with a time', (task) => taskGroup(() => task.stop(), { timeout: 10 })],
        ['a limit of an await', (task) => timeout(10, async () => task)],
        [
          'a limit that is moved',
          (task) =>
            timeout(50, async (limit) => {
              limit.deadline = loop.now() + 10;
              await task.stop();
            }),
        ],
      ];
      for (const [name, cut] of cuts) {
        const task = group.spawn(slowToEnd(1000), { name });
        task.cancel();
        const scope = new CancelScope();
        scope.cancel();
        const begun = loop.now();
        expect(await scope.run(() => cut(task)).catch(String)).toBeUndefined();
        expect([name, loop.now() - begun]).toEqual([name, 10]);
        expect(task.state).toBe('cancelling');
      }
    }));

  test('is cut by a time limit of a scope that is cancelled while it waits', () =>
    testRun(async (group, loop) => {
      const task = group.spawn(slowToEnd(1000));
      const scope = new CancelScope();
      const stopping = scope.run(() => timeout(20, () => task.stop()));
      await sleep(10);
      scope.cancel();
      await stopping;
      expect(loop.now()).toBe(20);
    }));

  test('leaves nothing on the task when it was cut', () =>
    testRun(async (group) => {
      const task = group.spawn(slowToEnd(100));
      for (let i = 0; i < 3; i += 1) await moveOnAfter(1, () => task.stop());
      expect(task._first).toBeUndefined();
    }));

  test('of each other ends with the time limit around both, though each is cancelled', () =>
    testRun(async () => {
      const tasks: Task<void>[] = [];
      const mutual = timeout(50, () =>
        taskGroup((group) => {
          const stopper = (other: number) => async (): Promise<void> => {
            await sleep(10);
            await tasks[other]?.stop();
          };
          tasks.push(group.spawn(stopper(1), { name: 'left' }));
          tasks.push(group.spawn(stopper(0), { name: 'right' }));
        }),
      );
      await sleep(20);
      expect(formatTaskTree()).toMatch(/task left: .*waits for stop right/);
      expect(formatTaskTree()).toContain('Deadlock: "left" waits for stop right');
      await expect(mutual).rejects.toThrow(TimeoutError);
    }));
});

describe('await task', () => {
  test('is in the tree, and cut by a time limit or a cancellation of the caller', () =>
    testRun(async (group, loop) => {
      const task = group.spawn(() => sleep(1000), { name: 'long', daemon: true });
      const waiting = timeout(10, async () => task);
      await sleep(1);
      expect(formatTaskTree()).toContain('waits for await long');
      await expect(waiting).rejects.toThrow(TimeoutError);
      expect(loop.now()).toBe(10);
      const all = moveOnAfter(10, () => Promise.all([task, task]));
      expect(await all).toBeUndefined();
      expect(await moveOnAfter(10, () => task.finally(() => undefined))).toBeUndefined();
      expect(task.state).toBe('running');
    }));

  test('in a scope that is cancelled already waits, as for any promise', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleep(10).then(() => 'value'));
      const scope = new CancelScope();
      scope.cancel();
      expect(await scope.run(async () => task)).toBe('value');
    }));

  test('a reaction that nobody looks at reports no cancellation', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleep(50), { daemon: true });
      await moveOnAfter(10, () => {
        void task.then(() => 'never');
        void task.finally(() => undefined);
        return sleepForever();
      });
    }));

  test('inside a descendant is refused at once; a callback for the end is not', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const outer = group.spawn(async (task) => {
        await taskGroup((inner) => {
          inner.spawn(async () => {
            void task.finally(() => log.push('outer has ended'));
            const waits = async (): Promise<void> => task;
            await expect(waits()).rejects.toThrow(InvalidStateError);
            await expect(Promise.all([task])).rejects.toThrow('inside the task');
            log.push('refused');
          });
        });
      });
      await outer;
      await sleep(1);
      expect(log).toEqual(['refused', 'outer has ended']);
    }));
});
