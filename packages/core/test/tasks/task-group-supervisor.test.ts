import {
  CancelScope,
  any,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  TaskGroupError,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failAfter, failInCleanup, failureOf } from '../support/failures.ts';

const E1 = new Error('E1');
const E2 = new Error('E2');
const E3 = new Error('E3');

beforeEach(() => {
  // Suppressed errors are a property of the error; each test begins without any.
  for (const error of [E1, E2, E3]) {
    for (const key of Object.getOwnPropertySymbols(error)) Reflect.deleteProperty(error, key);
  }
});

// rule 92
describe('with onFailure: continue', () => {
  const continuing = { onFailure: 'continue', name: 'jobs' } as const;

  test('a child’s failure cancels nobody, and all failures come out at the end, in order', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const outcome = await failureOf(
        taskGroup(async (group) => {
          group.spawn(failAfter(10, E2), { name: 'second' });
          group.spawn(failAfter(5, E1), { name: 'first' });
          group.spawn(() => sleep(20).then(() => log.push('sibling')));
          await sleep(15);
          log.push('body');
        }, continuing),
      );
      expect(outcome).toBeInstanceOf(TaskGroupError);
      expect((outcome as TaskGroupError).errors).toEqual([E1, E2]);
      expect((outcome as Error).message).toBe(
        '2 failures in the task group "jobs": "first": E1; "second": E2',
      );
      expect(log).toEqual(['body', 'sibling']);
      expect(loop.now()).toBe(20);
    }));

  test('a failing body cancels the children, and its error is one of all', () =>
    testRun(async () => {
      const outcome = await failureOf(
        taskGroup(async (group) => {
          group.spawn(failAfter(1, E1));
          group.spawn(failInCleanup(E3), { name: 'third' });
          await sleep(5);
          throw E2;
        }, continuing),
      );
      expect((outcome as TaskGroupError).errors).toEqual([E1, E2, E3]);
      expect((outcome as Error).message).toContain('the body: E2; "third": E3');
    }));

  test('the failure of a plain group inside is one failure', () =>
    testRun(async () => {
      const outcome = await failureOf(
        taskGroup((group) => {
          group.spawn(() =>
            taskGroup((inner) => {
              inner.spawn(failAfter(1, E1));
              inner.spawn(failInCleanup(E2));
            }),
          );
        }, continuing),
      );
      expect((outcome as TaskGroupError).errors).toEqual([E1]);
      expect(suppressedErrors(E1)).toEqual([E2]);
    }));

  test('a cancellation from outside cancels all', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(() =>
        taskGroup((group) => {
          for (const name of ['a', 'b']) {
            group.spawn(() => sleepForever().finally(() => log.push(name)));
          }
        }, continuing),
      );
      expect([log, scope.cancelCaught]).toEqual([['a', 'b'], true]);
    }));

  test('a body that rethrows what join() threw adds nothing, also after later failures', () =>
    testRun(async () => {
      const outcome = await failureOf(
        taskGroup(async (group) => {
          group.spawn(failAfter(1, E1));
          const early = await failureOf(group.join());
          group.spawn(failAfter(1, E2));
          await failureOf(group.join());
          throw early;
        }, continuing),
      );
      expect((outcome as TaskGroupError).errors).toEqual([E1, E2]);
    }));
});

// rule 94
test('any() of nothing but failures throws them all, in the order of the functions', () =>
  testRun(async () => {
    const outcome = await failureOf(any([failAfter(3, E1), failAfter(1, E2)]));
    expect((outcome as AggregateError).errors).toEqual([E1, E2]);
    await expect(any([])).rejects.toThrow(TypeError);
    expect(await any([() => sleep(1, { value: 'a' }), () => sleep(1, { value: 'b' })])).toBe('a');
  }));
