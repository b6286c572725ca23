import { abortable, all, delay, race } from 'abort-controller-x';
import { plainWork } from './promises.mjs';

const start = (works) => (signal) => works.map((work) => work(signal));

/** It has no time limit of its own: a race with a delay. */
async function timed(ms, work) {
  const late = async (signal) => {
    await delay(signal, ms);
    throw new Error('too slow');
  };
  await race(new AbortController().signal, start([work, late]));
}

export const abortControllerX = {
  title: 'abort-controller-x',
  work: (spec) => (signal) => plainWork(spec, () => delay(signal, spec.ms)),
  all: (works) => all(new AbortController().signal, start(works)),
  race: (works) => race(new AbortController().signal, start(works)),
  timeout: timed,
  group: (works) => (signal) => all(signal, start(works)),
  withSignal: (ms, body) => timed(ms, (signal) => (body(signal), delay(signal, 10 * ms))),
  foreign: (ms, promise) => timed(ms, (signal) => abortable(signal, promise())),
  tiny: () => all(new AbortController().signal, () => [(async () => 1)(), (async () => 2)()]),
  errorsOf: (error) => [error, ...(error?.errors ?? [])],
  smallest: `import { all, race, delay } from 'abort-controller-x'; export { all, race, delay };`,
};
