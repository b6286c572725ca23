import { moveOnAfter, sleep, yieldNow } from '@ambit/core';
import { cancelEverywhere } from '@ambit/core/testing';
import {
  Barrier,
  BoundedSemaphore,
  Broadcast,
  Budget,
  CapacityLimiter,
  channel,
  Condition,
  Event,
  KeyedLock,
  Latch,
  LifoQueue,
  Lock,
  memoize,
  Once,
  PriorityQueue,
  Queue,
  RateLimiter,
  ReadWriteLock,
  ResourcePool,
  select,
  Semaphore,
  TaskTracker,
  Watch,
} from '@ambit/sync';
import type { Guard } from '@ambit/sync';

type Body = Parameters<typeof cancelEverywhere>[0];

/** What is acquired twice, the second time against another task; then all of it must be free. */
const permits =
  (make: () => { acquire: () => Promise<Guard>; isFree: () => boolean }): Body =>
  async (attempt, group) => {
    const { acquire, isFree } = make();
    const use = async (): Promise<void> => {
      using _held = await acquire();
      await sleep(2);
    };
    group.spawn(use);
    await attempt(async () => {
      await use();
      await sleep(1);
      await use();
    });
    await group.join();
    expect(isFree()).toBe(true);
    await use();
  };

/** Each item that was sent is received, or still there. */
const items =
  (
    make: () => {
      put: (item: number) => Promise<unknown>;
      get: () => Promise<number>;
      rest: () => number[];
    },
  ): Body =>
  async (attempt, group) => {
    const { put, get, rest } = make();
    const sent: number[] = [];
    const got: number[] = [];
    const send = async (item: number): Promise<void> => {
      await put(item);
      sent.push(item);
    };
    const receive = async (): Promise<void> => {
      got.push(await get());
    };
    const others = [
      group.spawn(async () => {
        for (const item of [1, 2, 3]) await send(item);
      }),
      group.spawn(async () => {
        for (let count = 0; count < 2; count += 1) await receive();
        await sleep(2);
        await receive();
      }),
    ];
    await attempt(async () => {
      await receive();
      await send(11);
      await sleep(1);
      await receive();
      await send(12);
    });
    await sleep(3);
    for (const other of others) await other.stop();
    const all = [...got, ...rest()];
    // A send that was cancelled may have handed its item over.
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining(sent));
  };

function drained(tryGet: () => { ok: boolean; value?: number }): number[] {
  const left: number[] = [];
  for (let item = tryGet(); item.ok; item = tryGet()) left.push(item.value as number);
  return left;
}

const queueItems = (make: () => Queue<number>): Body =>
  items(() => {
    const queue = make();
    return {
      put: (item) => queue.put(item),
      get: () => queue.get(),
      rest: () => drained(() => queue.tryGet()),
    };
  });

const channelItems = (capacity: number): Body =>
  items(() => {
    const undelivered: number[] = [];
    const onUndelivered = (item: number): void => void undelivered.push(item);
    const [sender, receiver] = channel<number>(capacity, { onUndelivered });
    return {
      put: (item) => sender.send(item),
      get: () => receiver.receive(),
      rest: () => [...undelivered, ...drained(() => receiver.tryReceive())],
    };
  });

