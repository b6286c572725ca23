import {
  any,
  asCompleted,
  checkpoint,
  concurrentForEach,
  concurrentMap,
  defineResource,
  Future,
  gather,
  gatherSettled,
  idleTimeout,
  moveOnAfter,
  moveOnAt,
  race,
  retry,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  taskGroup,
  TaskGroup,
  throwIfCancelled,
  timeout,
  timeoutAt,
  use,
  wait,
  waitFor,
  yieldNow,
} from '@ambit/core';
import { withSignal } from '@ambit/core/abort';
import { batch, buffer, closing, interval, mapConcurrent, timeoutEach } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';
import { collect } from '../support/iter-sources.ts';

type Options = { readonly signal?: AbortSignal };
/** Waits, in a task that is noted to have ended if there is one, until the signal ends it. */
type Call = (options: Options, work: () => Promise<never>) => unknown;

const resource = defineResource(async function* (work: () => Promise<unknown>) {
  yield await work();
});

async function* endless(work: () => Promise<never>): AsyncGenerator<number> {
  yield await work();
}

const calls: Record<string, Call> = {
  race: (o, work) => race([work, work], o),
  any: (o, work) => any([work, work], o),
  gather: (o, work) => gather([work, work], o),
  gatherSettled: (o, work) => gatherSettled([work, work], o),
  wait: (o, work) =>
    taskGroup((group) => wait([group.spawn(work)], o).finally(() => group.cancel())),
  'asCompleted, of functions': (o, work) => collect(asCompleted([work, work], o)),
  concurrentMap: (o, work) => concurrentMap([1, 2], work, { limit: 2, ...o }),
  'concurrentMap, of an idle source': (o, work) =>
    concurrentMap(endless(work), () => 1, { limit: 2, ...o }),
  concurrentForEach: (o, work) => concurrentForEach([1, 2], work, { limit: 1, ...o }),
  timeout: (o, work) => timeout(1e6, work, o),
  timeoutAt: (o, work) => timeoutAt(1e6, work, o),
  moveOnAfter: (o, work) => moveOnAfter(1e6, work, o),
  moveOnAt: (o, work) => moveOnAt(1e6, work, o),
  'waitFor, a function': (o, work) => waitFor(work, 1e6, o),
  retry: (o, work) => retry(work, o),
  shield: (o, work) => shield(work, o),
  use: (o, work) => use(resource(work), () => 1, o),
  'start of a group': (o, work) => taskGroup((group) => group.start(work, o)),
  'enter of a group': (o, work) => taskGroup((group) => group.enter(resource(work), o)),
  idleTimeout: (o, work) => idleTimeout(1e6, work, o),
  mapConcurrent: (o, work) => collect(mapConcurrent([1], work, { limit: 2, ...o })),
  buffer: (o, work) => collect(buffer(endless(work), 2, o)),
  batch: (o, work) => collect(batch(endless(work), { size: 2, ...o })),
  timeoutEach: (o, work) => collect(timeoutEach(endless(work), 1e6, o)),
  closing: (o, work) => collect(closing(endless(work), o)),
};

const waits: Record<string, (options: Options) => unknown> = {
  sleep: (o) => sleep(1e6, o),
  sleepUntil: (o) => sleepUntil(1e6, o),
  sleepForever: (o) => sleepForever(o),
  yieldNow: (o) => yieldNow(o),
  withSignal: (o) => withSignal((signal) => sleepForever({ signal }), o),
  'Future.wait': (o) => new Future().wait(o),
  'waitFor, a promise': (o) => waitFor(new Promise(() => undefined), 1e6, o),
  interval: async (o) => {
    const ticks = interval(1e6, o);
    await ticks.next();
    await ticks.next();
  },
  'join of a task': (o) =>
    taskGroup((group) => {
      const task = group.spawn(() => sleepForever());
      return task.join(o).finally(() => group.cancel());
    }),
  'join of a group': async (o) => {
    await using group = new TaskGroup();
    const task = group.spawn(() => sleepForever());
    await group.join(o).finally(() => task.cancel());
  },
};

const all = Object.entries(calls).concat(Object.entries(waits));

test.each(all)('%s rejects with the reason of its signal', (_name, call) =>
  testRun(async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const work = () => sleepForever().finally(() => log.push('ended'));
    const called = (async () => call({ signal: controller.signal }, work))();
    const reason = new Error('enough');
    // A yieldNow() is over after a turn.
    if (_name in calls) await settle();
    controller.abort(reason);
    await expect(called).rejects.toBe(reason);
    expect(new Set(log)).toEqual(new Set(_name in calls ? ['ended'] : []));
  }),
);

test.each(all)('%s has no effect if its signal is aborted already', (_name, call) =>
  testRun(async (_group, loop) => {
    const work = jest.fn(() => sleepForever());
    const reason = new Error('before');
    const called = (async () => call({ signal: AbortSignal.abort(reason) }, work))();
    await expect(called).rejects.toBe(reason);
    if (_name !== 'wait') expect(work).not.toHaveBeenCalled();
    expect(loop.now()).toBe(0);
  }),
);

test.each(all)('%s refuses what is not a signal', (_name, call) =>
  testRun(async () => {
    const called = (async () => call({ signal: 'stop' as never }, () => sleepForever()))();
    await expect(called).rejects.toThrow('signal is "stop", not an AbortSignal');
  }),
);

test('a checkpoint throws for its signal', () =>
  testRun(async () => {
    const signal = AbortSignal.abort('stop');
    await expect(checkpoint({ signal })).rejects.toBe('stop');
    expect(() => throwIfCancelled({ signal })).toThrow();
    await checkpoint({});
    throwIfCancelled({});
  }));

test('a value that is there stands against a signal that aborts meanwhile', () =>
  testRun(async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const loser = () =>
      sleepForever().finally(() => {
        controller.abort();
      });
    expect(await race([() => sleep(1, { value: 'won' }), loser], { signal })).toBe('won');
  }));
