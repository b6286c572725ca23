import {
  CancelScope,
  currentScope,
  formatTaskTree,
  getRunningLoop,
  isCancelled,
  run,
  shield,
  sleep,
  sleepForever,
  StragglersError,
  suppressedErrors,
  TaskGroup,
  taskGroup,
  taskTree,
  TimeoutError,
} from '@ambit/core';
import type { TaskTreeNode } from '@ambit/core';
import { testRun, VirtualLoop } from '@ambit/core/testing';

const now = (): number => getRunningLoop().now();

/** Ends only so long after it was begun, whatever happens; then returns or throws. */
const stubborn = (ms: number, end: () => unknown = () => undefined) =>
  async function stubborn(): Promise<unknown> {
    await shield(() => sleep(ms));
    return end();
  };

function fail(): never {
  throw new Error('late');
}

async function caught(promise: Promise<unknown>): Promise<StragglersError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StragglersError);
  return error as StragglersError;
}

function find(node: TaskTreeNode, name: string): TaskTreeNode | undefined {
  if (node.name === name) return node;
  return node.children.map((child) => find(child, name)).find((found) => found !== undefined);
}

describe('a group with a grace', () => {
  test('settles past it, names those that are left, and the group around waits for them', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await taskGroup(
        async () => {
          const error = await caught(
            taskGroup(
              (group) => {
                group.spawn(stubborn(500), { name: 'left' });
                group.spawn(() => sleepForever(), { name: 'ends' });
                group.cancel();
              },
              { name: 'jobs', grace: 100 },
            ),
          );
          log.push(now(), error.name, error.cause, error.tasks);
          expect(error.message).toMatch(/^the task group "jobs" has not ended within 100 ms/);
          const node = find(taskTree(), 'left');
          expect(node).toMatchObject({ straggler: true, state: 'cancelling', cancelledFor: 100 });
          expect(formatTaskTree()).toContain('straggler');
        },
        { name: 'around' },
      );
      log.push(now());
      const path = expect.stringMatching(/main > around > jobs > left$/) as unknown;
      const tasks = [{ name: 'left', path, cancelledFor: 100 }];
      expect(log).toEqual([100, 'StragglersError', undefined, tasks, 500]);
    }));

  test('says nothing of it if all end in time', () =>
    testRun(async () => {
      const ending = taskGroup(
        (group) => {
          group.spawn(stubborn(90));
          group.cancel();
          return 'value';
        },
        { grace: 100 },
      );
      expect(await ending).toBe('value');
      expect(now()).toBe(90);
    }));

  test('has the error that would have come out as cause', () =>
    testRun(async () => {
      const failure = new Error('first');
      const failing = taskGroup(
        (group) => {
          group.spawn(stubborn(30));
          throw failure;
        },
        { grace: 10 },
      );
      expect((await caught(failing)).cause).toBe(failure);
      const late = taskGroup((group) => void group.spawn(stubborn(90)), { grace: 10, timeout: 10 });
      expect((await caught(late)).cause).toBeInstanceOf(TimeoutError);
      const controller = new AbortController();
      controller.abort('gone');
      const signalled = taskGroup(() => shield(() => sleep(90)), {
        grace: 10,
        signal: controller.signal,
      });
      expect((await caught(signalled)).cause).toBe('gone');
      const outer = new CancelScope();
      await outer.run(async (scope) => {
        const inner = taskGroup(
          (group) => {
            group.spawn(stubborn(90));
            scope.cancel();
            return 0;
          },
          { grace: 10 },
        );
        expect((await caught(inner)).cause).toBe(scope.reason);
      });
    }));

  test('names a body that ignores its cancellation', () =>
    testRun(async () => {
      const ending = taskGroup(
        async (group) => {
          group.cancel();
          await shield(() => sleep(100));
        },
        { grace: 10 },
      );
      const error = await caught(ending);
      expect(error.tasks).toMatchObject([{ name: 'the body', cancelledFor: 10 }]);
      expect(isCancelled(error.cause)).toBe(true);
    }));

  test.each([
    [
      'a task',
      (): Promise<unknown> =>
        taskGroup(
          (group) => {
            group.spawn(stubborn(100, fail), { name: 'failing' });
            group.cancel();
          },
          { grace: 10 },
        ),
    ],
    [
      'a body',
      (): Promise<unknown> =>
        taskGroup(
          async (group) => {
            group.cancel();
            await stubborn(100, fail)();
          },
          { grace: 10 },
        ),
    ],
    [
      'a cleanup',
      (): Promise<unknown> =>
        taskGroup(
          (group) => {
            group.defer(fail);
            group.spawn(stubborn(100));
            group.cancel();
          },
          { grace: 10 },
        ),
    ],
    [
      'a scope',
      (): Promise<unknown> =>
        new CancelScope({ grace: 10 }).run((scope) => {
          scope.cancel();
          return stubborn(100, fail)();
        }),
    ],
  ])('a later failure of %s fails the group around', (_what, begin) =>
    testRun(async () => {
      const around = taskGroup(async () => {
        await caught(begin());
        return 'value';
      });
      await expect(around).rejects.toThrow('late');
      expect(now()).toBe(100);
    }),
  );

  test('a later failure is told to the supervisor around', () =>
    testRun(async () => {
      const told: unknown[] = [];
      const value = await taskGroup(
        async () => {
          await caught(
            taskGroup(
              (group) => {
                group.spawn(stubborn(100, fail), { name: 'failing' });
                group.cancel();
              },
              { grace: 10 },
            ),
          );
          return 'value';
        },
        { onFailure: 'continue', onError: (error, task) => told.push(error, task.name) },
      );
      expect(value).toBe('value');
      expect(told).toMatchObject([{ message: 'late' }, 'failing']);
    }));

  test('nested: the inner one first, then the outer one, whose task waits for the same', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const inner = async (): Promise<void> => {
        const error = await caught(
          taskGroup((group) => void group.spawn(stubborn(100), { name: 'deep' }), {
            name: 'inner',
            grace: 10,
          }),
        );
        log.push(now(), error.tasks[0]?.path);
      };
      const outer = taskGroup(
        (group) => {
          group.spawn(inner, { name: 'middle' });
          group.cancel();
        },
        { name: 'outer', grace: 20 },
      );
      const error = await caught(outer);
      log.push(
        now(),
        error.tasks.map(({ name }) => name),
      );
      expect(log).toEqual([
        10,
        expect.stringMatching(/outer > middle > inner > deep$/),
        20,
        ['deep'],
      ]);
    }));

  test('does not count before the cancellation, and nothing in a shield is cancelled', () =>
    testRun(async () => {
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.cancel();
        const value = await shield(() =>
          taskGroup(
            (group) => {
              group.spawn(() => sleep(50));
              return 'shielded';
            },
            { grace: 10 },
          ),
        );
        expect(value).toBe('shielded');
      });
      expect(now()).toBe(50);
    }));

  test('a daemon that ignores its cancellation is left too', () =>
    testRun(async () => {
      const error = await caught(
        taskGroup((group) => void group.spawn(stubborn(100), { name: 'daemon', daemon: true }), {
          grace: 10,
        }),
      );
      expect(error.tasks).toMatchObject([{ name: 'daemon', cancelledFor: 10 }]);
    }));

  test('stop, join and the end of an await using block are bounded, by the same error', () =>
    testRun(async () => {
      const group = new TaskGroup({ grace: 10 });
      group.spawn(stubborn(100), { name: 'left' });
      const stopped = caught(group.stop());
      const joined = caught(group.join());
      const disposed = caught(group[Symbol.asyncDispose]());
      expect(new Set(await Promise.all([stopped, joined, disposed])).size).toBe(1);
      expect(now()).toBe(10);
      expect(await caught(group[Symbol.asyncDispose]())).toBe(await stopped);
    }));

  test('a grace of 0 lets end what ends at once', () =>
    testRun(async () => {
      const ending = taskGroup(
        (group) => {
          group.spawn(() => sleepForever());
          group.cancel();
          return 'value';
        },
        { grace: 0 },
      );
      expect(await ending).toBe('value');
    }));
});

