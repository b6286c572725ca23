// Every method that waits takes `{ signal }`, beside the ambient scope.
import { Future, sleepForever } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import * as doors from '@ambit/sync';
import {
  DistributedLock,
  DistributedRateLimiter,
  DistributedSemaphore,
  elect,
  runOnce,
} from '@ambit/sync/lease';
import { besides, refusals, signalLaws } from '../../../core/test/support/signal-laws.ts';
import type { WaitingCall } from '../../../core/test/support/signal-laws.ts';
import { noting } from '../support/noting.ts';
import { TroubledStore } from '../support/troubled-store.ts';

const { made, noted: sync } = noting(doors);

/** What has been taken, so that the next caller waits. */
function taken<T>(made: T, take: (made: T) => unknown): T {
  take(made);
  return made;
}
const lock = () => taken(new sync.Lock(), (made) => made.tryAcquire());
const bounded = () => taken(new sync.BoundedSemaphore(1), (made) => made.tryAcquire());
const limiter = () => taken(new sync.CapacityLimiter(1), (made) => made.tryAcquire());
const keyed = () => taken(new sync.KeyedLock<string>(), (made) => made.acquire('a'));
const locked = () => taken(new sync.ReadWriteLock(), (made) => made.tryWrite());
const full = () => taken(new sync.Queue<number>({ capacity: 1 }), (made) => made.tryPut(1));
const budget = () => taken(new sync.Budget(1), (made) => made.tryReserve(1));
const rate = () =>
  taken(new sync.RateLimiter({ permits: 1, per: Number.MAX_SAFE_INTEGER }), (made) =>
    made.tryAcquire(),
  );
const freePool = () => new sync.ResourcePool({ create: () => 1, destroy: () => undefined, max: 1 });
const pool = () => taken(freePool(), (made) => made.acquire());
const broadcast = () =>
  taken(new sync.Broadcast<number>({ capacity: 1, onLag: 'wait' }), (made) => {
    made.subscribe();
    return made.publish(1);
  });

const waits: Record<string, WaitingCall> = {
  'Lock.acquire': (o) => lock().acquire(o),
  'Lock.run': (o, body) => lock().run(body, o),
  'Semaphore.acquire': (o) => new sync.Semaphore(0).acquire(o),
  'Semaphore.run': (o, body) => new sync.Semaphore(0).run(body, o),
  'Semaphore.acquire, of a bounded one': (o) => bounded().acquire(o),
  'CapacityLimiter.acquire': (o) => limiter().acquire(o),
  'CapacityLimiter.acquireOnBehalfOf': (o) => limiter().acquireOnBehalfOf({}, o),
  'CapacityLimiter.run': (o, body) => limiter().run(body, o),
  'Event.wait': (o) => new sync.Event().wait(o),
  'Condition.acquire': (o) => new sync.Condition(lock()).acquire(o),
  'Condition.run': (o, body) => new sync.Condition(lock()).run(body, o),
  'Condition.wait': async (o) => {
    const condition = new sync.Condition();
    using _ = await condition.acquire();
    await condition.wait(o);
  },
  'Condition.waitFor': async (o) => {
    const condition = new sync.Condition();
    using _ = await condition.acquire();
    return await condition.waitFor(() => false, o);
  },
  'Barrier.wait': (o) => new sync.Barrier(2).wait(o),
  'ReadWriteLock.read': (o) => locked().read(o),
  'ReadWriteLock.write': (o) => locked().write(o),
  'KeyedLock.acquire': (o) => keyed().acquire('a', o),
  'KeyedLock.run': (o, body) => keyed().run('a', body, o),
  'Queue.get': (o) => new sync.Queue().get(o),
  'Queue.put': (o) => full().put(2, o),
  'Queue.join': (o) => full().join(o),
  'SendChannel.send': (o) => sync.channel<number>()[0].send(1, o),
  'SendChannel.reserve': (o) => {
    const [sender] = sync.channel<number>(1);
    sender.trySend(1);
    return sender.reserve(o);
  },
  'ReceiveChannel.receive': (o) => sync.channel<number>()[1].receive(o),
  select: (o) => sync.select(sync.select.event(new sync.Event()), o),
  'Broadcast.publish': (o) => broadcast().publish(2, o),
  'Watch.changed': (o) => new sync.Watch(1).changed(o),
  'Watch.waitFor': (o) => new sync.Watch(1).waitFor((value) => value > 1, o),
  'Once.get': (o, body) => new sync.Once().get(body, o),
  'memoize.with': (o, body) => sync.memoize(body).with(o)(),
  'Latch.wait': (o) => new sync.Latch(1).wait(o),
  'TaskTracker.wait': (o) => new sync.TaskTracker().wait(o),
  'RateLimiter.acquire': (o) => rate().acquire(o),
  'RateLimiter.run': (o, body) => rate().run(body, o),
  'Budget.reserve': (o) => budget().reserve(1, o),
  'ResourcePool.acquire': (o) => pool().acquire(o),
  'ResourcePool.use': (o, body) => pool().use(body, o),
  'ResourcePool.drain': (o) => pool().drain(o),
};
signalLaws(waits);

