import { run, sleepForever, taskGroup, timeout } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** Scopes in each other, in turns that need no stack. */
async function nested(depth: number): Promise<void> {
  if (depth === 0) return sleepForever();
  await Promise.resolve();
  return timeout(Infinity, () => nested(depth - 1));
}

test('what floats 10,000 scopes deep when a program ends is ended without a stack as deep', async () => {
  let end: unknown;
  const value = await run(
    async () => {
      const floating = nested(10_000);
      floating.catch((error: unknown) => {
        end = error;
      });
      for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate);
      return 'over';
    },
    { signals: [] },
  );
  expect(value).toBe('over');
  for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate);
  expect(String(end)).toContain('the program has ended');
});

test('a group lists as many daemons as there are', () =>
  testRun((outer) =>
    taskGroup((group: TaskGroup) => {
      expect(outer).toBeDefined();
      for (let count = 0; count < 150_000; count += 1)
        group.spawn(() => sleepForever(), { daemon: true });
      expect([...group.tasks]).toHaveLength(150_000);
    }),
  ));
