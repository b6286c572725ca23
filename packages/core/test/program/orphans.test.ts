import { run, sleepForever, timeout } from '@ambit/core';
import { program } from '../support/program.ts';

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

// In a process of its own: where other suites have left an AsyncLocalStorage each, a promise is many times as large.
test('a group lists as many daemons as there are', async () => {
  expect((await program('manyDaemons')).lines).toEqual(['resolved: 150000']);
});
