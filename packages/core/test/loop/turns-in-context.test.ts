import { ContextVar, getRunningLoop, run } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';
import type { EventLoop } from '@ambit/core';

// Before the loop takes them: as in browsers nothing follows an `await`, and turns come by messages.
jest.mock('#context', () => {
  (globalThis as { setImmediate?: unknown }).setImmediate = undefined;
  // Made when the first turn is asked for, which may be in a test. An open one would keep the test's process alive.
  const channels: MessageChannel[] = [];
  afterAll(() => {
    for (const { port1 } of channels) port1.close();
  });
  globalThis.MessageChannel = class extends MessageChannel {
    constructor() {
      super();
      channels.push(this);
    }
  };
  return jest.requireActual<object>('../../src/loop/context/synchronous.ts');
});

// rule 249
test.each<[string, () => EventLoop | undefined]>([
  ['the host’s loop', () => undefined],
  ['a virtual loop', () => new VirtualLoop()],
])('callNext of %s calls back in the context of its call', async (_name, make) => {
  const variable = new ContextVar<string>();
  const loop = make();
  const seen = await run(
    () =>
      new Promise((resolve) => {
        variable.run('there', () =>
          getRunningLoop().callNext(() => {
            resolve(variable.get());
          }),
        );
      }),
    { loop, signals: [] },
  );
  expect(seen).toBe('there');
});
