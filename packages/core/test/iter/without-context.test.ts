import { currentScope, sleep, TimeoutError } from '@ambit/core';
import type { CancelScope } from '@ambit/core';
import { proactiveRetry } from '@ambit/core/abort';
import { buffer, mapConcurrent, merge, safe, timeoutEach } from '@ambit/core/iter';

// As in browsers: the ambient scope is known up to the first await, no further.
jest.mock('#context', () => jest.requireActual<object>('../../src/loop/context/synchronous.ts'));

async function* endless(log: string[]): AsyncGenerator<number> {
  try {
    for (let item = 0; ; item += 1) yield await sleep(1, { value: item });
  } finally {
    log.push('closed');
  }
}

const readers: [string, number, (log: string[]) => AsyncIterable<number>][] = [
  ['buffer', 1, (log) => buffer(endless(log), 2)],
  ['safe', 1, (log) => safe(endless)(log)],
  ['merge', 2, (log) => merge(endless(log), endless(log))],
  [
    'mapConcurrent',
    1,
    (log) => mapConcurrent(endless(log), (x) => sleep(1, { value: x }), { limit: 3 }),
  ],
];

test.each(readers)(
  'without an ambient scope, %s closes what it reads too',
  async (_name, sources, read) => {
    const log: string[] = [];
    for await (const item of read(log)) if (item === 3) break;
    expect(log).toEqual(Array<string>(sources).fill('closed'));
  },
);

test('without an ambient scope, a source that cannot be stopped is left all the same', async () => {
  const stuck = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
  };
  await expect(timeoutEach(stuck, 5).next()).rejects.toThrow(TimeoutError);
});

test('without an ambient scope, a source still begins each step in its own', async () => {
  const seen = new Set<CancelScope>();
  const steps = safe(function* () {
    for (;;) {
      seen.add(currentScope());
      yield 1;
    }
  });
  await steps.next();
  await steps.next();
  await steps.next();
  await steps.return?.();
  expect(seen.size).toBe(1);
  expect(seen).not.toContain(currentScope());
});

test('without an ambient scope, proactiveRetry waits no longer than for the first success', async () => {
  const began = performance.now();
  // The second attempt comes at once, the third in a quarter of an hour.
  const random = jest.spyOn(Math, 'random').mockReturnValueOnce(-1).mockReturnValueOnce(1e6);
  const fn = (signal: AbortSignal, attempt: number): Promise<number> =>
    sleep(attempt === 0 ? 1e6 : 5, { value: attempt, signal });
  expect(await proactiveRetry(fn, { baseMs: 1 })).toBe(1);
  expect(performance.now() - began).toBeLessThan(5000);
  random.mockRestore();
});
