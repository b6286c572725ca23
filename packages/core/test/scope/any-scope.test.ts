import { CancelScope, currentScope, run, taskGroup, timeout } from '@ambit/core';

class Request extends CancelScope {}

test('every scope is an instance of CancelScope, whoever made it', async () => {
  await run(async (group) => {
    await timeout(1000, (scope) => {
      expect(scope).toBeInstanceOf(CancelScope);
    });
    await taskGroup((inner) => {
      expect(inner.scope).toBeInstanceOf(CancelScope);
    });
    expect(currentScope()).toBeInstanceOf(CancelScope);
    expect(group.spawn(() => 1).scope).toBeInstanceOf(CancelScope);
  });
  expect(new CancelScope()).toBeInstanceOf(CancelScope);
});

test('of a class of the program below CancelScope only its own objects are instances', async () => {
  expect(new Request()).toBeInstanceOf(Request);
  expect(new Request()).toBeInstanceOf(CancelScope);
  expect(new CancelScope()).not.toBeInstanceOf(Request);
  await timeout(1000, (scope) => {
    expect(scope).not.toBeInstanceOf(Request);
  });
});

test.each([undefined, null, {}, 'scope', () => undefined])('%p is no CancelScope', (value) => {
  expect(value).not.toBeInstanceOf(CancelScope);
});
