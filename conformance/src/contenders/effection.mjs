import { all, call, race, run, sleep, until, useAbortSignal } from 'effection';

const asOperations = (works) => works.map((work) => call(work));

const timed = (ms, work) =>
  race([
    call(work),
    call(function* () {
      yield* sleep(ms);
      throw new Error('too slow');
    }),
  ]);

export const effection = {
  title: 'Effection',
  work: ({ name, ms, fails, cleanup, cleanupFails, log }) =>
    function* () {
      log.push(`begin ${name}`);
      try {
        yield* sleep(ms);
        if (fails) throw new Error(`${name} failed`);
        log.push(`end ${name}`);
      } finally {
        yield* sleep(cleanup);
        if (cleanupFails) throw new Error(`cleanup of ${name} failed`);
        log.push(`cleaned ${name}`);
      }
    },
  all: (works) => run(() => all(asOperations(works))),
  race: (works) => run(() => race(asOperations(works))),
  timeout: (ms, work) => run(() => timed(ms, work)),
  group: (works) => () => all(asOperations(works)),
  withSignal: (ms, body) =>
    run(() =>
      timed(ms, function* () {
        body(yield* useAbortSignal());
        yield* sleep(10 * ms);
      }),
    ),
  plain: (ms, body, unit) =>
    run(() => timed(ms, () => until(body((units) => run(() => sleep(units * unit)))))),
  foreign: (ms, promise) => run(() => timed(ms, () => until(promise()))),
  tiny: () => run(() => all([until(Promise.resolve(1)), until(Promise.resolve(2))])),
  errorsOf: (error) => [error, ...(error?.errors ?? []), ...(error?.cause ? [error.cause] : [])],
  smallest: `import { all, race, sleep, run } from 'effection'; export { all, race, sleep, run };`,
};