/** A store that never answers. */
function silent(operation: 'holders' | 'acquire' | 'take'): TroubledStore {
  return taken(new TroubledStore(), (store) => (store.trouble[operation] = 'hangs'));
}
const terms = { permits: 1, per: 1000, grace: 0 };
const lease = { ttl: 9000, grace: 0 };

signalLaws({
  'DistributedLock.holders': (o) => new DistributedLock(silent('holders'), 'a').holders(o),
  'DistributedLock.acquire': (o) => new DistributedLock(silent('acquire'), 'a', lease).acquire(o),
  'DistributedLock.tryAcquire': (o) =>
    new DistributedLock(silent('acquire'), 'a', lease).tryAcquire(o),
  'DistributedLock.run': (o, body) =>
    new DistributedLock(silent('acquire'), 'a', lease).run(body, o),
  'DistributedSemaphore.holders': (o) =>
    new DistributedSemaphore(silent('holders'), 'a', 1).holders(o),
  'DistributedSemaphore.acquire': (o) =>
    new DistributedSemaphore(silent('acquire'), 'a', 1, lease).acquire(o),
  'DistributedRateLimiter.acquire': (o) =>
    new DistributedRateLimiter(silent('take'), 'a', terms).acquire(o),
  'DistributedRateLimiter.tryAcquire': (o) =>
    new DistributedRateLimiter(silent('take'), 'a', terms).tryAcquire(1, o),
  'DistributedRateLimiter.run': (o, body) =>
    new DistributedRateLimiter(silent('take'), 'a', terms).run(body, o),
  elect: (o, body) => elect(silent('acquire'), 'a', body, besides(o, { ...lease })),
  runOnce: (o, body) => runOnce(silent('acquire'), 'a', body, besides(o, { ...lease })),
});

