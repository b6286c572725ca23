import { ContextVar, gather, run, sleep, taskGroup } from '@ambit/core';
import { isWithin, noteLoan } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

describe('isWithin', () => {
  test('is true along awaits, and in tasks of groups opened in there, however deep', () =>
    testRun(async () => {
      const variable = new ContextVar<string>();
      expect(isWithin(variable, 'a')).toBe(false);
      await variable.run('a', async () => {
        await sleep(1);
        expect(isWithin(variable, 'a')).toBe(true);
        expect(isWithin(variable, 'b')).toBe(false);
        const inside = () => isWithin(variable, 'a');
        expect(await gather([inside, () => gather([inside])])).toEqual([true, [true]]);
      });
      expect(isWithin(variable, 'a')).toBe(false);
    }));

  test('is false in a task of a group from further out, and in what that opens', () =>
    testRun(async (group) => {
      const variable = new ContextVar<string>();
      const inside = () => isWithin(variable, 'a');
      const seen = variable.run('a', () => ({
        task: group.spawn(async () => [variable.get(), inside(), await gather([inside])]),
      }));
      expect(await seen.task).toEqual(['a', false, [false]]);
    }));

  test('the innermost value counts', () =>
    testRun(async () => {
      const variable = new ContextVar<number>();
      await variable.run(1, () =>
        taskGroup(() =>
          variable.run(2, async () => {
            expect([isWithin(variable, 1), isWithin(variable, 2)]).toEqual([false, true]);
          }),
        ),
      );
    }));

  test('works outside of run()', () => {
    const variable = new ContextVar<number>();
    expect(variable.run(1, () => isWithin(variable, 1))).toBe(true);
  });
});

test('noteLoan warns of what a task leaves behind, in debug mode only', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  for (const debug of [true, false]) {
    await run(
      async (group) => {
        await group.spawn((task) => noteLoan(task, () => 'the key'), { name: 'careless' });
        await group.spawn((task) => noteLoan(task, () => undefined), { name: 'lucky' });
        const done = group.spawn((task) => noteLoan(task, () => 'it')?.[Symbol.dispose]());
        await done;
        expect(noteLoan(done, () => 'nothing')).toBe(undefined);
      },
      { debug, signals: [] },
    );
  }
  expect(warn.mock.calls).toEqual([
    ['the task "careless" has ended and still holds the key', 'LeftHeldWarning'],
  ]);
  warn.mockRestore();
});
