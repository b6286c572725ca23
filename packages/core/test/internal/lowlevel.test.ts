import { CancelScope, suppressedErrors, taskGroup } from '@ambit/core';
import { currentGroup, throwIfCancelled, invariant, suppress } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

test('throwIfCancelled() comes before the effect of an operation, which a cancelled caller does not have', () =>
  testRun(async () => {
    let permits = 1;
    const acquire = (signal?: AbortSignal): void => {
      throwIfCancelled({ signal });
      permits -= 1;
    };
    const scope = new CancelScope();
    await scope.run(() => {
      scope.cancel('enough');
      expect(acquire).toThrow('enough');
    });
    expect(() => acquire(AbortSignal.abort(new Error('by hand')))).toThrow('by hand');
    expect(permits).toBe(1);
    acquire(new AbortController().signal);
    expect(permits).toBe(0);
  }));

test('throwIfCancelled() looks at the clock: a deadline that has just passed counts', () =>
  testRun(async (_group, loop) => {
    const scope = new CancelScope({ deadline: loop.now() });
    await scope.run(() => {
      expect(() => throwIfCancelled()).toThrow('ran out of time');
    });
    expect(scope.cancelCalled).toBe(true);
  }));

test('currentGroup() is the innermost group that somebody made', () =>
  testRun(async (main) => {
    expect(currentGroup()).toBe(main);
    await taskGroup(async (group) => {
      expect(currentGroup()).toBe(group);
      await group.spawn(() => {
        expect(currentGroup()).toBe(group);
      });
    });
    expect(currentGroup()).toBe(main);
  }));

test('invariant() says what is broken, and is silent otherwise', () => {
  invariant(true, 'not shown');
  expect(() => {
    invariant(false, 'a permit is in one place');
  }).toThrow('@ambit/core invariant broken: a permit is in one place; please report it');
});

test('suppress() attaches later failures where suppressedErrors() finds them, each once', () => {
  const [first, second, third] = [new Error('first'), new Error('second'), new Error('third')];
  suppress(first, [second, first, second]);
  suppress(first, [third]);
  expect(suppressedErrors(first)).toEqual([second, third]);
});