/** What is free or there, so that no call waits. */
const ready = () => taken(new sync.Queue<number>(), (made) => made.tryPut(1));
const passes: Record<string, WaitingCall> = {
  'select, of what is ready': (o) => sync.select(sync.select.after(0), o),
  'Lock.acquire, of a free one': (o) => new sync.Lock().acquire(o),
  'Lock.run, of a free one': (o, body) => new sync.Lock().run(body, o),
  'Semaphore.acquire, of a free one': (o) => new sync.Semaphore(1).acquire(o),
  'Semaphore.run, of a free one': (o, body) => new sync.Semaphore(1).run(body, o),
  'CapacityLimiter.acquire, of a free one': (o) => new sync.CapacityLimiter(1).acquire(o),
  'CapacityLimiter.acquireOnBehalfOf, of a free one': (o) =>
    new sync.CapacityLimiter(1).acquireOnBehalfOf({}, o),
  'CapacityLimiter.run, of a free one': (o, body) => new sync.CapacityLimiter(1).run(body, o),
  'Event.wait, of one that is set': (o) => taken(new sync.Event(), (made) => made.set()).wait(o),
  'Condition.acquire, of a free one': (o) => new sync.Condition().acquire(o),
  'Condition.run, of a free one': (o, body) => new sync.Condition().run(body, o),
  'Barrier.wait, of the last': (o) => new sync.Barrier(1).wait(o),
  'ReadWriteLock.read, of a free one': (o) => new sync.ReadWriteLock().read(o),
  'ReadWriteLock.write, of a free one': (o) => new sync.ReadWriteLock().write(o),
  'KeyedLock.acquire, of a free one': (o) => new sync.KeyedLock().acquire('a', o),
  'KeyedLock.run, of a free one': (o, body) => new sync.KeyedLock().run('a', body, o),
  'Queue.get, of one with an item': (o) => ready().get(o),
  'Queue.put, with room': (o) => ready().put(2, o),
  'Queue.join, of an empty one': (o) => new sync.Queue().join(o),
  'SendChannel.send, with room': (o) => sync.channel<number>(1)[0].send(1, o),
  'SendChannel.reserve, with room': (o) => sync.channel<number>(1)[0].reserve(o),
  'ReceiveChannel.receive, of one with an item': (o) => {
    const [sender, receiver] = sync.channel<number>(1);
    sender.trySend(1);
    return receiver.receive(o);
  },
  'Broadcast.publish, with room': (o) => new sync.Broadcast({ onLag: 'wait' }).publish(1, o),
  'Watch.waitFor, of what is there': (o) => new sync.Watch(1).waitFor((value) => value === 1, o),
  'Once.get, of what is there': async (o, body) => {
    const once = new sync.Once<unknown>();
    await once.get(() => 1);
    return once.get(body, o);
  },
  'Latch.wait, of an open one': (o) => new sync.Latch(0).wait(o),
  'TaskTracker.wait, of a closed one': (o) =>
    taken(new sync.TaskTracker(), (made) => made.close()).wait(o),
  'RateLimiter.acquire, of a free one': (o) =>
    new sync.RateLimiter({ permits: 1, per: 1 }).acquire(o),
  'RateLimiter.run, of a free one': (o, body) =>
    new sync.RateLimiter({ permits: 1, per: 1 }).run(body, o),
  'Budget.reserve, of a free one': (o) => new sync.Budget(1).reserve(1, o),
  'ResourcePool.acquire, of a free one': (o) => freePool().acquire(o),
  'ResourcePool.use, of a free one': (o, body) => freePool().use(body, o),
  'ResourcePool.drain, of a free one': (o) => freePool().drain(o),
};
refusals(passes);

test.each(Object.entries({ ...waits, ...passes }))(
  '%s: refused, it holds nothing and is in no line',
  (_, call) =>
    testRun(async () => {
      const left = async (options: unknown) => {
        made.length = 0;
        await (async () => call(options as never, sleepForever))().catch(() => undefined);
        return made.map((each) => each.statistics());
      };
      // Nothing, as that law says.
      const nothing = await left({ signal: AbortSignal.abort() });
      expect(await left({ signal: 5 })).toEqual(nothing);
      expect(await left(5)).toEqual(nothing);
    }),
);

test('a memoized call that is given a signal is for that call only, and its this is kept', () =>
  testRun(async () => {
    const answer = new Future<void>();
    const user = {
      name: 'ada',
      load: sync.memoize(async function (this: { name: string }, id: number) {
        await answer.wait();
        return `${this.name} ${String(id)}`;
      }),
    };
    const controller = new AbortController();
    const first = user.load.with({ signal: controller.signal }).call(user, 1);
    const second = user.load(1);
    controller.abort('enough');
    await expect(first).rejects.toBe('enough');
    answer.resolve();
    expect(await second).toBe('ada 1');
  }));
