// What vitest runs in each of its environments: the suite, its results into the file that RESULTS names.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runAll } from '../harness.mjs';
import { smoke } from '../smoke.mjs';

const environment = {
  ambient: true,
  // A page's fetch obeys the page's origin; the suite's server knows nothing of that.
  origin: undefined,
  collect: globalThis.gc,
  heapUsed: () => process.memoryUsage().heapUsed,
  onUnhandled: (listener) => {
    // The runner's own listeners would fail the run for what a case provokes.
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', listener);
    return () => {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    };
  },
};

test('the suite', { timeout: 200_000 }, async () => {
  const results = await runAll(smoke, environment);
  writeFileSync(process.env.RESULTS, JSON.stringify(results));
  expect(results.length).toBeGreaterThan(0);
});
