// The calls of sync that wait; see core-calls.mjs.
import * as sync from '@ambit/sync';
import { WebBroadcast, WebLock } from '@ambit/sync/web';
import { lack } from '../harness.mjs';
import { sleep } from '@ambit/core';
import { drain, last, LONG, never, wait } from './pauses.mjs';

const { channel, select } = sync;

/** A body, which is in no scope of its own: it passes the signal on. */
const waiting = (options) => () => sleep(LONG, options);

/** A lock, semaphore or limiter with nothing left. */
function taken(lock) {
  lock.tryAcquire();
  return lock;
}

function limiter() {
  return new sync.RateLimiter({ permits: 1, per: LONG });
}

function pool() {
  return new sync.ResourcePool({ create: () => 1, destroy: () => undefined, max: 1 });
}

/** A pool of which the only resource is borrowed. */
function usedUp() {
  const resources = pool();
  void resources.acquire();
  return resources;
}

function fullQueue() {
  const queue = new sync.Queue({ capacity: 1 });
  queue.tryPut(1);
  return queue;
}

const locks = {
  'Lock.acquire': (options) => taken(new sync.Lock()).acquire(options),
  'Lock.run (the body)': (options) => new sync.Lock().run(waiting(options), options),
  'Lock.run (the body, in line)': (options) => {
    const lock = new sync.Lock();
    const guard = lock.tryAcquire();
    setTimeout(() => guard[Symbol.dispose](), 1);
    return lock.run(waiting(options), options);
  },
  'Semaphore.acquire': (options) => taken(new sync.Semaphore(1)).acquire(options),
  'Semaphore.run (the body)': (options) => new sync.Semaphore(1).run(waiting(options), options),
  'BoundedSemaphore.acquire': (options) => taken(new sync.BoundedSemaphore(1)).acquire(options),
  'CapacityLimiter.acquire': (options) => new sync.CapacityLimiter(0).acquire(options),
  'CapacityLimiter.acquireOnBehalfOf': (options) =>
    new sync.CapacityLimiter(0).acquireOnBehalfOf({}, options),
  'CapacityLimiter.run (the body)': (options) =>
    new sync.CapacityLimiter(1).run(waiting(options), options),
  'RateLimiter.acquire': (options) => taken(limiter()).acquire(options),
  'RateLimiter.run (the body)': (options) => limiter().run(waiting(options), options),
  'KeyedLock.acquire': (options) => {
    const lock = new sync.KeyedLock();
    lock.tryAcquire('a');
    return lock.acquire('a', options);
  },
  'KeyedLock.run (the body)': (options) => new sync.KeyedLock().run('a', waiting(options), options),
  'ReadWriteLock.read': (options) => {
    const lock = new sync.ReadWriteLock();
    lock.tryWrite();
    return lock.read(options);
  },
  'ReadWriteLock.write': (options) => {
    const lock = new sync.ReadWriteLock();
    lock.tryRead();
    return lock.write(options);
  },
  'ResourcePool.acquire': (options) => usedUp().acquire(options),
  'ResourcePool.use (the body)': (options) => pool().use(waiting(options), options),
  'ResourcePool.drain': (options) => usedUp().drain(options),
  'Budget.reserve': (options) => {
    const budget = new sync.Budget(1);
    budget.tryReserve(1);
    return budget.reserve(1, options);
  },
};

const signals = {
  'Event.wait': (options) => new sync.Event().wait(options),
  'Condition.acquire': (options) => taken(new sync.Condition()).acquire(options),
  'Condition.run (the body)': (options) => new sync.Condition().run(waiting(options), options),
  'Condition.wait': (options) => taken(new sync.Condition()).wait(options),
  'Condition.waitFor': (options) => taken(new sync.Condition()).waitFor(() => false, options),
  'Latch.wait': (options) => new sync.Latch(1).wait(options),
  'Barrier.wait': (options) => new sync.Barrier(2).wait(options),
  'TaskTracker.wait': (options) => {
    const tracker = new sync.TaskTracker();
    void tracker.track(never());
    tracker.close();
    return tracker.wait(options);
  },
  'Once.get': (options) => new sync.Once().get(wait, options),
  memoize: (options) => sync.memoize(wait).with(options)(),
};

const queues = {
  'Queue.get': (options) => new sync.Queue().get(options),
  'Queue.put': (options) => fullQueue().put(2, options),
  'Queue.join': (options) => fullQueue().join(options),
  'Queue (for await, the second item)': () => drain(fullQueue()),
  'PriorityQueue.get': (options) =>
    new sync.PriorityQueue({ compare: (a, b) => a - b }).get(options),
  'LifoQueue.get': (options) => new sync.LifoQueue().get(options),
};

const channels = {
  'SendChannel.send': (options) => channel(0)[0].send(1, options),
  'SendChannel.reserve': (options) => fullChannel().reserve(options),
  'ReceiveChannel.receive': (options) => receiver().receive(options),
  'ReceiveChannel (for await, the second item)': () => {
    const [sender, receive] = channel(1);
    sender.trySend(1);
    return drain(receive);
  },
  select: (options) => select(select.after(LONG), ...last(options)),
  'Broadcast.publish': (options) => {
    const broadcast = new sync.Broadcast({ capacity: 1, onLag: 'wait' });
    broadcast.subscribe();
    void broadcast.publish(1);
    return broadcast.publish(2, options);
  },
  'Broadcast.subscribe (for await, the second item)': () => {
    const broadcast = new sync.Broadcast({ onLag: 'error', replay: 1 });
    void broadcast.publish(1);
    return drain(broadcast.subscribe());
  },
  'Watch.changed': (options) => new sync.Watch(1).changed(options),
  'Watch.waitFor': (options) => new sync.Watch(1).waitFor((value) => value === 2, options),
  'Watch.subscribe (for await, the second item)': () => drain(new sync.Watch(1).subscribe()),
};

function fullChannel() {
  const [sender] = channel(1);
  sender.trySend(1);
  return sender;
}

/** Its sender stays open. */
function receiver() {
  const [, receive] = channel(0);
  return receive;
}

let names = 0;
const nameOf = () => `matrix ${(names += 1)} of ${Math.random()}`;

const web = {
  'WebLock.acquire': (options) => heldElsewhere((lock) => lock.acquire(options)),
  'WebLock.run (the body)': (options) => free().run(waiting(options), options),
  'WebBroadcast.subscribe (for await)': () => {
    const broadcast = new WebBroadcast(nameOf(), { onLag: 'error' });
    return drain(broadcast.subscribe()).finally(() => broadcast.close());
  },
};

function free() {
  if (globalThis.navigator?.locks === undefined) lack('no navigator.locks');
  return new WebLock(nameOf());
}

/** The lock is held by others for as long as the call waits. */
function heldElsewhere(call) {
  const lock = free();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  void globalThis.navigator.locks.request(lock.name, () => held);
  return call(lock).finally(() => release());
}

export const syncCalls = {
  '@ambit/sync': { ...locks, ...signals, ...queues, ...channels },
  '@ambit/sync/web': web,
};
