import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Budget,
  CapacityLimiter,
  Condition,
  Event,
  KeyedLock,
  Latch,
  Lock,
  memoize,
  Once,
  RateLimiter,
  ReadWriteLock,
  ResourcePool,
  Semaphore,
  TaskTracker,
} from '@ambit/sync';
import type { Guard, SignalOptions } from '@ambit/sync';

/** A primitive at which each new caller has to wait. */
export interface Blocked {
  /** Waits; resolves with the way to give back. */
  wait(options?: SignalOptions): Promise<() => unknown>;
  /** Lets one go who waits, or all. */
  letGo(): unknown;
  statistics(): object & { readonly waiting: number; readonly peak: number };
  /** What the task tree shows of who waits. */
  readonly label: string;
}

const giving = (guard: Guard) => () => guard[Symbol.dispose]();
const nothing = () => undefined;

/** For what calls a body: waits until it is called; what ends it is the way to give back. */
function inside(
  run: (body: () => Promise<void>, options?: SignalOptions) => Promise<void>,
): Blocked['wait'] {
  return (options) =>
    new Promise((resolve, reject) => {
      const body = (): Promise<void> => new Promise((end) => resolve(end));
      run(body, options).catch(reject);
    });
}

function held(guard: Guard | undefined): Guard {
  if (guard === undefined) throw new Error('it should have been free');
  return guard;
}

/** Those of which one who waits is let go at a time. */
export const oneByOne: Record<string, (name?: string) => Blocked> = {
  Lock: (name) => {
    const lock = new Lock({ name });
    lock.tryAcquire();
    return {
      wait: async (options) => giving(await lock.acquire(options)),
      letGo: () => lock.release(),
      statistics: () => lock.statistics(),
      label: 'lock "x"',
    };
  },
  'Lock.run': (name) => {
    const lock = new Lock({ name });
    lock.tryAcquire();
    return {
      wait: inside((body, options) => lock.run(body, options)),
      letGo: () => lock.release(),
      statistics: () => lock.statistics(),
      label: 'lock "x"',
    };
  },
  Semaphore: (name) => {
    const semaphore = new Semaphore(0, { name });
    return {
      wait: async (options) => giving(await semaphore.acquire(options)),
      letGo: () => semaphore.release(),
      statistics: () => semaphore.statistics(),
      label: 'semaphore "x"',
    };
  },
  'Semaphore.run': (name) => {
    const semaphore = new Semaphore(0, { name });
    return {
      wait: inside((body, options) => semaphore.run(body, options)),
      letGo: () => semaphore.release(),
      statistics: () => semaphore.statistics(),
      label: 'semaphore "x"',
    };
  },
  BoundedSemaphore: (name) => {
    const semaphore = new BoundedSemaphore(2, { name });
    semaphore.tryAcquire(2);
    return {
      wait: async (options) => giving(await semaphore.acquire(options)),
      letGo: () => semaphore.release(),
      statistics: () => semaphore.statistics(),
      label: 'semaphore "x"',
    };
  },
  Budget: (name) => {
    const budget = new Budget(1, { name });
    const first = held(budget.tryReserve(1));
    return {
      wait: async (options) => giving(await budget.reserve(1, options)),
      letGo: giving(first),
      statistics: () => budget.statistics(),
      label: 'budget "x"',
    };
  },
  'Budget, a child': (name) => {
    const budget = new Budget(1, { name: 'root' });
    const first = held(budget.tryReserve(1));
    const child = budget.child(1, { name });
    return {
      wait: async (options) => giving(await child.reserve(1, options)),
      letGo: giving(first),
      statistics: () => child.statistics(),
      label: 'budget "x"',
    };
  },
  CapacityLimiter: (name) => {
    const limiter = new CapacityLimiter(1, { name });
    const first = held(limiter.tryAcquire());
    return {
      wait: async (options) => giving(await limiter.acquire(options)),
      letGo: giving(first),
      statistics: () => limiter.statistics(),
      label: 'capacity limiter "x"',
    };
  },
  'CapacityLimiter.run': (name) => {
    const limiter = new CapacityLimiter(1, { name });
    const first = held(limiter.tryAcquire());
    return {
      wait: inside((body, options) => limiter.run(body, options)),
      letGo: giving(first),
      statistics: () => limiter.statistics(),
      label: 'capacity limiter "x"',
    };
  },
  'CapacityLimiter, on behalf of somebody': (name) => {
    const limiter = new CapacityLimiter(1, { name });
    const first = held(limiter.tryAcquire());
    return {
      wait: async (options) => giving(await limiter.acquireOnBehalfOf({}, options)),
      letGo: giving(first),
      statistics: () => limiter.statistics(),
      label: 'capacity limiter "x"',
    };
  },
  'ReadWriteLock, writing': (name) => {
    const lock = new ReadWriteLock({ name });
    const first = held(lock.tryRead());
    return {
      wait: async (options) => giving(await lock.write(options)),
      letGo: giving(first),
      statistics: () => lock.statistics(),
      label: 'write of read-write lock "x" (1 reading)',
    };
  },
  KeyedLock: (name) => {
    const lock = new KeyedLock<number>({ name });
    const first = held(lock.tryAcquire(7));
    return {
      wait: async (options) => giving(await lock.acquire(7, options)),
      letGo: giving(first),
      statistics: () => lock.statistics(),
      label: 'lock "x 7"',
    };
  },
  'KeyedLock.run': (name) => {
    const lock = new KeyedLock<number>({ name });
    const first = held(lock.tryAcquire(7));
    return {
      wait: inside((body, options) => lock.run(7, body, options)),
      letGo: giving(first),
      statistics: () => lock.statistics(),
      label: 'lock "x 7"',
    };
  },
  'Condition, the lock': (name) => {
    const condition = new Condition(undefined, { name });
    condition.tryAcquire();
    return {
      wait: async (options) => giving(await condition.acquire(options)),
      letGo: () => condition.release(),
      statistics: () => {
        const { waitingForLock, locked, peak } = condition.statistics();
        return { waiting: waitingForLock, locked, peak };
      },
      label: 'lock "x"',
    };
  },
  ResourcePool: (name) => {
    const pool = new ResourcePool({ create: () => 1, destroy: nothing, max: 1, name });
    let first: Guard | undefined;
    void pool.acquire().then((lease) => (first = lease));
    return {
      wait: async (options) => giving(await pool.acquire(options)),
      letGo: () => first?.[Symbol.dispose](),
      statistics: () => {
        const { waiting, borrowed, peak } = pool.statistics();
        return { waiting, borrowed, peak };
      },
      label: 'resource pool "x"',
    };
  },
};

