import { Effect, Exit, Fiber } from 'effect';
import { TestClock } from 'effect/testing';

const run = async (effect) => {
  const exit = await Effect.runPromiseExit(effect);
  if (Exit.isFailure(exit)) throw exit.cause;
  return exit.value;
};

export const effect = {
  title: 'Effect',
  work: ({ name, ms, fails, cleanup, cleanupFails, log }) =>
    Effect.gen(function* () {
      log.push(`begin ${name}`);
      yield* Effect.sleep(ms);
      if (fails) yield* Effect.fail(new Error(`${name} failed`));
      log.push(`end ${name}`);
    }).pipe(
      Effect.ensuring(
        Effect.gen(function* () {
          yield* Effect.sleep(cleanup);
          if (cleanupFails) yield* Effect.die(new Error(`cleanup of ${name} failed`));
          log.push(`cleaned ${name}`);
        }),
      ),
    ),
  all: (works) => run(Effect.all(works, { concurrency: 'unbounded' })),
  race: (works) => run(Effect.raceAllFirst(works)),
  timeout: (ms, work) => run(Effect.timeout(work, ms)),
  limit: (concurrency, works) => run(Effect.all(works, { concurrency })),
  group: (works) => Effect.all(works, { concurrency: 'unbounded' }),
  shield: (work) => Effect.uninterruptible(work),
  withSignal: (ms, body) =>
    run(
      Effect.timeout(
        Effect.promise((signal) => (body(signal), new Promise(() => undefined))),
        ms,
      ),
    ),
  plain: (ms, body, unit) => {
    const sleep = (units) => Effect.runPromise(Effect.sleep(units * unit));
    return run(
      Effect.timeout(
        Effect.promise(() => body(sleep)),
        ms,
      ),
    );
  },
  foreign: (ms, promise) => run(Effect.timeout(Effect.promise(promise), ms)),
  virtualHour: () =>
    run(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.sleep('1 hour'));
        yield* TestClock.adjust('1 hour');
        yield* Fiber.join(fiber);
      }).pipe(Effect.provide(TestClock.layer())),
    ),
  tiny: () =>
    run(
      Effect.all([Effect.promise(async () => 1), Effect.promise(async () => 2)], {
        concurrency: 2,
      }),
    ),
  errorsOf: (cause) => (cause?.reasons ?? []).map((each) => each.error ?? each.defect ?? each),
  smallest: `import { Effect } from 'effect'; export const { all, timeout, sleep, promise, runPromise } = Effect;`,
};
