import {
  checkpoint,
  getRunningLoop,
  InvalidStateError,
  isCancelled,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
} from '@ambit/core';
import type { Task, TaskGroup } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

// rule 102
test('start resolves with the value given to started(), and the child goes on in the group', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    await taskGroup(async (group) => {
      const port = await group.start<number>(
        async (task, started) => {
          await sleep(10);
          started(8080);
          log.push(`${task.name} goes on`);
          await sleep(20);
          log.push('child ends');
        },
        { name: 'server' },
      );
      log.push(`port ${String(port)} at ${String(loop.now())}`);
      expect([group.size, [...group.tasks].map((task) => task.name)]).toEqual([1, ['server']]);
    });
    expect(log).toEqual(['server goes on', 'port 8080 at 10', 'child ends']);
  }));

test('a child may call started() at once, and then start is over in the same turn', () =>
  testRun((_group, loop) =>
    taskGroup(async (group) => {
      const ready = await group.start((_task, started: (value: boolean) => void) => {
        started(true);
      });
      expect([ready, loop.now()]).toEqual([true, 0]);
    }),
  ));

// rule 103
test('started() called a second time is an error in the child', () =>
  testRun(async () => {
    const outcome = taskGroup(async (group) => {
      await group.start<number>(
        async (_task, started) => {
          started(1);
          await sleep(1);
          started(2);
        },
        { name: 'twice' },
      );
      await sleepForever();
    });
    await expect(outcome).rejects.toThrow(InvalidStateError);
    await expect(outcome).rejects.toThrow('the task "twice" has called it before');
  }));

// rule 104
test('a child that ends without started() makes start fail, and does not fail the group', () =>
  testRun(() =>
    taskGroup(async (group) => {
      const error = await failureOf(group.start(() => sleep(1), { name: 'mute' }));
      expect(error).toBeInstanceOf(InvalidStateError);
      expect((error as Error).message).toContain('"mute" ended without calling started()');
      await checkpoint();
    }),
  ));

// rule 105
test('an error before started() comes out of start itself, and does not fail the group', () =>
  testRun(async () => {
    const cause = new Error('cause');
    const failure = new Error('cannot listen', { cause });
    const value = await taskGroup(async (group) => {
      const error = await failureOf(
        group.start(async () => {
          await sleep(1);
          throw failure;
        }),
      );
      expect(error).toBe(failure);
      expect(failure.cause).toBe(cause);
      const atOnce = group.start(() => {
        throw failure;
      });
      expect(await failureOf(atOnce)).toBe(failure);
      return 'value';
    });
    expect(value).toBe('value');
    expect(suppressedErrors(failure)).toEqual([]);
  }));

// rule 106
test('an error after started() is a failure of a child like any other', () =>
  testRun(async () => {
    const failure = new Error('later');
    const log: unknown[] = [];
    const outcome = taskGroup(async (group) => {
      log.push(
        await group.start<number>(async (_task, started) => {
          started(1);
          await sleep(10);
          throw failure;
        }),
      );
      log.push(isCancelled(await failureOf(sleepForever())));
    });
    await expect(outcome).rejects.toBe(failure);
    expect(log).toEqual([1, true]);
  }));

// rule 110
test('a pending start keeps its group open', () =>
  testRun(async (outer, loop) => {
    const log: string[] = [];
    await taskGroup((group) => {
      outer.spawn(async () => {
        log.push(
          await group.start<string>(async (_task, started) => {
            await sleep(10);
            started('ready');
            await sleep(10);
          }),
        );
      });
      expect(group.size).toBe(1);
      expect([...group.tasks]).toHaveLength(1);
    });
    log.push(`group ended at ${String(loop.now())}`);
    expect(log).toEqual(['ready', 'group ended at 20']);
  }));

// rule 112
test('start refuses what is not a function', () =>
  testRun(() =>
    taskGroup(async (group) => {
      await expect(group.start(5 as never)).rejects.toThrow(TypeError);
      expect(group.size).toBe(0);
    }),
  ));

// rule 113
test('a promise given to started() is awaited, as JavaScript does; an object around it is passed through', () =>
  testRun(() =>
    taskGroup(async (group) => {
      const later = await group.start<Promise<string>>((_task, started) => {
        started(sleep(5, { value: 'later' }));
      });
      expect(later).toBe('later');
      const { task } = await group.start<{ task: Task<unknown> }>(async (task, started) => {
        started({ task });
        await sleep(5);
      });
      expect(task.state).toBe('running');
    }),
  ));

test('a daemon that was started does not keep its group', () =>
  testRun(async (_group, loop) => {
    await taskGroup(async (group) => {
      await group.start<number>(
        async (_task, started) => {
          started(1);
          await sleepForever();
        },
        { daemon: true },
      );
      group.spawn(() => sleep(10));
      await settle();
      expect(group.size).toBe(2);
    });
    expect(loop.now()).toBe(10);
  }));

describe('a start() that waits for its turn', () => {
  test('is refused with the cancellation of the group, also if its caller is shielded', () =>
    testRun(async () => {
      const fn = jest.fn();
      let group: TaskGroup | undefined;
      let refused: unknown;
      const running = taskGroup(
        async (own) => {
          group = own;
          own.spawn(() => sleepForever().finally(() => shield(() => sleep(80))));
          const starting = taskGroup(() => shield(() => own.start(fn)));
          await sleep(20);
          own.cancel();
          refused = await starting.catch((error: unknown) => error);
          expect(getRunningLoop().now()).toBe(20);
        },
        { limit: 1 },
      );
      await running.catch(() => undefined);
      expect(refused).toBe(group?.scope.reason);
      expect(fn).not.toHaveBeenCalled();
    }));

  test('keeps no task of a cancelled group waiting', () =>
    testRun(async (_group, loop) => {
      const stuck = taskGroup(
        async (group) => {
          group.spawn(() => shield(() => group.start((_task, started) => started(1))));
          await sleep(20);
          group.cancel();
        },
        { limit: 1 },
      );
      await stuck.catch(() => undefined);
      expect(loop.now()).toBe(20);
    }));

  test('has its turn in a group that is not cancelled, which then is no business of its start', () =>
    testRun(async () => {
      await taskGroup(
        async (group) => {
          group.spawn(() => sleep(10));
          expect(await group.start((_task, started) => started('ready'))).toBe('ready');
        },
        { limit: 1 },
      );
    }));
});
