import {
  CancelScope,
  checkpoint,
  currentScope,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  TaskGroup,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

// rule 107
describe('until it has called started(), the child', () => {
  test('is cancelled with its caller, and the group is not', () =>
    testRun(() =>
      taskGroup(async (group) => {
        const log: string[] = [];
        const inner = new CancelScope();
        await inner.run(async () => {
          const pending = group.start(async () => {
            await sleepForever().finally(() => log.push('child'));
          });
          inner.cancel('caller');
          expect(await failureOf(pending)).toBe(inner.reason);
          await pending;
        });
        expect(log).toEqual(['child']);
        expect(inner.cancelCaught).toBe(true);
        await checkpoint();
      }),
    ));

  test('stays with a caller that was cancelled, although it calls started() then', () =>
    testRun(() =>
      taskGroup(async (group) => {
        const failure = new Error('after started');
        const inner = new CancelScope();
        await inner.run(async () => {
          const pending = group.start<number>(async (_task, started) => {
            await failureOf(sleepForever());
            started(1);
            await shield(() => sleep(10));
            throw failure;
          });
          inner.cancel();
          expect(await failureOf(pending)).toBe(failure);
        });
        await checkpoint();
      }),
    ));

  test('that ends well after all, in a cancelled caller, still gives its value', () =>
    testRun(() =>
      taskGroup(async (group) => {
        const log: number[] = [];
        const inner = new CancelScope();
        await inner.run(async () => {
          const pending = group.start<number>(async (_task, started) => {
            await failureOf(sleepForever());
            started(1);
          });
          inner.cancel();
          log.push(await pending);
          await checkpoint();
          log.push(2);
        });
        expect(log).toEqual([1]);
      }),
    ));

  test('can be cancelled after started() by its group only', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup(async (group) => {
        const inner = new CancelScope();
        await inner.run(async () => {
          await group.start<number>(async (_task, started) => {
            started(1);
            await sleep(10).finally(() => log.push(group.signal.aborted ? 'group' : 'nobody'));
            await sleepForever().finally(() => log.push(group.signal.aborted ? 'group' : 'nobody'));
          });
          inner.cancel();
        });
        await sleep(20);
        group.cancel();
      });
      expect(log).toEqual(['nobody', 'group']);
    }));
});

// rule 108
test('start in a cancelled group, or by a cancelled caller, never calls its function', () =>
  testRun(async () => {
    const fn = jest.fn();
    const group = new TaskGroup();
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      expect(await failureOf(group.start(fn))).toBe(scope.reason);
    });
    group.cancel();
    expect(await failureOf(group.start(fn))).toBe(group.scope.reason);
    expect([fn.mock.calls.length, group.size]).toEqual([0, 0]);
    await group[Symbol.asyncDispose]();
  }));

// rule 109
test('what sleeps below the child notices that the group is cancelled, just before started() or after', () =>
  testRun(async () => {
    for (const order of ['before', 'after'] as const) {
      const group = new TaskGroup();
      const log: unknown[] = [];
      const pending = group.start<string>(async (_task, started) => {
        await taskGroup(async (inner) => {
          inner.spawn(() => sleepForever().finally(() => log.push('grandchild')));
          await sleep(10);
          if (order === 'before') group.cancel();
          started('ready');
          if (order === 'after') group.cancel();
          log.push(currentScope().reason === group.scope.reason);
        });
      });
      expect(await pending).toBe('ready');
      await group.join();
      expect(log.sort()).toEqual(['grandchild', true]);
      await group[Symbol.asyncDispose]();
    }
  }));

// rule 111
test('a child that shields itself while it starts outlasts the cancellation of its caller', () =>
  testRun(async (_group, loop) => {
    await taskGroup(async (group) => {
      const log: unknown[] = [];
      await moveOnAfter(5, async () => {
        const pending = group.start<number>(async () => {
          await shield(() => sleep(20));
          log.push(loop.now());
          await checkpoint();
          log.push('not reached');
        });
        log.push(isCancelled(await failureOf(pending)));
      });
      expect(log).toEqual([20, true]);
    });
  }));

test('until it has called started(), the child is among the tasks of its group, not of its caller’s', () =>
  testRun(() =>
    taskGroup(async (callers) => {
      const group = new TaskGroup();
      const pending = group.start<number>(async (_task, started) => {
        await sleep(5);
        started(1);
        await sleep(5);
      });
      const names = (of: TaskGroup): string[] => [...of.tasks].map(({ state }) => state);
      expect([names(callers), names(group)]).toEqual([[], ['running']]);
      expect([callers.size, group.size]).toEqual([0, 1]);
      await pending;
      expect([names(callers), names(group)]).toEqual([[], ['running']]);
      await group.join();
      await group[Symbol.asyncDispose]();
    }),
  ));