/** Those that are waited for under a lock, or by an instant: races of theirs are in their own suites. */
const others: Record<string, (name?: string) => Blocked> = {
  'Condition, a notification': (name) => {
    const condition = new Condition(undefined, { name });
    return {
      wait: async (options) => {
        const guard = await condition.acquire();
        try {
          await condition.wait(options);
        } finally {
          guard[Symbol.dispose]();
        }
        return nothing;
      },
      letGo: () => condition.run(() => condition.notify()),
      statistics: () => condition.statistics(),
      label: 'condition "x"',
    };
  },
  RateLimiter: (name) => {
    const limiter = new RateLimiter({ permits: 1, per: 1000, name });
    return {
      wait: async (options) => {
        limiter.tryAcquire();
        await limiter.acquire(options);
        return nothing;
      },
      letGo: nothing,
      statistics: () => {
        const { waiting, peak } = limiter.statistics();
        return { waiting, peak };
      },
      label: 'rate limiter "x"',
    };
  },
  Once: (name) => {
    const once = new Once<number>({ name });
    void once.get(() => new Promise<never>(nothing));
    return {
      wait: (options) => once.get(() => 1, options).then(() => nothing),
      letGo: nothing,
      statistics: () => once.statistics(),
      label: 'once "x"',
    };
  },
  memoize: (name) => {
    const one = memoize(() => new Promise<never>(nothing), { name });
    void one();
    return {
      wait: (options) => one.with(options ?? {})(),
      letGo: nothing,
      statistics: () => one.statistics(),
      label: 'memoize "x"',
    };
  },
  'ResourcePool.use': (name) => {
    const pool = new ResourcePool({ create: () => 1, destroy: nothing, max: 1, name });
    void pool.acquire();
    return {
      wait: (options) => pool.use(() => nothing, options),
      letGo: nothing,
      statistics: () => pool.statistics(),
      label: 'resource pool "x"',
    };
  },
};

/** Those of which all who wait are let go together. */
export const allTogether: Record<string, (name?: string) => Blocked> = {
  Event: (name) => {
    const event = new Event({ name });
    return {
      wait: (options) => event.wait(options).then(() => nothing),
      letGo: () => event.set(),
      statistics: () => event.statistics(),
      label: 'event "x"',
    };
  },
  Latch: (name) => {
    const latch = new Latch(2, { name });
    return {
      wait: (options) => latch.wait(options).then(() => nothing),
      letGo: () => latch.countDown(2),
      statistics: () => latch.statistics(),
      label: 'latch "x"',
    };
  },
  TaskTracker: (name) => {
    const tracker = new TaskTracker({ name });
    return {
      wait: (options) => tracker.wait(options).then(() => nothing),
      letGo: () => tracker.close(),
      statistics: () => tracker.statistics(),
      label: 'task tracker "x"',
    };
  },
  'Barrier, broken': (name) => {
    const barrier = new Barrier(10, { name });
    return {
      wait: (options) =>
        barrier.wait(options).then(
          () => nothing,
          (error: unknown) => {
            if (error instanceof BrokenBarrierError) return nothing;
            throw error;
          },
        ),
      letGo: () => barrier.reset(),
      statistics: () => barrier.statistics(),
      label: 'barrier "x"',
    };
  },
  'ReadWriteLock, reading': (name) => {
    const lock = new ReadWriteLock({ name });
    const first = held(lock.tryWrite());
    return {
      wait: async (options) => giving(await lock.read(options)),
      letGo: giving(first),
      statistics: () => lock.statistics(),
      label: 'read of read-write lock "x" (held by "main")',
    };
  },
};

