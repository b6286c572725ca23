import pMap from 'p-map';
import pTimeout from 'p-timeout';
import { setTimeout as sleep } from 'node:timers/promises';

/** What several contenders without a cleanup of their own do in an async function. */
export async function plainWork({ name, fails, cleanup, cleanupFails, log }, wait) {
  log.push(`begin ${name}`);
  try {
    await wait();
    if (fails) throw new Error(`${name} failed`);
    log.push(`end ${name}`);
  } finally {
    await sleep(cleanup);
    if (cleanupFails) throw new Error(`cleanup of ${name} failed`);
    log.push(`cleaned ${name}`);
  }
}

export const promises = {
  title: 'p-map, p-timeout',
  work: (spec) => () => plainWork(spec, () => sleep(spec.ms)),
  all: (works) => pMap(works, (work) => work()),
  race: (works) => Promise.race(works.map((work) => work())),
  timeout: (milliseconds, work) => pTimeout(work(), { milliseconds }),
  limit: (concurrency, works) => pMap(works, (work) => work(), { concurrency }),
  group: (works) => () => pMap(works, (work) => work()),
  plain: (milliseconds, body, unit) =>
    pTimeout(
      body((units) => sleep(units * unit)),
      { milliseconds },
    ),
  foreign: (milliseconds, promise) => pTimeout(promise(), { milliseconds }),
  tiny: () => pMap([async () => 1, async () => 2], (fn) => fn()),
  errorsOf: (error) => [error, ...(error?.errors ?? [])],
  smallest: `import pMap from 'p-map'; import pTimeout from 'p-timeout'; export { pMap, pTimeout };`,
};
