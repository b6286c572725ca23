import {
  any,
  asCompleted,
  CancelScope,
  checkpoint,
  circuitBreaker,
  concurrentForEach,
  concurrentMap,
  defineResource,
  Future,
  gather,
  gatherSettled,
  idleTimeout,
  moveOnAfter,
  race,
  ResourceStack,
  retry,
  run,
  schedule,
  shield,
  sleep,
  supervise,
  taskGroup,
  timeout,
  use,
  wait,
  waitFor,
} from '@ambit/core';
import type { SignalOptions, TaskGroup } from '@ambit/core';
import {
  abortable,
  execute,
  fromAbortable,
  proactiveRetry,
  waitForEvent,
  withSignal,
} from '@ambit/core/abort';
import { buffer, interval, mapConcurrent, safe, share } from '@ambit/core/iter';
import { park } from '@ambit/core/lowlevel';
import { untilTimerAnyway } from '../support/until-timer.ts';

/*
 * A loop that catches each error, `for (;;) try { await call() } catch {}`, does not end when its scope is cancelled. It must not
 * freeze the process, or not even a second Ctrl-C would end that: refused calls let the loop of the host run as others do.
 */

const works = defineResource(async function* () {
  yield await Promise.resolve(1);
});
const fails = defineResource(async function* () {
  yield await Promise.reject<number>(new Error('no setup'));
});
// eslint-disable-next-line require-yield -- what it is refused for
const empty = defineResource(async function* (): AsyncGenerator<number, void> {
  await Promise.resolve();
});
const numbers = safe(async function* (from: number) {
  for (;;) yield await Promise.resolve(from);
});

type Call = (options: SignalOptions, group: TaskGroup) => Promise<unknown>;

/** Those that take a signal. */
const withOptions: Record<string, Call> = {
  sleep: (options) => sleep(1, options),
  checkpoint: (options) => checkpoint(options),
  gather: (options) => gather([() => 1], options),
  gatherSettled: (options) => gatherSettled([() => 1], options),
  race: (options) => race([() => 1], options),
  any: (options) => any([() => 1], options),
  wait: (options, group) => wait([group.spawn(() => 1)], options),
  asCompleted: (options) => asCompleted([() => 1], options).next(),
  concurrentMap: (options) => concurrentMap([1], () => 1, { limit: 1, ...options }),
  concurrentForEach: (options) => concurrentForEach([1], () => 1, { limit: 1, ...options }),
  retry: (options) => retry(() => 1, options),
  supervise: (options) => supervise(() => 1, options),
  schedule: (options) => schedule({ every: 1 }, () => 1, options),
  'waitFor of a function': (options) => waitFor(() => 1, 1, options),
  'waitFor of a promise': (options) => waitFor(Promise.resolve(), 1, options),
  use: (options) => use(works(), () => 1, options),
  'ResourceStack.enter': (options) => new ResourceStack().enter(works(), options),
  'group.enter': (options, group) => group.enter(works(), options),
  'group.start': (options, group) => group.start((_, started) => started(1), options),
  'group.join': (options, group) => group.join(options),
  'task.join': (options, group) => group.spawn(() => 1).join(options),
  'Future.wait': (options) => new Future().wait(options),
  park: (options) => park(() => undefined, options),
  abortable: (options) => abortable(Promise.resolve(), options),
  execute: (options) => execute(() => () => undefined, options),
  withSignal: (options) => withSignal(() => 1, options),
  proactiveRetry: (options) => proactiveRetry(() => 1, options),
  waitForEvent: (options) => waitForEvent(new EventTarget(), 'event', options),
  buffer: (options) => buffer([1], 1, options).next(),
  mapConcurrent: (options) => mapConcurrent([1], () => 1, { limit: 1, ...options }).next(),
  interval: (options) => interval(1, options).next(),
  safe: (options) => numbers.with(options)(1).next(),
  share: (options) => share([1], options)[Symbol.asyncIterator]().next(),
};

/** Those that a signal alone refuses: in a cancelled scope they call their body. */
const withBody: Record<string, Call> = {
  timeout: (options) => timeout(1, () => 1, options),
  moveOnAfter: (options) => moveOnAfter(1, () => 1, options),
  idleTimeout: (options) => idleTimeout(1, () => 1, options),
  shield: (options) => shield(() => 1, options),
};

const breaker = circuitBreaker(() => 1);
const bridged = fromAbortable(() => Promise.resolve(1));

/** Those that only a scope refuses. */
const withScope: Record<string, Call> = {
  'a circuit breaker': () => breaker(),
  'a function made by fromAbortable': () => bridged(),
};

const failing: Record<string, Call> = {
  'use of a resource whose setup fails': () => use(fails(), () => 1),
  'use of a resource that yields nothing': () => use(empty(), () => 1),
  'use with a body that fails': () => use(works(), () => Promise.reject(new Error('no body'))),
  'ResourceStack.enter': () => new ResourceStack().enter(fails()),
  'group.enter': (_, group) => group.enter(fails()),
};

describe('timers come through a loop of calls that', () => {
  const inGroup = (body: (group: TaskGroup) => Promise<number>): Promise<number> =>
    run(() => taskGroup(body), { signals: [] });

  test.each(Object.entries({ ...withOptions, ...withBody }))(
    'an aborted signal refuses: %s',
    async (_, call) => {
      const options = { signal: AbortSignal.abort('too late') };
      const seen = await inGroup((group) => untilTimerAnyway(() => call(options, group)));
      expect(seen).toBeLessThan(400);
    },
  );

  test.each(Object.entries({ ...withOptions, ...withScope }))(
    'a cancelled scope refuses: %s',
    async (_, call) => {
      const seen = await inGroup(async (group) => {
        const scope = new CancelScope();
        return (await scope.run(() => {
          scope.cancel();
          return untilTimerAnyway(() => call({}, group));
        })) as number;
      });
      expect(seen).toBeLessThan(400);
    },
  );

  test.each(Object.entries(failing))('fail: %s', async (_, call) => {
    const seen = await inGroup((group) => untilTimerAnyway(() => call({}, group)));
    expect(seen).toBeLessThan(400);
  });

  test('succeed: ResourceStack.enter', async () => {
    const seen = await inGroup(() => untilTimerAnyway(() => new ResourceStack().enter(works())));
    expect(seen).toBeLessThan(400);
  });
});
