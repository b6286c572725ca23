import { Future, sleep, sleepForever, taskGroup } from '@ambit/core';
import type { Task } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { collectGarbage } from './collect-garbage.ts';

// A rejection nobody handles would fail these tests, as jest waits a turn for it.
describe('the rejection of a task is never unhandled', () => {
  // fact J11
  test.each<[string, () => Promise<unknown>]>([
    ['in the same tick', () => Promise.reject(new Error('tick'))],
    ['in a microtask', () => Promise.resolve().then(() => Promise.reject(new Error('microtask')))],
    [
      'in process.nextTick',
      () => new Promise((_resolve, reject) => process.nextTick(reject, new Error('nextTick'))),
    ],
    [
      'in setImmediate',
      () => new Promise((_resolve, reject) => setImmediate(reject, new Error('setImmediate'))),
    ],
  ])('if it fails %s', (_when, fn) =>
    testRun(async () => {
      const group = taskGroup(async (inner) => {
        inner.spawn(() => sleepForever());
        inner.spawn(fn);
        await sleepForever();
      });
      await expect(group).rejects.toThrow();
      await new Promise(setImmediate);
    }),
  );

  test('also if promises derived from it are looked at by nobody', () =>
    testRun(async () => {
      const group = taskGroup(async (inner) => {
        const task = inner.spawn(() => sleep(1).then(() => Promise.reject(new Error('late'))));
        void task.then(() => undefined);
        void task.finally(() => undefined);
        void task.join();
        await sleepForever();
      });
      await expect(group).rejects.toThrow('late');
      await new Promise(setImmediate);
    }));

  test('also if it is cancelled', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleepForever());
      void task.then(() => undefined);
      void task.join();
      task.cancel();
      await new Promise(setImmediate);
    }));
});

const standingStill = (): { loop: VirtualLoop } => ({ loop: new VirtualLoop({ autojump: false }) });

describe('a task that nobody holds', () => {
  // rule 56
  test('is held by its group until it is done, and by nobody afterwards', () =>
    testRun(async (group, loop) => {
      const log: string[] = [];
      const spawn = (): WeakRef<Task<unknown>> =>
        new WeakRef<Task<unknown>>(
          group.spawn(async () => {
            await sleep(10);
            log.push('done');
          }),
        );
      const seen = spawn();
      await collectGarbage();
      expect(group.size).toBe(1);
      await loop.advance(20);
      expect(log).toEqual(['done']);
      await collectGarbage();
      expect(seen.deref()).toBeUndefined();
    }, standingStill()));

  // rule 56
  test('is cancelled with its group also if nothing but the scope knows its wait', () =>
    testRun(async () => {
      const log: string[] = [];
      const group = taskGroup(async (inner) => {
        inner.spawn(() => park(() => undefined).finally(() => log.push('cut')));
        await collectGarbage();
        inner.cancel();
      });
      await group.catch(() => undefined);
      expect(log).toEqual(['cut']);
    }));

  test('frees what it gave to those who waited for it', () =>
    testRun(async (group) => {
      const gate = new Future<void>();
      const make = (): WeakRef<object> => {
        const value = { large: new Array(1000) };
        group.spawn(async () => {
          await gate;
          return value;
        });
        return new WeakRef(value);
      };
      const seen = make();
      gate.resolve();
      await sleep(1);
      await collectGarbage();
      expect(seen.deref()).toBeUndefined();
    }));
});
