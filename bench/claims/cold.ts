// The first operations of a process, which is what a serverless function sees: no code is compiled yet. Each library is imported
// by the contender that is about it, so that no process has two.
import type { Task } from 'effection';
import { coldContest } from '../cold-contest.ts';

const COUNT = 1000;
const AT_ONCE = 100;
const CAPACITY = 16;
const MINUTE = 60_000;
const VALUED = 'no limit, an AsyncLocalStorage value each';

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

type Jobs = (count: number) => Promise<unknown>;

/** Does a job a number of times, one after the other. */
function inTurn(job: () => Promise<unknown>): Jobs {
  return async (count) => {
    for (let at = 0; at < count; at += 1) await job();
  };
}

/** Runs batches of tasks, one after the other. */
function inBatches(batch: () => Promise<unknown>): Jobs {
  return (count) => inTurn(batch)(count / AT_ONCE);
}

await coldContest({
  title: 'Just started: spawn tasks and join them',
  count: COUNT,
  contenders: [
    {
      name: 'taskGroup',
      load: async () => {
        const { taskGroup } = await import('@ambit/core');
        return inBatches(() =>
          taskGroup((group) => {
            for (let at = 0; at < AT_ONCE; at += 1) group.spawn(work);
          }),
        );
      },
    },
    {
      name: 'Promise.all',
      load: () =>
        Promise.resolve(inBatches(() => Promise.all(Array.from({ length: AT_ONCE }, work)))),
    },
    {
      name: 'Effect.forEach',
      load: async () => {
        const Effect = await import('effect/Effect');
        const effectWork = Effect.promise(work);
        const items = Array.from({ length: AT_ONCE }, () => 0);
        const all = Effect.forEach(items, () => effectWork, {
          concurrency: 'unbounded',
          discard: true,
        });
        return inBatches(() => Effect.runPromise(all));
      },
    },
    {
      name: 'effection',
      load: async () => {
        const { call, run, spawn } = await import('effection');
        return inBatches(async () =>
          run(function* () {
            const tasks: Task<number>[] = [];
            for (let at = 0; at < AT_ONCE; at += 1) tasks.push(yield* spawn(() => call(work)));
            for (const task of tasks) yield* task;
          }),
        );
      },
    },
  ],
});

await coldContest({
  title: 'Just started: a time limit around a short operation',
  count: COUNT,
  contenders: [
    {
      name: 'timeout',
      load: async () => {
        const { timeout } = await import('@ambit/core');
        return inTurn(() => timeout(MINUTE, work));
      },
    },
    {
      name: 'p-timeout',
      load: async () => {
        const { default: pTimeout } = await import('p-timeout');
        return inTurn(() => pTimeout(work(), { milliseconds: MINUTE }));
      },
    },
    {
      name: 'Effect.timeout',
      load: async () => {
        const Effect = await import('effect/Effect');
        const limited = Effect.timeout(Effect.promise(work), MINUTE);
        return inTurn(() => Effect.runPromise(limited));
      },
    },
    { name: 'no limit', load: () => Promise.resolve(inTurn(work)) },
    {
      name: VALUED,
      load: async () => {
        const { AsyncLocalStorage } = await import('node:async_hooks');
        const storage = new AsyncLocalStorage<object>();
        return inTurn(() => storage.run({}, work));
      },
    },
  ],
  aims: [{ against: 'p-timeout', atMost: 1 / 10, bare: VALUED }],
});

await coldContest({
  title: 'Just started: acquire and release a lock that nobody else wants',
  count: COUNT,
  contenders: [
    {
      name: 'Lock',
      load: async () => {
        const { Lock } = await import('@ambit/sync');
        const lock = new Lock();
        return inTurn(async () => {
          const held = await lock.acquire();
          held[Symbol.dispose]();
        });
      },
    },
    {
      name: 'async-sema',
      load: async () => {
        const { Sema } = await import('async-sema');
        const sema = new Sema(1);
        return inTurn(async () => {
          await sema.acquire();
          sema.release();
        });
      },
    },
    {
      name: 'async-mutex',
      load: async () => {
        const { Mutex } = await import('async-mutex');
        const mutex = new Mutex();
        return inTurn(async () => {
          const release = await mutex.acquire();
          release();
        });
      },
    },
  ],
});

await coldContest({
  title: `Just started: put into a queue of ${CAPACITY}, and get`,
  count: COUNT,
  contenders: [
    {
      name: 'Queue',
      load: async () => {
        const { Queue } = await import('@ambit/sync');
        const queue = new Queue<number>({ capacity: CAPACITY });
        return (count) =>
          Promise.all([inTurn(() => queue.put(1))(count), inTurn(() => queue.get())(count)]);
      },
    },
    {
      name: 'Effect',
      load: async () => {
        const Effect = await import('effect/Effect');
        const EffectQueue = await import('effect/Queue');
        const queue = await Effect.runPromise(EffectQueue.bounded<number>(CAPACITY));
        return (count) => {
          const put = Effect.gen(function* () {
            for (let at = 0; at < count; at += 1) yield* EffectQueue.offer(queue, at);
          });
          const get = Effect.gen(function* () {
            for (let at = 0; at < count; at += 1) yield* EffectQueue.take(queue);
          });
          return Effect.runPromise(Effect.all([put, get], { concurrency: 2 }));
        };
      },
    },
  ],
});
