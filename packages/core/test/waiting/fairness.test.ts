import {
  any,
  asCompleted,
  CancelScope,
  checkpoint,
  circuitBreaker,
  concurrentMap,
  Future,
  gather,
  gatherSettled,
  moveOnAfter,
  race,
  ResourceStack,
  retry,
  run,
  shield,
  supervise,
  TaskGroup,
  taskGroup,
  timeout,
  use,
  wait,
  waitFor,
  yieldNow,
} from '@ambit/core';
import type { Task } from '@ambit/core';
import { throttle } from '@ambit/core/actions';
import { abortable } from '@ambit/core/abort';
import { batch, mapConcurrent, merge, share } from '@ambit/core/iter';
import { ParkingLot, yieldIfDue } from '@ambit/core/lowlevel';
import { Sequencer, testRun } from '@ambit/core/testing';
import { untilTimer } from '../support/until-timer.ts';

interface Things {
  readonly group: TaskGroup;
  readonly done: Task<number>;
  readonly failed: Task<number>;
  readonly future: Future<number>;
}

const isOver = async (value: unknown): Promise<void> => {
  await value;
};

const none = { open: () => ({ value: 1, close: () => Promise.resolve() }) } as never;

const closedCircuit = circuitBreaker(() => 1);
const openCircuit = circuitBreaker(() => 1);
openCircuit.open();
const ended = merge();
const throttled = throttle(() => 1, 0);
const dropping = throttle(() => 1, 10_000, { trailing: false });

/** Calls that have nothing to wait for. */
const calls: Record<string, (things: Things) => Promise<unknown>> = {
  'await task': async ({ done }) => done,
  'task.catch': ({ failed }) => failed.catch(() => undefined),
  'task.finally': ({ done }) => done.finally(() => undefined),
  'task.join': ({ done }) => done.join(),
  'task.join of a failed task': ({ failed }) => failed.join().catch(() => undefined),
  'task.stop': ({ done }) => done.stop(),
  'Promise.all of tasks': ({ done }) => Promise.all([done, done]),
  'await future': async ({ future }) => future,
  'Future.wait': ({ future }) => future.wait(),
  'a future that is settled at once': async () => {
    const future = new Future<number>();
    void Promise.resolve().then(() => future.resolve(1));
    await future;
  },
  'spawn and await': async ({ group }) => group.spawn(async () => 1),
  'spawn and join': ({ group }) => group.spawn(async () => 1).join(),
  'group.start': ({ group }) => group.start((_, started) => started(1)),
  'group.join': () => new TaskGroup().join(),
  'disposal of a group': () => new TaskGroup()[Symbol.asyncDispose](),
  'a call of a bound function': ({ group }) => group.bind(() => 1)(),
  'a call of a bound async function': ({ group }) => group.bind(async () => 1)(),
  'an empty ResourceStack': () => new ResourceStack().disposeAsync(),
  supervise: () => supervise(() => 1),
  'a throttled function': () => throttled(),
  'calls that a throttle drops': () => dropping(),
  'a circuit breaker': () => closedCircuit(),
  'an open circuit breaker': () => openCircuit().catch(() => undefined),
  'waitFor with no time left': () => waitFor(() => 1, 0).catch(() => undefined),
  'an empty group': () => taskGroup(() => 1),
  'a group that fails': () => taskGroup(() => Promise.reject(new Error())).catch(() => undefined),
  wait: ({ done }) => wait([done]),
  gather: () => gather([() => 1]),
  gatherSettled: () => gatherSettled([() => 1]),
  race: () => race([() => 1, () => 2]),
  any: () => any([() => 1, () => 2]),
  asCompleted: async () => {
    for await (const task of asCompleted([() => 1])) await task;
  },
  concurrentMap: () => concurrentMap([1], (item) => item, { limit: 1 }),
  retry: () => retry(() => 1),
  'retry that gives up': () =>
    retry(() => Promise.reject(new Error()), { attempts: 1 }).catch(() => undefined),
  timeout: () => timeout(1000, () => 1),
  'a timeout with an error': () =>
    timeout(1000, () => Promise.reject(new Error())).catch(() => undefined),
  moveOnAfter: () => moveOnAfter(1000, () => 1),
  shield: () => shield(() => 1),
  waitFor: ({ done }) => waitFor(done, 1000),
  'waitFor of a promise': () => waitFor(Promise.resolve(), 1000),
  use: () => use(none, () => 1),
  checkpoint: () => checkpoint(),
  mapConcurrent: async () => {
    for await (const item of mapConcurrent([1], (item) => item, { limit: 1 })) await isOver(item);
  },
  batch: async () => {
    for await (const items of batch([1, 2], { size: 2 })) await isOver(items);
  },
  'an iterator that has ended': () => ended.next(),
  'return() of an iterator': () => merge().return?.() ?? Promise.resolve(),
  'a next() that is cancelled': () => {
    const scope = new CancelScope();
    scope.cancel();
    return scope.run(() => merge([1]).next());
  },
  'a loop over a shared source': async () => {
    for await (const item of share([1])) await isOver(item);
  },
  'asCompleted of nothing': async () => {
    for await (const task of asCompleted([])) await isOver(task);
  },
  'asCompleted of a task': async ({ done }) => {
    for await (const task of asCompleted([done])) await task;
  },
  abortable: () => abortable(Promise.resolve()),
  Sequencer: () => new Sequencer().run(0, () => 1),
};