const cases: Record<string, Body> = {
  Lock: permits(() => {
    const lock = new Lock();
    return { acquire: () => lock.acquire(), isFree: () => !lock.locked };
  }),
  Semaphore: permits(() => {
    const semaphore = new Semaphore(3);
    return {
      acquire: () => semaphore.acquire({ permits: 2 }),
      isFree: () => semaphore.available === 3,
    };
  }),
  BoundedSemaphore: permits(() => {
    const semaphore = new BoundedSemaphore(1);
    return { acquire: () => semaphore.acquire(), isFree: () => semaphore.available === 1 };
  }),
  CapacityLimiter: permits(() => {
    const limiter = new CapacityLimiter(1);
    return { acquire: () => limiter.acquire(), isFree: () => limiter.borrowed === 0 };
  }),
  KeyedLock: permits(() => {
    const locks = new KeyedLock<string>();
    return { acquire: () => locks.acquire('key'), isFree: () => locks.size === 0 };
  }),
  'ReadWriteLock, reading': permits(() => {
    const lock = new ReadWriteLock();
    return { acquire: () => lock.read(), isFree: () => isFreeFor(lock.tryWrite()) };
  }),
  'ReadWriteLock, writing': permits(() => {
    const lock = new ReadWriteLock();
    return { acquire: () => lock.write(), isFree: () => isFreeFor(lock.tryWrite()) };
  }),
  ResourcePool: async (attempt, group) => {
    let live = 0;
    const pool = new ResourcePool({
      create: async () => {
        await sleep(3);
        live += 1;
        return {};
      },
      destroy: async () => {
        await sleep(1);
        live -= 1;
      },
      validate: () => yieldNow().then(() => true),
      max: 1,
    });
    const use = async (): Promise<void> => {
      using _lease = await pool.acquire();
      await sleep(2);
    };
    group.spawn(use);
    await attempt(async () => {
      await use();
      await pool.use(() => sleep(2));
      await moveOnAfter(1, () => pool.use(() => sleep(5)));
    });
    await group.join();
    // A resource whose check was cancelled is being destroyed: the pool waits for that, not the caller.
    await pool.drain();
    expect([pool.statistics().borrowed, live]).toEqual([0, 0]);
  },
  RateLimiter: async (attempt) => {
    const limiter = new RateLimiter({ permits: 2, per: 100 });
    await attempt(async () => {
      for (let call = 0; call < 4; call += 1) await limiter.acquire();
    });
    expect(limiter.statistics().waiting).toBe(0);
    await limiter.acquire();
  },
  Budget: async (attempt, group) => {
    const budget = new Budget(3);
    group.spawn(async () => {
      const reservation = await budget.reserve(2);
      await sleep(2);
      reservation[Symbol.dispose]();
    });
    await attempt(async () => {
      await yieldNow();
      using _mine = await budget.reserve(3);
      await sleep(1);
    });
    await group.join();
    expect(budget.statistics()).toMatchObject({ reserved: 0, waiting: 0 });
  },
  Queue: queueItems(() => new Queue({ capacity: 1 })),
  PriorityQueue: queueItems(() => new PriorityQueue({ capacity: 1, compare: (a, b) => a - b })),
  LifoQueue: queueItems(() => new LifoQueue({ capacity: 1 })),
  'a channel with a buffer': channelItems(1),
  'a channel without a buffer': channelItems(0),
  'SendChannel.reserve': async (attempt, group) => {
    const [sender, receiver] = channel<number>(1);
    group.spawn(() => sleep(2).then(() => receiver.receive()));
    await sender.send(1);
    await attempt(async () => {
      const permit = await sender.reserve();
      permit.send(2);
    });
    await group.join();
    receiver.tryReceive();
    expect(sender.trySend(3)).toBe(true);
  },
  select: async (attempt, group) => {
    const [sender, receiver] = channel<number>(0);
    const event = new Event();
    let sent = 0;
    let got = 0;
    const other = group.spawn(async () => {
      await sleep(1);
      await sender.send(1);
      sent += 1;
      event.set();
    });
    await attempt(async () => {
      await select(select.receive(receiver), select.event(event));
      got += 1;
      await select(select.event(event), select.after(50));
    });
    await sleep(2);
    if (got === 0) receiver.tryReceive();
    await other.stop();
    expect(sent - got).toBeLessThanOrEqual(1);
    expect(receiver.statistics().waiting).toBe(0);
  },
  Broadcast: async (attempt, group) => {
    const broadcast = new Broadcast<number>({ capacity: 1, onLag: 'wait' });
    group.spawn(async () => {
      for (const item of [1, 2, 3]) await broadcast.publish(item);
    });
    await attempt(async () => {
      using subscription = broadcast.subscribe();
      for await (const item of subscription) if (item === 3) break;
    });
    await group.join();
    expect(broadcast.statistics().subscribers).toBe(0);
  },
  Watch: async (attempt, group) => {
    const watch = new Watch(0);
    group.spawn(() => sleep(1).then(() => watch.update(() => 1)));
    await attempt(async () => {
      await watch.changed();
      await moveOnAfter(3, () => watch.changed());
    });
    expect(watch.statistics().waiting).toBe(0);
  },
  Condition: async (attempt, group) => {
    const condition = new Condition();
    let isReady = false;
    group.spawn(async () => {
      await sleep(2);
      await condition.run(() => {
        isReady = true;
        condition.notifyAll();
      });
    });
    await attempt(() => condition.run(() => condition.waitFor(() => isReady)));
    await group.join();
    expect(condition.statistics().waiting).toBe(0);
    await condition.run(() => undefined);
  },
  'Event and Latch': async (attempt, group) => {
    const event = new Event();
    const latch = new Latch(1);
    group.spawn(async () => {
      await sleep(1);
      event.set();
      await sleep(1);
      latch.countDown();
    });
    await attempt(async () => {
      await event.wait();
      await latch.wait();
    });
    await group.join();
    expect([event.statistics().waiting, latch.statistics().waiting]).toEqual([0, 0]);
  },
  Barrier: async (attempt, group) => {
    const barrier = new Barrier(2);
    const other = group.spawn(() => barrier.wait().catch(() => undefined));
    await attempt(() => barrier.wait());
    await sleep(1);
    await other.stop();
    expect(barrier.statistics().waiting).toBe(0);
  },
  TaskTracker: async (attempt) => {
    const tracker = new TaskTracker();
    await attempt(async () => {
      await tracker.track(sleep(2));
      tracker.close();
      await tracker.wait();
    });
    expect(tracker.statistics().waiting).toBe(0);
  },
  Once: async (attempt, group) => {
    const once = new Once<number>();
    let running = 0;
    const init = async (): Promise<number> => {
      running += 1;
      try {
        await sleep(2);
        return running;
      } finally {
        running -= 1;
      }
    };
    const other = group.spawn(() => sleep(1).then(() => once.get(init)));
    await attempt(() => once.get(init));
    expect(await other).toBe(1);
    expect(running).toBe(0);
  },
  memoize: async (attempt, group) => {
    let running = 0;
    const load = memoize(async (key: number) => {
      running += 1;
      try {
        await sleep(2);
        return key;
      } finally {
        running -= 1;
      }
    });
    const other = group.spawn(() => sleep(1).then(() => load(7)));
    await attempt(() => load(7));
    expect(await other).toBe(7);
    expect(running).toBe(0);
  },
};

function isFreeFor(guard: Guard | undefined): boolean {
  guard?.[Symbol.dispose]();
  return guard !== undefined;
}

test.each(Object.entries(cases))('%s loses nothing, wherever it is cancelled', async (_, body) => {
  const report = await cancelEverywhere(body);
  expect(report.isComplete).toBe(true);
  expect(report.checkpoints).toBeGreaterThan(0);
});
