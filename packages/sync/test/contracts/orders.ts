import assert from 'node:assert/strict';
import { gather, sleep, yieldNow } from '@ambit/core';
import type { everyOrder } from '@ambit/core/testing';
import {
  Barrier,
  CapacityLimiter,
  channel,
  Condition,
  KeyedLock,
  Once,
  Queue,
  ReadWriteLock,
  ResourcePool,
  select,
  Semaphore,
} from '@ambit/sync';

// Small programs on the primitives, and what must hold in every order and with every cancellation. Workers, whose names begin
// with `w`, may be cancelled at any step.

export type Body = Parameters<typeof everyOrder>[0];
type Group = Parameters<Body>[0];

function spawnWorkers(group: Group, count: number, work: (at: number) => Promise<unknown>): void {
  for (let at = 0; at < count; at += 1) group.spawn(() => work(at), { name: `w${String(at)}` });
}

/** Lets all go as far as they can, and stops the workers that still wait. */
async function finish(group: Group, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await yieldNow();
  await sleep(1);
  for (const task of group.tasks) await task.stop();
}

export const bodies: Record<string, Body> = {
  'Semaphore with weights': async (group) => {
    const semaphore = new Semaphore(2);
    spawnWorkers(group, 3, async (at) => {
      await yieldNow();
      using _held = await semaphore.acquire({ permits: at === 1 ? 2 : 1 });
      await yieldNow();
    });
    await group.join();
    assert.equal(semaphore.available, 2);
  },
  ReadWriteLock: async (group) => {
    const lock = new ReadWriteLock();
    const inside = { readers: 0, writers: 0 };
    const use = async (kind: 'readers' | 'writers'): Promise<void> => {
      using _held = await (kind === 'readers' ? lock.read() : lock.write());
      inside[kind] += 1;
      assert.ok(inside.writers === 0 || inside.readers + inside.writers === 1);
      try {
        await yieldNow();
      } finally {
        inside[kind] -= 1;
      }
    };
    spawnWorkers(group, 4, (at) => use(at % 2 === 0 ? 'readers' : 'writers'));
    await group.join();
    const free = lock.tryWrite();
    assert.notEqual(free, undefined);
    free?.[Symbol.dispose]();
  },
  Condition: async (group) => {
    const condition = new Condition();
    let items = 0;
    let got = 0;
    spawnWorkers(group, 2, () =>
      condition.run(async () => {
        await condition.waitFor(() => items > 0);
        items -= 1;
        got += 1;
      }),
    );
    group.spawn(
      async () => {
        for (let round = 0; round < 2; round += 1) {
          await condition.run(() => {
            items += 1;
            condition.notify();
          });
          await yieldNow();
        }
      },
      { name: 'giver' },
    );
    await finish(group, 4);
    assert.equal(items + got, 2);
    if (items > 0) assert.equal(condition.statistics().waiting, 0);
  },
  CapacityLimiter: async (group) => {
    const limiter = new CapacityLimiter(1);
    spawnWorkers(group, 3, async () => {
      using _held = await limiter.acquire();
      await yieldNow();
    });
    await group.join();
    assert.deepEqual([limiter.borrowed, limiter.available], [0, 1]);
  },
  KeyedLock: async (group) => {
    const locks = new KeyedLock<string>();
    let inside = 0;
    spawnWorkers(group, 3, () =>
      locks.run('key', async () => {
        inside += 1;
        assert.equal(inside, 1);
        try {
          await yieldNow();
        } finally {
          inside -= 1;
        }
      }),
    );
    await group.join();
    assert.equal(locks.size, 0);
  },
  Once: async (group) => {
    const once = new Once<number>();
    let running = 0;
    let wins = 0;
    const make = async (): Promise<number> => {
      running += 1;
      assert.equal(running, 1);
      try {
        await yieldNow();
        wins += 1;
        return 1;
      } finally {
        running -= 1;
      }
    };
    spawnWorkers(group, 3, () => once.get(make));
    await group.join();
    assert.ok(wins <= 1);
  },
  select: async (group) => {
    const first = channel<number>(1);
    const second = channel<number>(1);
    let got = 0;
    let sent = 0;
    spawnWorkers(group, 2, async () => {
      await select(select.receive(first[1]), select.receive(second[1]));
      got += 1;
    });
    group.spawn(
      async () => {
        await first[0].send(1);
        sent += 1;
        await yieldNow();
        await second[0].send(1);
        sent += 1;
      },
      { name: 'giver' },
    );
    await finish(group, 3);
    let left = 0;
    for (const [, receiver] of [first, second]) while (receiver.tryReceive().ok) left += 1;
    assert.equal(got + left, sent);
  },
  'a group in a task': async (group) => {
    let live = 0;
    const work = async (): Promise<void> => {
      live += 1;
      try {
        await yieldNow();
        await yieldNow();
      } finally {
        live -= 1;
      }
    };
    spawnWorkers(group, 1, () => gather([work, work]));
    await group.join();
    assert.equal(live, 0);
  },
  ResourcePool: async (group) => {
    let made = 0;
    let destroyed = 0;
    const pool = new ResourcePool({
      create: async () => {
        await yieldNow();
        made += 1;
        return {};
      },
      destroy: () => {
        destroyed += 1;
      },
      max: 1,
    });
    spawnWorkers(group, 2, () => pool.use(() => yieldNow()));
    await group.join();
    await pool.drain();
    assert.equal(destroyed, made);
  },
  Barrier: async (group) => {
    const barrier = new Barrier(2);
    let passed = 0;
    spawnWorkers(group, 4, async () => {
      await barrier.wait();
      passed += 1;
    });
    await finish(group, 1);
    assert.equal(passed % 2, 0);
  },
  Queue: async (group) => {
    const queue = new Queue<number>({ capacity: 1 });
    const put: number[] = [];
    const got: number[] = [];
    spawnWorkers(group, 2, async (at) => {
      await yieldNow();
      await queue.put(at);
      put.push(at);
    });
    spawnWorkers(group, 2, async () => {
      await yieldNow();
      got.push(await queue.get());
    });
    await finish(group, 2);
    for (let item = queue.tryGet(); item.ok; item = queue.tryGet()) got.push(item.value);
    assert.deepEqual(got.sort(), put.sort());
  },
  'a channel without a buffer': async (group) => {
    const lost: number[] = [];
    const [sender, receiver] = channel<number>(0, { onUndelivered: (item) => lost.push(item) });
    const sent: number[] = [];
    const got: number[] = [];
    spawnWorkers(group, 2, async (at) => {
      await sender.send(at);
      sent.push(at);
    });
    spawnWorkers(group, 2, async () => {
      await yieldNow();
      got.push(await receiver.receive());
    });
    await finish(group, 3);
    assert.deepEqual([...got, ...lost].sort(), sent.sort());
  },
};

// Each is proved in all of its orders, with every worker cancelled at every step, once. The numbers of orders are the same
// on all runtimes (runtimes/orders.mjs): a change of them is a change of what can happen.
export const ORDERS: Record<string, number> = {
  'Semaphore with weights': 3656,
  ReadWriteLock: 8560,
  Condition: 1405,
  CapacityLimiter: 184,
  KeyedLock: 184,
  Once: 169,
  select: 64,
  'a group in a task': 30,
  ResourcePool: 23,
  Barrier: 14,
};

// These have too many orders: those with at most two unusual choices.
export const FEW_DEVIATIONS: Record<string, number> = {
  Queue: 321,
  'a channel without a buffer': 155,
};
