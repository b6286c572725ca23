import { runInThisContext } from 'node:vm';
import { Future, sleep, sleepForever, taskGroup } from '@ambit/core';
import type { Task } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { collectGarbage } from '../support/collect-garbage.ts';

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

// The process itself: inside the runner's sandbox `process` is a copy, which hears of nothing.
const realProcess = runInThisContext('process') as NodeJS.Process;

/** The rejections that nobody handled within a turn of the loop after the body, kept from the runner. */
async function unhandledIn(body: () => unknown): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const listeners = realProcess.listeners('unhandledRejection');
  realProcess.removeAllListeners('unhandledRejection');
  realProcess.on('unhandledRejection', (error) => unhandled.push(error));
  try {
    await body();
    await new Promise(setImmediate);
  } finally {
    realProcess.removeAllListeners('unhandledRejection');
    for (const listener of listeners) realProcess.on('unhandledRejection', listener);
  }
  return unhandled;
}

describe('what a callback on a task throws', () => {
  const fault = new Error('callback');
  const fail = (): never => {
    throw fault;
  };

  test('is unhandled if nobody looks at the promise that it rejects', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleep(1));
      const seen = await unhandledIn(async () => {
        void task.then(fail);
        void task.finally(fail);
        await sleep(2);
      });
      expect(seen).toEqual([fault, fault]);
    }));

  test('is unhandled also on a task that failed or was cancelled', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleepForever());
      const seen = await unhandledIn(() => {
        void task.finally(fail);
        void task.catch(fail);
        void task.then(fail);
        task.cancel();
      });
      expect(seen).toEqual([fault, fault]);
    }));

  test('is handled once somebody looks', () =>
    testRun(async (group) => {
      const task = group.spawn(() => 1);
      const seen = await unhandledIn(async () => {
        await expect(task.then(fail)).rejects.toBe(fault);
        await expect(task.finally(fail)).rejects.toBe(fault);
      });
      expect(seen).toEqual([]);
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
