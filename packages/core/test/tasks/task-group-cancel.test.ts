import {
  CancelledError,
  CancelScope,
  checkpoint,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  throwIfCancelled,
  timeout,
  TimeoutError,
} from '@ambit/core';
import type { TaskGroup, TaskGroupOptions } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failInCleanup, failureOf } from '../support/failures.ts';

// rule 80
test('a cancelled group never calls what is spawned into it', () =>
  testRun(() =>
    taskGroup(async (group) => {
      const fn = jest.fn();
      group.cancel('no more');
      const task = group.spawn(fn);
      expect([task.state, task.done, group.size]).toEqual(['cancelled', true, 0]);
      expect((task.error() as CancelledError).reason).toBe('no more');
      expect(isCancelled(await failureOf(task))).toBe(true);
      expect(fn).not.toHaveBeenCalled();
    }),
  ));

// rule 84
describe('group.cancel()', () => {
  test('is quiet: children end, and a body that had finished keeps its value', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const value = await taskGroup((group) => {
        group.spawn(() => sleepForever().finally(() => log.push('cancelled')));
        group.spawn(async () => {
          await sleep(10);
          group.cancel();
          group.cancel('twice');
        });
        return 'value';
      });
      expect([value, ...log, loop.now()]).toEqual(['value', 'cancelled', 10]);
    }));

  test('rejects with the group’s CancelledError if the body was interrupted', () =>
    testRun(async () => {
      const reached = (await failureOf(
        taskGroup(
          async (group) => {
            group.cancel('enough');
            await checkpoint();
          },
          { name: 'work' },
        ),
      )) as CancelledError;
      expect(isCancelled(reached)).toBe(true);
      expect([reached.source, reached.reason, reached.scope.name]).toEqual([
        'explicit',
        'enough',
        'work',
      ]);
      await checkpoint();
    }));

  test('does nothing after the end', () =>
    testRun(async () => {
      const group = await taskGroup((group) => ({ group })).then(({ group }) => group);
      group.cancel();
      await group.stop();
      await group.join();
      expect(group.scope.cancelCaught).toBe(false);
    }));
});

// rule 85
test('group.cancel() is quiet, a child that fails in its cleanup is not', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const outcome = taskGroup((group) => {
      group.spawn(failInCleanup(failure));
      group.cancel();
      return 'value';
    });
    await expect(outcome).rejects.toBe(failure);
  }));

// rule 86
test('a cancellation from outside that comes while a cancelled group winds down still comes through', () =>
  testRun(async () => {
    const log: string[] = [];
    const wound = (group: TaskGroup): void => {
      group.spawn(() => sleepForever().finally(() => shield(() => sleep(20))));
      group.cancel();
    };
    expect(
      await moveOnAfter(10, async () => {
        await taskGroup(wound);
        log.push('not reached');
      }),
    ).toBeUndefined();
    await expect(timeout(10, () => taskGroup(wound))).rejects.toThrow(TimeoutError);
    expect(log).toEqual([]);
  }));

// rule 95
describe('a group’s own time', () => {
  test('tells the time that was given, as it was written, also by a real clock', async () => {
    const timed = async (body: (group: TaskGroup) => unknown, options?: TaskGroupOptions) =>
      ((await failureOf(taskGroup(body, { timeout: 1.5, ...options }))) as TimeoutError).ms;
    expect(await timed(() => sleepForever())).toBe(1.5);
    const late = getRunningLoop().now() + 1000;
    expect(await timed(() => sleepForever(), { deadline: late })).toBe(1.5);
    expect(await timed(() => sleepForever(), { timeout: -5 })).toBe(0);
    const moved = await timed(({ scope }) => {
      scope.deadline += 3;
      return sleepForever();
    });
    expect(moved).toBeGreaterThan(4);
    expect(moved).toBeLessThanOrEqual(4.5);
  });

  test('cuts body or children short: TimeoutError, once all have ended', () =>
    testRun(async (_group, loop) => {
      const inBody = taskGroup(() => sleepForever(), { timeout: 10, name: 'job' });
      const error = (await failureOf(inBody)) as TimeoutError;
      expect(error).toBeInstanceOf(TimeoutError);
      expect([error.ms, error.message]).toEqual([
        10,
        '"job" was cut short: it did not end within 10 ms',
      ]);
      expect(isCancelled(error.cause)).toBe(true);
      const inChild = taskGroup(
        (group) => {
          group.spawn(() => sleepForever().finally(() => shield(() => sleep(5))));
        },
        { deadline: 30 },
      );
      expect(((await failureOf(inChild)) as TimeoutError).ms).toBe(20);
      expect(loop.now()).toBe(35);
    }));

  test('says how much time there was, also after the deadline was moved', () =>
    testRun(async () => {
      const outcome = taskGroup(async (group) => {
        group.scope.deadline = 25;
        await sleepForever();
      });
      expect(((await failureOf(outcome)) as TimeoutError).ms).toBe(25);
    }));

  test('that cuts nothing short leaves the value', () =>
    testRun(async () => {
      const body = async (): Promise<string> => {
        await failureOf(sleepForever());
        return 'value';
      };
      expect(await taskGroup(body, { timeout: 10 })).toBe('value');
    }));
});

test('a group’s own signal that cuts it short: the signal’s reason comes out', () =>
  testRun(async (group) => {
    const controller = new AbortController();
    const reason = new Error('user left');
    group.spawn(() => sleep(10).then(() => controller.abort(reason)));
    const outcome = taskGroup(() => sleepForever(), { signal: controller.signal });
    await expect(outcome).rejects.toBe(reason);
    const value = taskGroup(() => 'value', { signal: controller.signal });
    expect(await value).toBe('value');
  }));

test('a shielded group does not notice a cancellation around it; who comes after does', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const log: unknown[] = [];
    await scope.run(async () => {
      scope.cancel();
      const body = (group: TaskGroup): PromiseLike<string> =>
        group.spawn(() => sleep(5, { value: 'value' }));
      log.push(await taskGroup(body, { shield: true }));
      throwIfCancelled();
    });
    expect(log).toEqual(['value']);
    expect(scope.cancelCaught).toBe(true);
  }));

test('stop() cancels and waits until the children have ended, and is not cut short itself', () =>
  testRun(async (_group, loop) => {
    const value = await taskGroup(async (group) => {
      group.spawn(() => sleepForever().finally(() => shield(() => sleep(20))));
      group.spawn(() => sleepForever(), { daemon: true });
      await group.stop('over');
      expect([group.size, loop.now(), group.scope.reason?.reason]).toEqual([0, 20, 'over']);
      return 'value';
    });
    expect(value).toBe('value');
  }));

test('a child that would wait for its own group is told so, instead of waiting forever', () =>
  testRun(async () => {
    const outcome = taskGroup((group) => {
      group.spawn(() => taskGroup(() => group.join()), { name: 'waiter' });
    });
    await expect(outcome).rejects.toThrow('join: called by the task "waiter"');
    const stopping = taskGroup((group) => {
      group.spawn(() => group.stop(), { name: 'stopper' });
    });
    await expect(stopping).rejects.toThrow('stop: called by the task "stopper"');
    const disposing = taskGroup((group) => {
      group.spawn(() => group[Symbol.asyncDispose](), { name: 'disposer' });
    });
    await expect(disposing).rejects.toThrow('dispose: called by the task "disposer"');
  }));
