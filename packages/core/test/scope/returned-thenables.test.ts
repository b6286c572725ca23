import {
  currentScope,
  moveOnAfter,
  run,
  shield,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import type { CancelScope } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

// What a body returns is awaited in the body's scope, whether it is async or hands the thenable on.

const kinds = [
  { of: 'timeout', within: <T>(body: () => PromiseLike<T>) => timeout(10, body) },
  { of: 'moveOnAfter', within: <T>(body: () => PromiseLike<T>) => moveOnAfter(10, body) },
  {
    of: 'a group with a timeout',
    within: <T>(body: () => PromiseLike<T>) => taskGroup(body, { timeout: 10 }),
  },
];

test.each(kinds)('$of cuts the wait for a task that its body returned', ({ within }) =>
  testRun(async (group, loop) => {
    const slow = group.spawn(() => sleep(200, { value: 'value' }));
    const result: unknown = await within(() => slow).catch((error: unknown) => error);
    expect(result === undefined || result instanceof TimeoutError).toBe(true);
    expect(loop.now()).toBe(10);
    expect(await slow).toBe('value');
  }),
);

test('a shield keeps the wait for a task that its body returned', () =>
  testRun(async (group, loop) => {
    const slow = group.spawn(() => sleep(200, { value: 'value' }));
    const value = await moveOnAfter(10, () => shield(() => slow));
    expect([value, loop.now()]).toEqual(['value', 200]);
  }));

test('a thenable that begins once it is awaited begins in the scope of the body', () =>
  run(async () => {
    const scopes: CancelScope[] = [];
    const lazy: PromiseLike<number> = {
      then: (resolve) => {
        scopes.push(currentScope());
        return Promise.resolve(1).then(resolve);
      },
    };
    let inner: CancelScope | undefined;
    await timeout(1000, (scope) => {
      inner = scope;
      return lazy;
    });
    expect(scopes).toEqual([inner]);
    await taskGroup((group) => {
      inner = group.scope;
      return lazy;
    });
    expect(scopes[1]).toBe(inner);
  }));
