import { CancelScope, sleep, taskGroup } from '@ambit/core';

/** Runs the body in a scope that drains after a number of milliseconds, and is not cancelled. */
export async function drainedAt<T>(ms: number, body: () => Promise<T>): Promise<T | undefined> {
  const scope = new CancelScope();
  const value = await scope.run(() =>
    taskGroup((group) => {
      group.spawn(() => sleep(ms).then(() => scope.drain()));
      return body();
    }),
  );
  expect(scope.cancelCalled).toBe(false);
  return value;
}
