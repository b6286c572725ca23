// The laws of guards at the top of the contract, for each way to get one.
import { testRun } from '@ambit/core/testing';
import {
  BoundedSemaphore,
  Broadcast,
  CapacityLimiter,
  channel,
  Condition,
  guard,
  KeyedLock,
  Lock,
  ReadWriteLock,
  ResourcePool,
  Semaphore,
} from '@ambit/sync';

interface Guarded {
  /** There is room for one at a time. */
  acquire(): Promise<Disposable> | Disposable;
  isFree(): boolean;
}

const guarded: Record<string, () => Guarded> = {
  'Lock.acquire': () => {
    const lock = new Lock();
    return { acquire: () => lock.acquire(), isFree: () => !lock.locked };
  },
  'Lock.tryAcquire': () => {
    const lock = new Lock();
    return { acquire: () => taken(lock.tryAcquire()), isFree: () => !lock.locked };
  },
  'Semaphore.acquire': () => {
    const semaphore = new Semaphore(3);
    return {
      acquire: () => semaphore.acquire({ permits: 3 }),
      isFree: () => semaphore.available === 3,
    };
  },
  'Semaphore.tryAcquire': () => {
    const semaphore = new Semaphore(3);
    return {
      acquire: () => taken(semaphore.tryAcquire(3)),
      isFree: () => semaphore.available === 3,
    };
  },
  'BoundedSemaphore.acquire': () => {
    const semaphore = new BoundedSemaphore(1);
    return { acquire: () => semaphore.acquire(), isFree: () => semaphore.available === 1 };
  },
  'CapacityLimiter.acquire': () => {
    const limiter = new CapacityLimiter(1);
    return { acquire: () => limiter.acquire(), isFree: () => limiter.borrowed === 0 };
  },
  'CapacityLimiter.tryAcquire': () => {
    const limiter = new CapacityLimiter(1);
    return { acquire: () => taken(limiter.tryAcquire()), isFree: () => limiter.borrowed === 0 };
  },
  'CapacityLimiter.acquireOnBehalfOf': () => {
    const limiter = new CapacityLimiter(1);
    return {
      acquire: () => limiter.acquireOnBehalfOf('me'),
      isFree: () => limiter.borrowed === 0,
    };
  },
  'ReadWriteLock.write': () => {
    const lock = new ReadWriteLock();
    return { acquire: () => lock.write(), isFree: () => !lock.statistics().writing };
  },
  'ReadWriteLock.tryWrite': () => {
    const lock = new ReadWriteLock();
    return { acquire: () => taken(lock.tryWrite()), isFree: () => !lock.statistics().writing };
  },
  'ReadWriteLock.read': () => {
    const lock = new ReadWriteLock();
    return { acquire: () => lock.read(), isFree: () => lock.statistics().readers === 0 };
  },
  'ReadWriteLock.tryRead': () => {
    const lock = new ReadWriteLock();
    return { acquire: () => taken(lock.tryRead()), isFree: () => lock.statistics().readers === 0 };
  },
  'KeyedLock.acquire': () => {
    const lock = new KeyedLock<string>();
    return { acquire: () => lock.acquire('key'), isFree: () => lock.size === 0 };
  },
  'KeyedLock.tryAcquire': () => {
    const lock = new KeyedLock<string>();
    return { acquire: () => taken(lock.tryAcquire('key')), isFree: () => lock.size === 0 };
  },
  'Condition.acquire': () => {
    const condition = new Condition();
    return { acquire: () => condition.acquire(), isFree: () => !condition.locked };
  },
  'ResourcePool.acquire': () => {
    const pool = new ResourcePool({ create: () => 1, destroy: () => undefined, max: 1 });
    return { acquire: () => pool.acquire(), isFree: () => pool.statistics().borrowed === 0 };
  },
  'SendChannel.reserve': () => {
    const [sender, receiver] = channel<number>(1);
    return {
      acquire: () => sender.reserve(),
      isFree: () => receiver.statistics().openSenders === 1,
    };
  },
  'Broadcast.subscribe': () => {
    const broadcast = new Broadcast<number>({ onLag: 'drop-oldest', capacity: 1 });
    return {
      acquire: () => broadcast.subscribe(),
      isFree: () => broadcast.statistics().subscribers === 0,
    };
  },
  'guard().enter': () => {
    const use = guard('using it');
    return { acquire: () => use.enter(), isFree: () => !use.statistics().busy };
  },
};

function taken(held: Disposable | undefined): Disposable {
  if (held === undefined) throw new Error('it should have been free');
  return held;
}

describe.each(Object.entries(guarded))('the guard of %s', (_, make) => {
  test('gives back at the end of its block, by `using`', () =>
    testRun(async () => {
      const { acquire, isFree } = make();
      for (let round = 0; round < 2; round += 1) {
        using held = await acquire();
        expect(held).toBeDefined();
        expect(isFree()).toBe(false);
      }
      expect(isFree()).toBe(true);
    }));

  test('gives back by hand, once: disposed again it takes nothing from who came after', () =>
    testRun(async () => {
      const { acquire, isFree } = make();
      const first = await acquire();
      first[Symbol.dispose]();
      expect(isFree()).toBe(true);
      const second = await acquire();
      first[Symbol.dispose]();
      expect(isFree()).toBe(false);
      second[Symbol.dispose]();
      expect(isFree()).toBe(true);
    }));
});
