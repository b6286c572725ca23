import { setTimeout as hostSleep } from 'node:timers/promises';
import {
  allTasks,
  ContextVar,
  createTask,
  currentScope,
  currentTask,
  gather,
  LoopNotRunningError,
  run,
  sleep,
  sleepForever,
  TaskGroup,
  taskGroup,
} from '@ambit/core';
import type { RunOptions } from '@ambit/core';
import { groupOfRun } from '@ambit/core/lowlevel';
import { VirtualLoop } from '@ambit/core/testing';

/** On virtual time, and without handlers of signals. */
function quick<T>(main: (group: TaskGroup) => T | PromiseLike<T>, options?: RunOptions) {
  return run(main, { loop: new VirtualLoop(), signals: [], ...options });
}

test('groupOfRun is what owns its tasks, in a run() and outside of any', async () => {
  expect(groupOfRun()).toBeUndefined();
  await quick(async () => {
    const task = createTask(() => undefined);
    await task;
    expect(groupOfRun()).toBe(task.group);
  });
});

describe('createTask', () => {
  test('makes a daemon of the run: cancelled when main has ended', async () => {
    const log: string[] = [];
    const value = await quick(async (group) => {
      const task = createTask(() => sleepForever().finally(() => log.push('daemon')), {
        name: 'metrics',
      });
      expect([task.name, task.state]).toEqual(['metrics', 'running']);
      group.spawn(() => sleep(5).then(() => log.push('child of main')));
      await sleep(1);
      return 'value';
    });
    expect(value).toBe('value');
    // rule 243
    expect(log).toEqual(['child of main', 'daemon']);
  });

  test('gives a task to await', () =>
    quick(async () => {
      expect(await createTask(() => sleep(5, { value: 'done' }))).toBe('done');
    }));

  test('is not the child of the task that calls it', () =>
    quick(async () => {
      const log: string[] = [];
      await taskGroup((group) => {
        group.spawn(() => {
          createTask(async () => {
            await sleep(10);
            log.push('outlives it');
          });
        });
      });
      expect(log).toEqual([]);
      await sleep(20);
      expect(log).toEqual(['outlives it']);
    }));

  // rule 243
  test('fails the whole run when it fails: main is cancelled, the failure comes out itself', async () => {
    const failure = new Error('crashed');
    const log: string[] = [];
    const running = quick(async () => {
      createTask(async () => {
        await sleep(5);
        throw failure;
      });
      await sleepForever().finally(() => log.push('main cleaned up'));
    });
    await expect(running).rejects.toBe(failure);
    expect(log).toEqual(['main cleaned up']);
  });

  test('outside of any run is a LoopNotRunningError, and starts nothing', async () => {
    const log: string[] = [];
    const start = () => createTask(() => log.push('started'));
    expect(start).toThrow(LoopNotRunningError);
    expect(start).toThrow('there is no run() around this call to own the task');
    await taskGroup(() => {
      expect(start).toThrow(LoopNotRunningError);
    });
    expect(log).toEqual([]);
  });

  test('in a callback that comes after the end of its run is one too', async () => {
    let late: Promise<unknown> | undefined;
    await quick(() => {
      late = hostSleep(1).then(() => createTask(() => undefined));
    });
    await expect(late).rejects.toThrow(LoopNotRunningError);
  });
});

describe('an eager start', () => {
  // rule 245
  test('that completes synchronously is done when spawn returns, and never among allTasks()', () =>
    quick((group) => {
      const main = currentTask();
      const task = group.spawn(
        () => {
          expect(currentTask()?.name).toBe('eager');
          return 'value';
        },
        { name: 'eager' },
      );
      expect([task.done, task.state, task.result()]).toEqual([true, 'fulfilled', 'value']);
      expect(currentTask()).toBe(main);
      expect(allTasks().has(task)).toBe(false);
    }));

  // rule 245
  test('that blocks is among them until it ends', () =>
    quick(async (group) => {
      const task = group.spawn(() => sleep(5));
      expect(allTasks().has(task)).toBe(true);
      await task;
      expect(allTasks().has(task)).toBe(false);
    }));

  // rule 246
  test('keeps what it sets in its context to itself', () =>
    quick(async (group) => {
      const name = new ContextVar<string>();
      const scope = currentScope();
      group.spawn(() => name.run('child', () => sleep(1)));
      expect(name.get()).toBeUndefined();
      expect(currentScope()).toBe(scope);
    }));

  // rule 247
  test('can be recursive through groups', () =>
    quick(async () => {
      const sum = (depth: number): Promise<number> =>
        taskGroup(async (group) => {
          if (depth === 0) return 1;
          const halves = [group.spawn(() => sum(depth - 1)), group.spawn(() => sum(depth - 1))];
          const [a = 0, b = 0] = await gather(halves.map((half) => () => half));
          return a + b;
        });
      expect(await sum(5)).toBe(32);
    }));
});