/** Waiting methods that need not wait. */
export const free: Record<
  string,
  () => { call(o?: SignalOptions): Promise<unknown>; state(): object }
> = {
  'Lock.acquire': () => {
    const lock = new Lock();
    return { call: (options) => lock.acquire(options), state: () => lock.statistics() };
  },
  'Lock.run': () => {
    const lock = new Lock();
    return { call: (options) => lock.run(() => 1, options), state: () => lock.statistics() };
  },
  'Semaphore.acquire': () => {
    const semaphore = new Semaphore(1);
    return { call: (options) => semaphore.acquire(options), state: () => semaphore.statistics() };
  },
  'Budget.reserve': () => {
    const budget = new Budget(1);
    return { call: (options) => budget.reserve(1, options), state: () => budget.statistics() };
  },
  'CapacityLimiter.acquire': () => {
    const limiter = new CapacityLimiter(1);
    return { call: (options) => limiter.acquire(options), state: () => limiter.statistics() };
  },
  'CapacityLimiter.acquireOnBehalfOf': () => {
    const limiter = new CapacityLimiter(1);
    return {
      call: (options) => limiter.acquireOnBehalfOf('me', options),
      state: () => limiter.statistics(),
    };
  },
  'Event.wait': () => {
    const event = new Event();
    event.set();
    return { call: (options) => event.wait(options), state: () => event.statistics() };
  },
  'Condition.wait': () => {
    const condition = new Condition();
    condition.tryAcquire();
    return { call: (options) => condition.wait(options), state: () => condition.statistics() };
  },
  'Condition.waitFor': () => {
    const condition = new Condition();
    condition.tryAcquire();
    return {
      call: (options) => condition.waitFor(() => true, options),
      state: () => condition.statistics(),
    };
  },
  'Barrier.wait': () => {
    const barrier = new Barrier(1);
    return { call: (options) => barrier.wait(options), state: () => barrier.statistics() };
  },
  'ReadWriteLock.read': () => {
    const lock = new ReadWriteLock();
    return { call: (options) => lock.read(options), state: () => lock.statistics() };
  },
  'ReadWriteLock.write': () => {
    const lock = new ReadWriteLock();
    return { call: (options) => lock.write(options), state: () => lock.statistics() };
  },
  'KeyedLock.acquire': () => {
    const lock = new KeyedLock<string>();
    return { call: (options) => lock.acquire('key', options), state: () => lock.statistics() };
  },
  'KeyedLock.run': () => {
    const lock = new KeyedLock<string>();
    return { call: (options) => lock.run('key', () => 1, options), state: () => lock.statistics() };
  },
  'Latch.wait': () => {
    const latch = new Latch(0);
    return { call: (options) => latch.wait(options), state: () => latch.statistics() };
  },
  'Once.get': () => {
    const once = new Once<number>();
    return { call: (options) => once.get(() => 1, options), state: () => once.statistics() };
  },
  memoize: () => {
    const one = memoize(() => 1);
    return { call: (options) => one.with(options ?? {})(), state: () => one.statistics() };
  },
  'TaskTracker.wait': () => {
    const tracker = new TaskTracker();
    tracker.close();
    return { call: (options) => tracker.wait(options), state: () => tracker.statistics() };
  },
  'RateLimiter.acquire': () => {
    const limiter = new RateLimiter({ permits: 1, per: 1000 });
    return { call: (options) => limiter.acquire(options), state: () => limiter.statistics() };
  },
  'ResourcePool.acquire': () => {
    const pool = new ResourcePool({ create: () => 1, destroy: nothing, max: 1 });
    return { call: (options) => pool.acquire(options), state: () => pool.statistics() };
  },
  'ResourcePool.drain': () => {
    const pool = new ResourcePool({ create: () => 1, destroy: nothing, max: 1 });
    return { call: (options) => pool.drain(options), state: () => pool.statistics() };
  },
};

/** All at which one waits. */
export const blocking: Record<string, (name?: string) => Blocked> = {
  ...oneByOne,
  ...allTogether,
  ...others,
};
