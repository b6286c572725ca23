import { CancelScope, getRunningLoop, retry, sleep, sleepForever, taskGroup } from '@ambit/core';
import { fromAbortable, onAbort, proactiveRetry } from '@ambit/core/abort';
import { mapConcurrent, safe } from '@ambit/core/iter';
import { park, ParkingLot } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';
import { collect } from '../support/iter-sources.ts';

/** Calls something with a callback that notes its `this`. */
type Call = (note: <A extends unknown[], R>(fn: (...args: A) => R) => (...args: A) => R) => unknown;

const failing = () => Promise.reject(new Error('refused'));

const calls: Record<string, Call> = {
  onAbort: (note) => {
    const controller = new AbortController();
    onAbort(
      controller.signal,
      note(() => undefined),
    );
    controller.abort();
  },
  'onCancel of a scope': (note) => {
    const scope = new CancelScope();
    const running = scope.run(() => sleepForever());
    scope.onCancel(note(() => undefined));
    scope.cancel();
    return running;
  },
  proactiveRetry: (note) => proactiveRetry(note(() => 1)),
  mapConcurrent: (note) =>
    collect(
      mapConcurrent(
        [1],
        note((item: number) => item),
        { limit: 1 },
      ),
    ),
  'onAbandon of a lot': async (note) => {
    const scope = new CancelScope();
    const parked = scope.run(() => new ParkingLot().park({ onAbandon: note(() => undefined) }));
    scope.cancel();
    await parked;
  },
  'the undo of park': async (note) => {
    const scope = new CancelScope();
    const parked = scope.run(() => park(() => note(() => undefined)));
    scope.cancel();
    await parked;
  },
  'a timer of the loop': async (note) => {
    getRunningLoop().callLater(
      1,
      note(() => undefined),
    );
    await sleep(5);
  },
  'when and onRetry of retry': (note) =>
    retry(failing, {
      delay: 1,
      when: note(() => true),
      onRetry: note(() => undefined),
    }).catch(() => undefined),
  'a cleanup': (note) => taskGroup((group) => group.defer(note(() => undefined))),
};

test.each(Object.entries(calls))('%s is called without an inner object as `this`', (_name, call) =>
  testRun(async () => {
    const seen: unknown[] = [];
    const note = <A extends unknown[], R>(fn: (...args: A) => R) =>
      function (this: unknown, ...args: A): R {
        seen.push(this);
        return fn(...args);
      };
    await call(note);
    await settle();
    expect(seen.length).toBeGreaterThan(0);
    const inner = seen.filter(
      (self) => self !== undefined && !Object.hasOwn(self as object, 'when'),
    );
    expect(inner).toEqual([]);
  }),
);

test('what wraps a function passes the `this` of the call on', () =>
  testRun(async () => {
    const owner = {
      factor: 2,
      items: safe(async function* (this: { factor: number }, item: number) {
        yield item * this.factor;
      }),
      work: fromAbortable(async function (this: { factor: number }, _signal, item: number) {
        return item * this.factor;
      }),
    };
    expect(await collect(owner.items(3))).toEqual([6]);
    expect(await owner.work(4)).toBe(8);
  }));
