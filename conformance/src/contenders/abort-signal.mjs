import { setTimeout as sleep } from 'node:timers/promises';
import { plainWork } from './promises.mjs';

/** As one writes it by hand: a controller that is aborted when the first has failed or won. */
async function abortAfter(combine, works) {
  const controller = new AbortController();
  try {
    return await combine(works.map((work) => work(controller.signal)));
  } finally {
    controller.abort();
  }
}

const all = (works) => abortAfter((promises) => Promise.all(promises), works);
const timed = (ms, work) => work(AbortSignal.timeout(ms));

export const abortSignal = {
  title: 'AbortSignal alone',
  work: (spec) => (signal) => plainWork(spec, () => sleep(spec.ms, undefined, { signal })),
  all,
  race: (works) => abortAfter((promises) => Promise.race(promises), works),
  timeout: timed,
  group: (works) => (signal) => Promise.all(works.map((work) => work(signal))),
  shield: (work) => () => work(undefined),
  withSignal: (ms, body) =>
    timed(ms, (signal) => (body(signal), sleep(10 * ms, undefined, { signal }))),
  tiny: () => all([async () => 1, async () => 2]),
  errorsOf: (error) => [error, ...(error?.errors ?? [])],
};
