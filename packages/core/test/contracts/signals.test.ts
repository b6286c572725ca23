// Every function that waits takes `{ signal }`, beside the ambient scope.
import * as core from '@ambit/core';
import * as abort from '@ambit/core/abort';
import * as iter from '@ambit/core/iter';
import { park, ParkingLot } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import { besides, refusals, signalLaws } from '../support/signal-laws.ts';
import type { WaitingCall } from '../support/signal-laws.ts';

const never = {
  [Symbol.asyncIterator]: (): AsyncIterator<number> => ({ next: () => core.sleepForever() }),
};
/** In place of options a string would be one more source. */
const noText = (o: core.SignalOptions) => (typeof o === 'string' ? (5 as never) : o);
const resourceOf = (body: () => Promise<never>) =>
  core.defineResource(async function* () {
    yield await body();
  })();
const ready = core.defineResource(async function* () {
  yield 1;
})();

const waits: Record<string, WaitingCall> = {
  sleep: (o) => core.sleep(Infinity, o),
  sleepUntil: (o) => core.sleepUntil(Infinity, o),
  sleepForever: (o) => core.sleepForever(o),
  timeout: (o, body) => core.timeout(Infinity, body, o),
  'timeout(null)': (o, body) => core.timeout(null, body, o),
  timeoutAt: (o, body) => core.timeoutAt(Infinity, body, o),
  moveOnAfter: (o, body) => core.moveOnAfter(Infinity, body, o),
  moveOnAt: (o, body) => core.moveOnAt(Infinity, body, o),
  idleTimeout: (o, body) => core.idleTimeout(Infinity, body, o),
  waitFor: (o, body) => core.waitFor(body, Infinity, o),
  'waitFor, a promise': (o) => core.waitFor(new core.Future<void>(), Infinity, o),
  gather: (o, body) => core.gather([body], o),
  gatherSettled: (o, body) => core.gatherSettled([body], o),
  race: (o, body) => core.race([body], o),
  any: (o, body) => core.any([body], o),
  asCompleted: (o, body) => core.asCompleted([body], o),
  concurrentMap: (o, body) => core.concurrentMap([1], body, besides(o, { limit: 1 })),
  concurrentForEach: (o, body) => core.concurrentForEach([1], body, besides(o, { limit: 1 })),
  retry: (o, body) => core.retry(body, o),
  supervise: (o, body) => core.supervise(body, o),
  shield: (o, body) => core.shield(body, o),
  use: (o, body) => core.use(resourceOf(body), () => undefined, o),
  'use, its body': (o, body) => core.use(ready, body, o),
  'Future.wait': (o) => new core.Future<void>().wait(o),
  abortable: (o) => abort.abortable(new core.Future<void>(), o),
  execute: (o) => abort.execute(() => () => undefined, o),
  forever: (o) => abort.forever(o),
  proactiveRetry: (o, body) => abort.proactiveRetry(body, o),
  waitForEvent: (o) => abort.waitForEvent(new EventTarget(), 'x', o),
  withSignal: (o) => abort.withSignal((signal) => core.sleepForever({ signal }), o),
  batch: (o) => iter.batch(never, besides(o, { size: 2 })),
  buffer: (o) => iter.buffer(never, 2, o),
  closing: (o) => iter.closing(never, o),
  debounce: (o) => iter.debounce(never, 1, o),
  fromEvents: (o) => iter.fromEvents(new EventTarget(), 'x', o),
  latest: (o) => iter.latest(never, o),
  mapConcurrent: (o, body) => iter.mapConcurrent([1], body, besides(o, { limit: 1 })),
  merge: (o) => iter.merge(never, never, noText(o)),
  'safe.with': (o) =>
    iter
      .safe(async function* (n: number) {
        yield* never;
        yield n;
      })
      .with(o)(1),
  share: (o) => iter.share(never, o),
  throttle: (o) => iter.throttle(never, 1, o),
  timeoutEach: (o) => iter.timeoutEach(never, Infinity, o),
  zip: (o) => iter.zip(never, never, noText(o)),
  park: (o) => park(() => undefined, o),
  'ParkingLot.park': (o) => new ParkingLot().park(o),
};

signalLaws(waits);

/** Of a group or task that would not end by itself. */
const inGroup: Record<string, (group: core.TaskGroup) => WaitingCall> = {
  'TaskGroup.join': (group) => (o) => group.join(o),
  'TaskGroup.start': (group) => (o, body) => group.start(body, o),
  'TaskGroup.enter': (group) => (o, body) => group.enter(resourceOf(body), o),
  'Task.join': (group) => (o) => [...group.tasks][0]?.join(o) ?? Promise.resolve(),
  wait: (group) => (o) => core.wait(group.tasks, o),
};

signalLaws(
  Object.fromEntries(
    Object.entries(inGroup).map(([name, callIn]): [string, WaitingCall] => [
      name,
      async (o, body) => {
        const group = new core.TaskGroup();
        group.spawn(() => core.sleepForever());
        try {
          return await callIn(group)(o, body);
        } finally {
          await group.stop();
          await group[Symbol.asyncDispose]();
        }
      },
    ]),
  ),
);

/** What need not wait. */
const passing: Record<string, WaitingCall> = {
  checkpoint: (o) => core.checkpoint(o),
  yieldNow: (o) => core.yieldNow(o),
  throwIfCancelled: async (o) => core.throwIfCancelled(o),
  interval: (o) => iter.interval(10, o),
  schedule: (o, body) => core.schedule({ every: 10 }, body, o),
};

test.each(Object.keys(passing))('%s: a signal that has aborted ends it', (name) =>
  testRun(async () => {
    const reason = new Error('enough');
    const made = passing[name]?.({ signal: AbortSignal.abort(reason) }, core.sleepForever);
    const first = async () =>
      made !== undefined && Symbol.asyncIterator in made
        ? made[Symbol.asyncIterator]().next()
        : made;
    await expect(first()).rejects.toBe(reason);
  }),
);

refusals(passing);

test('merge and zip take only a plain object with a signal for options', () =>
  testRun(async () => {
    const items = [];
    const source = { signal: 'green', [Symbol.iterator]: () => [1, 2][Symbol.iterator]() };
    for await (const item of iter.merge([0], source)) items.push(item);
    for await (const row of iter.zip(['a'], source, { signal: undefined })) items.push(row);
    expect(items.sort()).toEqual([0, 1, 2, ['a', 1]]);
    expect(() => iter.merge([], {} as never)).toThrow('merge: source 1 is an object');
    expect(() => iter.zip([], new AbortController() as never)).toThrow('zip: source 1 is');
  }));
