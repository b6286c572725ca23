import {
  CancelScope,
  ContextVar,
  currentScope,
  currentTask,
  detached,
  getRunningLoop,
  sleep,
  taskGroup,
} from '@ambit/core';
import { currentGroup } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

test('calls outside of every scope, task, group and variable', () =>
  testRun(async () => {
    const id = new ContextVar<string>({ defaultValue: 'none' });
    await id.run('here', () =>
      taskGroup(async () => {
        const seen = detached(() => [currentTask(), currentGroup(), id.get()]);
        expect(seen).toEqual([undefined, undefined, 'none']);
        expect(id.get()).toBe('here');
      }),
    );
  }));

test('what it begins is not cancelled with its caller, and has the clock of the run', () =>
  testRun(async (_group, loop) => {
    let shared: Promise<string> | undefined;
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(async () => {
      shared = detached(() => sleep(1000, { value: 'made' }));
      await shared.then(() => sleep(0));
    });
    expect(await shared).toBe('made');
    expect(loop.now()).toBe(1000);
    expect(detached(() => getRunningLoop())).toBe(loop);
  }));

test('its scope cannot be cancelled', () =>
  testRun(async () => {
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(() => {
      detached(() => {
        currentScope().cancel();
        expect(currentScope().reason).toBeUndefined();
      });
    });
  }));

test('gives what the function returns, throws what it throws, and refuses what is none', () => {
  expect(detached(() => 5)).toBe(5);
  const failure = new Error('refused');
  expect(() =>
    detached(() => {
      throw failure;
    }),
  ).toThrow(failure);
  expect(() => detached(Promise.resolve() as never)).toThrow('detached: fn is a promise');
});
