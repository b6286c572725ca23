import { createHook } from 'node:async_hooks';
import { ContextVar, CancelScope, run, sleep } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const name = new ContextVar<string>();

// Tools that look for leaks count what was begun and not destroyed.
test('what restores the context of a call is no async resource that lives on', async () => {
  const alive = new Set<number>();
  let made = 0;
  const hook = createHook({
    init(id, type) {
      if (type !== 'AMBIT' && type !== 'bound-anonymous-fn') return;
      made += 1;
      alive.add(id);
    },
    destroy: (id) => alive.delete(id),
  }).enable();
  const heard: unknown[] = [];
  const hear = (): void => {
    const scope = new CancelScope();
    name.run('of the callback', () => scope.onCancel(() => heard.push(name.get())));
    scope.cancel();
  };
  await testRun(() => sleep(60_000));
  await run(() => sleep(1));
  hear();
  await new Promise(setImmediate);
  hook.disable();
  expect(heard).toEqual(['of the callback']);
  expect(made).toBeGreaterThan(0);
  expect([...alive]).toEqual([]);
});