function withThings<T>(body: (things: Things) => Promise<T>): Promise<T> {
  return run(
    () =>
      taskGroup(
        async (group) => {
          const future = new Future<number>();
          future.resolve(1);
          const failed = group.spawn(() => Promise.reject<number>(new Error('failed')));
          const done = group.spawn(() => 1);
          await failed.catch(() => undefined);
          return { value: await body({ group, done, failed, future }) };
        },
        { onFailure: 'continue', onError: () => undefined },
      ).then(
        ({ value }) => value,
        () => undefined as never,
      ),
    { signals: [] },
  );
}

describe('a loop of calls that need not wait lets timers come through', () => {
  test.each(Object.entries(calls))('%s', async (_, call) => {
    let seen = Infinity;
    await withThings(async (things) => {
      seen = await untilTimer(() => call(things));
    });
    expect(seen).toBeLessThan(400);
  });
});

test('tasks that wake each other let timers come through', () =>
  run(
    async () => {
      const lots = [new ParkingLot(), new ParkingLot()];
      let isOver = false;
      const pass = (me: number) => async (): Promise<void> => {
        while (!isOver) {
          lots[1 - me]?.unpark();
          await lots[me]?.park();
        }
        lots[1 - me]?.unpark();
      };
      setTimeout(() => (isOver = true), 1);
      const watchdog = performance.now() + 1000;
      await gather([
        pass(0),
        pass(1),
        async () => {
          while (!isOver && performance.now() < watchdog) await checkpoint();
        },
      ]);
      expect(performance.now()).toBeLessThan(watchdog);
    },
    { signals: [] },
  ));

describe('the pause', () => {
  const burn = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };

  /** Computes for a while, then calls: has the loop gone round, and how long did it all take? */
  async function callAfter(ms: number): Promise<{ hasTurned: boolean; took: number }> {
    await yieldNow();
    const began = performance.now();
    burn(ms);
    let hasTurned = false;
    setImmediate(() => (hasTurned = true));
    await timeout(1000, () => 1);
    return { hasTurned, took: performance.now() - began };
  }

  test('comes with the first call after the slice of 10 ms is used up, and not before', () =>
    run(
      async () => {
        let soon = await callAfter(0);
        // Others may have had the processor in between.
        while (soon.took >= 10) soon = await callAfter(0);
        expect(soon.hasTurned).toBe(false);
        expect((await callAfter(12)).hasTurned).toBe(true);
      },
      { signals: [] },
    ));

  test('does not come where the loop had nothing to do', () =>
    run(
      async () => {
        await yieldNow();
        await new Promise((resolve) => setTimeout(resolve, 20));
        let hasTurned = false;
        setImmediate(() => (hasTurned = true));
        await timeout(1000, () => 1);
        expect(hasTurned).toBe(false);
      },
      { signals: [] },
    ));

  test('loses no value that was handed over, whatever is cancelled meanwhile', () =>
    run(
      async (group) => {
        const lot = new ParkingLot<string>();
        const task = group.spawn(() => lot.park());
        await yieldNow();
        burn(12);
        lot.unpark(1, 'handed over');
        task.cancel();
        expect(await task).toBe('handed over');
      },
      { signals: [] },
    ));

  test('keeps the order in which waits were woken', () =>
    run(
      async (group) => {
        const lot = new ParkingLot();
        const log: number[] = [];
        for (let at = 0; at < 5; at += 1) {
          group.spawn(async () => {
            await lot.park();
            log.push(at);
            burn(6);
          });
        }
        lot.unpark(2);
        burn(12);
        lot.unparkAll();
        await group.join();
        expect(log).toEqual([0, 1, 2, 3, 4]);
      },
      { signals: [] },
    ));
});

describe('on a virtual loop', () => {
  const contend = async (isOver: () => boolean): Promise<void> => {
    const lots = [new ParkingLot(), new ParkingLot()];
    const pass = (me: number) => async (): Promise<void> => {
      while (!isOver()) {
        lots[1 - me]?.unpark();
        await lots[me]?.park();
      }
      lots[1 - me]?.unpark();
    };
    await gather([pass(0), pass(1)]);
  };

  test.each([undefined, 7])('the time limit of a test ends contention (seed %s)', async (seed) => {
    const watchdog = performance.now() + 2000;
    const test = testRun(() => contend(() => performance.now() > watchdog), { limit: 50, seed });
    await expect(test).rejects.toThrow('not over after 50 ms');
    expect(performance.now()).toBeLessThan(watchdog);
  });

  test('a slow machine changes no order', async () => {
    const order = async (isSlow: boolean): Promise<string> => {
      const log: string[] = [];
      await testRun(
        async (group) => {
          const lot = new ParkingLot();
          for (const name of 'abc') {
            group.spawn(async () => {
              await lot.park();
              log.push(name);
              await checkpoint();
              log.push(name.toUpperCase());
            });
          }
          await yieldNow();
          const end = performance.now() + (isSlow ? 15 : 0);
          while (performance.now() < end);
          lot.unparkAll();
          for (let i = 0; i < 6; i += 1) await Promise.resolve();
          log.push('x');
          expect(yieldIfDue()).toBeUndefined();
        },
        { seed: 3 },
      );
      return log.join('');
    };
    expect(await order(true)).toBe(await order(false));
  });
});
