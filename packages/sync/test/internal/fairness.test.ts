import { gather, run, timeout } from '@ambit/core';
import {
  Barrier,
  BoundedSemaphore,
  Broadcast,
  CapacityLimiter,
  channel,
  Condition,
  Event,
  KeyedLock,
  Latch,
  Lock,
  memoize,
  Once,
  Queue,
  RateLimiter,
  ReadWriteLock,
  ResourcePool,
  select,
  Semaphore,
  TaskTracker,
  Watch,
} from '@ambit/sync';
import { DistributedLock, memoryStore } from '@ambit/sync/lease';

/** What one of two tasks does again and again. */
type Round = (me: number) => Promise<unknown>;

const rounds: Record<string, () => Round> = {
  'Lock.run': () => {
    const lock = new Lock();
    return () => lock.run(() => undefined);
  },
  'Lock.acquire within a timeout': () => {
    const lock = new Lock();
    return () => timeout(1000, async () => (await lock.acquire())[Symbol.dispose]());
  },
  'Semaphore.run': () => {
    const semaphore = new Semaphore(1);
    return () => semaphore.run(() => undefined);
  },
  'CapacityLimiter.run': () => {
    const limiter = new CapacityLimiter(1);
    return () => limiter.run(() => undefined);
  },
  'KeyedLock.run': () => {
    const lock = new KeyedLock<string>();
    return () => lock.run('key', () => undefined);
  },
  'ReadWriteLock.write': () => {
    const lock = new ReadWriteLock();
    return async () => (await lock.write())[Symbol.dispose]();
  },
  'ReadWriteLock.read': () => {
    const lock = new ReadWriteLock();
    return async () => (await lock.read())[Symbol.dispose]();
  },
  'RateLimiter.acquire': () => {
    const limiter = new RateLimiter({ permits: 1e9, per: 1 });
    return () => limiter.acquire();
  },
  'ResourcePool.use': () => {
    const pool = new ResourcePool({ create: () => 1, destroy: () => undefined, max: 1 });
    return () => pool.use(() => undefined);
  },
  'Event.wait': () => {
    const event = new Event();
    event.set();
    return () => event.wait();
  },
  'Condition.wait': () => {
    const condition = new Condition();
    return () =>
      condition.run(async () => {
        condition.notify();
        await condition.wait();
      });
  },
  'Condition.waitFor': () => {
    const condition = new Condition();
    return () => condition.run(() => condition.waitFor(() => true));
  },
  'Barrier.wait': () => {
    const barrier = new Barrier(2);
    return () => barrier.wait();
  },
  'Barrier of one': () => {
    const barriers = [new Barrier(1), new Barrier(1)];
    return (me) => barriers[me]?.wait() ?? Promise.resolve();
  },
  'Latch.wait': () => {
    const latch = new Latch(0);
    return () => latch.wait();
  },
  'TaskTracker.wait': () => {
    const tracker = new TaskTracker();
    tracker.close();
    return () => tracker.wait();
  },
  'Queue.put and get': () => {
    const queue = new Queue<number>({ capacity: 1 });
    return (me) => (me === 0 ? queue.put(1) : queue.get());
  },
  'Queue that is full for get and put': () => {
    const queue = new Queue<number>();
    return () => queue.put(1);
  },
  'Queue.join': () => {
    const queue = new Queue<number>();
    return () => queue.join();
  },
  'a queue that was shut down': () => {
    const queue = new Queue<number>();
    queue.shutdown();
    return () => queue.get().catch(() => undefined);
  },
  'a channel': () => {
    const [sender, receiver] = channel<number>();
    return (me) => (me === 0 ? sender.send(1) : receiver.receive());
  },
  'SendChannel.reserve': () => {
    const [sender] = channel<number>(4);
    return async () => (await sender.reserve())[Symbol.dispose]();
  },
  'a channel whose end is closed': () => {
    const [sender, receiver] = channel<number>();
    sender.close();
    return () => receiver.receive().catch(() => undefined);
  },
  'an iterator': () => {
    const queue = new Queue<number>({ capacity: 1 });
    const items = queue[Symbol.asyncIterator]();
    return (me) => (me === 0 ? queue.put(1) : items.next());
  },
  select: () => {
    const event = new Event();
    event.set();
    return () => select(select.event(event));
  },
  'Broadcast.publish': () => {
    const broadcast = new Broadcast<number>({ onLag: 'drop-oldest', capacity: 2 });
    const items = broadcast.subscribe();
    return (me) =>
      me === 0 ? broadcast.publish(1) : (items as unknown as AsyncIterator<number>).next();
  },
  'Watch.changed': () => {
    const watch = new Watch(0);
    return (me) => {
      const changed = watch.changed();
      if (me === 1) watch.value += 1;
      return changed;
    };
  },
  'Watch.waitFor': () => {
    const watch = new Watch(0);
    return () => watch.waitFor(() => true);
  },
  'Once.get': () => {
    const once = new Once<number>();
    return () => once.get(() => 1);
  },
  'Once.get that fails': () => {
    const once = new Once<number>();
    return () => once.get(() => Promise.reject(new Error())).catch(() => undefined);
  },
  'ResourcePool.drain': () => {
    const pool = new ResourcePool({ create: () => 1, destroy: () => undefined, max: 1 });
    return () => pool.drain();
  },
  'calls that are refused': () => {
    const semaphore = new BoundedSemaphore(1);
    const limiter = new CapacityLimiter(2);
    const condition = new Condition();
    return async () => {
      await semaphore.acquire({ permits: 2 }).catch(() => undefined);
      await limiter.acquireOnBehalfOf('me').catch(() => undefined);
      await condition.wait().catch(() => undefined);
    };
  },
  'DistributedLock.revoke': () => {
    const lock = new DistributedLock(memoryStore(), 'x');
    return () => lock.revoke();
  },
  'memoize, hits': () => memoize(() => 1),
  'memoize, misses': () => {
    const memoized = memoize((n: number) => n, { max: 2 });
    let n = 0;
    return () => memoized((n += 1));
  },
};

// The fairness law: no rhythm of hand-overs keeps timers, I/O or signals waiting.
describe('lets the timers of the host come through', () => {
  test.each(Object.entries(rounds))('%s', async (_, make) => {
    const round = make();
    const began = performance.now();
    const at = (): number => performance.now() - began;
    let seen: number | undefined;
    await run(
      () =>
        timeout(1000, async (scope) => {
          setTimeout(() => (seen = at()), 1);
          const loop = (me: number) => async (): Promise<void> => {
            while (seen === undefined && at() < 500) await round(me);
            scope.cancel();
          };
          await gather([loop(0), loop(1)]);
        }).catch(() => undefined),
      { signals: [] },
    );
    expect(seen).toBeLessThan(400);
  });
});
