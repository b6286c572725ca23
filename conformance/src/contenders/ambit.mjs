import * as core from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

const {
  concurrentForEach,
  currentScope,
  gather,
  race,
  run,
  shield,
  sleep,
  suppressedErrors,
  timeout,
} = core;

export const ambit = {
  title: 'Ambit',
  work:
    ({ name, ms, fails, cleanup, cleanupFails, log }) =>
    async () => {
      log.push(`begin ${name}`);
      try {
        await sleep(ms);
        if (fails) throw new Error(`${name} failed`);
        log.push(`end ${name}`);
      } finally {
        await shield(() => sleep(cleanup));
        if (cleanupFails) throw new Error(`cleanup of ${name} failed`);
        log.push(`cleaned ${name}`);
      }
    },
  all: (works) => gather(works),
  race: (works) => race(works),
  timeout: (ms, work) => timeout(ms, work),
  limit: (limit, works) => concurrentForEach(works, (work) => work(), { limit }),
  group: (works) => () => gather(works),
  shield: (work) => () => shield(work),
  withSignal: (ms, body) =>
    timeout(ms, async () => {
      body(currentScope().signal);
      await sleep(10 * ms);
    }),
  plain: (ms, body, unit) => timeout(ms, () => body((units) => sleep(units * unit))),
  // Without the help of `abortable`: a plain `await` goes on.
  foreign: (ms, promise) => timeout(ms, async () => await promise()),
  virtualHour: () => run(() => sleep(3_600_000), { loop: new VirtualLoop() }),
  tiny: () => gather([async () => 1, async () => 2]),
  errorsOf: (error) => [error, ...suppressedErrors(error)],
  smallest: `import { gather, timeout } from '@ambit/core'; export { gather, timeout };`,
};