describe('a scope with a grace', () => {
  test('names the waits and tasks in it', () =>
    testRun(async () => {
      const scope = new CancelScope({ name: 'part', grace: 10, timeout: 5 });
      const error = await caught(scope.run(() => shield(() => sleep(100))));
      expect(now()).toBe(15);
      expect(error.cause).toBeUndefined();
      expect(error.tasks).toMatchObject([
        { name: expect.stringContaining('sleep') as unknown, cancelledFor: 10 },
      ]);
      expect(currentScope().reason).toBeUndefined();
    }));

  test('names itself if it waits for something that is not in the tree', () =>
    testRun(async () => {
      const scope = new CancelScope({ name: 'part', grace: 10, timeout: 5 });
      let release = (): void => undefined;
      const foreign = new Promise<void>((resolve) => (release = resolve));
      const error = await caught(scope.run(() => foreign));
      expect(error.tasks).toMatchObject([{ name: 'part', cancelledFor: 10 }]);
      release();
    }));

  test('refuses a bad grace', () => {
    expect(() => new CancelScope({ grace: NaN })).toThrow(RangeError);
    expect(() => new TaskGroup({ grace: '1' as never })).toThrow(TypeError);
  });
});

describe('run with a grace', () => {
  const options = { loop: new VirtualLoop(), signals: [] };

  test('waits for stragglers no longer than that', async () => {
    const loop = new VirtualLoop();
    const failure = new Error('main');
    const running = run(
      (group) => {
        group.spawn(stubborn(500), { name: 'left' });
        throw failure;
      },
      { ...options, loop, grace: 50 },
    );
    const error = await caught(running);
    expect(loop.now()).toBe(50);
    expect(error).toMatchObject({ cause: failure, tasks: [{ name: 'left', cancelledFor: 50 }] });
    expect(suppressedErrors(failure)).toEqual([]);
  });

  test('of a group inside it, too, once main has ended', async () => {
    const loop = new VirtualLoop();
    const running = run(
      async () => {
        await caught(
          taskGroup(
            (group) => {
              group.spawn(stubborn(500), { name: 'left' });
              group.cancel();
            },
            { grace: 10 },
          ),
        );
      },
      { ...options, loop, grace: 50 },
    );
    const error = await caught(running);
    expect(loop.now()).toBe(60);
    expect(error.tasks).toMatchObject([{ name: 'left', cancelledFor: 60 }]);
  });

  test('does not bound what was not cancelled', async () => {
    const loop = new VirtualLoop();
    await run((group) => void group.spawn(() => sleep(500)), { ...options, loop, grace: 50 });
    expect(loop.now()).toBe(500);
  });
});
