// Every method that waits takes `{ signal }`, beside the ambient scope.
import { Future } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import * as sync from '@ambit/sync';
import {
  DistributedLock,
  DistributedRateLimiter,
  DistributedSemaphore,
  elect,
  runOnce,
} from '@ambit/sync/lease';
import { refusals, signalLaws } from '../../../core/test/support/signal-laws.ts';
import { TroubledStore } from '../support/troubled-store.ts';

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
const pool = () =>
  taken(new sync.ResourcePool({ create: () => 1, destroy: () => undefined, max: 1 }), (made) =>
    made.acquire(),
  );
const broadcast = () =>
  taken(new sync.Broadcast<number>({ capacity: 1, onLag: 'wait' }), (made) => {
    made.subscribe();
    return made.publish(1);
  });

signalLaws({
  'Lock.acquire': (o) => lock().acquire(o),
  'Lock.run': (o, body) => lock().run(body, o),
  'Semaphore.acquire': (o) => new sync.Semaphore(0).acquire(o),
  'Semaphore.run': (o, body) => new sync.Semaphore(0).run(body, o),
  'BoundedSemaphore.acquire': (o) => bounded().acquire(o),
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
  memoize: (o, body) => sync.memoize(body).with(o)(),
  'Latch.wait': (o) => new sync.Latch(1).wait(o),
  'TaskTracker.wait': (o) => new sync.TaskTracker().wait(o),
  'RateLimiter.acquire': (o) => rate().acquire(o),
  'RateLimiter.run': (o, body) => rate().run(body, o),
  'Budget.reserve': (o) => budget().reserve(1, o),
  'ResourcePool.acquire': (o) => pool().acquire(o),
  'ResourcePool.use': (o, body) => pool().use(body, o),
  'ResourcePool.drain': (o) => pool().drain(o),
});

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
  elect: (o, body) => elect(silent('acquire'), 'a', body, { ...lease, ...o }),
  runOnce: (o, body) => runOnce(silent('acquire'), 'a', body, { ...lease, ...o }),
});

refusals({ 'select, of what is ready': (o) => sync.select(sync.select.after(0), o) });

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
