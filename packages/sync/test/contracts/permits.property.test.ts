// rules 19-21, 162, 163, 169-173, 175, 192, 232, 233: the laws at the top of the contract, by search.
import {
  BoundedSemaphore,
  Budget,
  CapacityLimiter,
  Condition,
  KeyedLock,
  Lock,
  ReadWriteLock,
  ResourcePool,
  Semaphore,
} from '@ambit/sync';
import type { Guard, Preference } from '@ambit/sync';
import { conservesPermits } from './conservation.ts';
import type { Keeper, Use } from './conservation.ts';

const giving = (guard: Guard) => () => guard[Symbol.dispose]();
const givingOrNot = (guard: Guard | undefined) => guard && giving(guard);
const total = (uses: readonly Use[]) => uses.reduce((sum, use) => sum + use.weight, 0);

conservesPermits('Lock', (): Keeper => {
  const lock = new Lock();
  return {
    acquire: async (_, options) => giving(await lock.acquire(options)),
    tryAcquire: () => givingOrNot(lock.tryAcquire()),
    admits: (_, inside) => inside.length === 0,
    statistics: () => lock.statistics(),
    expected: (inside, waiting) => ({ locked: inside.length > 0, waiting: waiting.length }),
  };
});

conservesPermits('Lock, released by hand', () => {
  const lock = new Lock();
  return {
    acquire: async (_, options) => {
      await lock.acquire(options);
      return () => lock.release();
    },
    admits: (_, inside) => inside.length === 0,
    statistics: () => lock.statistics(),
    expected: (inside, waiting) => ({ locked: inside.length > 0, waiting: waiting.length }),
  };
});

describe.each([
  ['Semaphore', () => new Semaphore(3)],
  ['BoundedSemaphore', () => new BoundedSemaphore(3)],
])('%s', (name, make) => {
  conservesPermits(name, (): Keeper => {
    const semaphore = make();
    return {
      acquire: async ({ weight }, { signal }) =>
        giving(await semaphore.acquire({ permits: weight, signal })),
      tryAcquire: ({ weight }) => givingOrNot(semaphore.tryAcquire(weight)),
      admits: (use, inside) => total(inside) + use.weight <= 3,
      statistics: () => semaphore.statistics(),
      expected: (inside, waiting) => ({
        available: 3 - total(inside),
        borrowed: total(inside),
        waiting: waiting.length,
      }),
    };
  });
});

conservesPermits('Budget', (): Keeper => {
  const budget = new Budget(3);
  return {
    acquire: async ({ weight }, options) => giving(await budget.reserve(weight, options)),
    tryAcquire: ({ weight }) => givingOrNot(budget.tryReserve(weight)),
    admits: (use, inside) => total(inside) + use.weight <= 3,
    statistics: () => budget.statistics(),
    expected: (inside, waiting) => ({
      reserved: total(inside),
      remaining: 3 - total(inside),
      spent: 0,
      waiting: waiting.length,
    }),
  };
});

describe.each([
  ['on nobody’s behalf', false],
  ['on behalf of somebody', true],
])('CapacityLimiter, %s', (how, isOnBehalf) => {
  conservesPermits(how, () => {
    const limiter = new CapacityLimiter(2);
    return {
      acquire: async (use, options) =>
        giving(
          await (isOnBehalf ? limiter.acquireOnBehalfOf(use, options) : limiter.acquire(options)),
        ),
      ...(!isOnBehalf && { tryAcquire: () => givingOrNot(limiter.tryAcquire()) }),
      admits: (_, inside) => inside.length < 2,
      statistics: () => limiter.statistics(),
      expected: (inside, waiting) => ({
        borrowed: inside.length,
        waiting: waiting.length,
        total: 2,
      }),
    };
  });
});

describe.each<Preference>(['fifo', 'readers', 'writers'])(
  'ReadWriteLock, preferring %s',
  (preferring) => {
    conservesPermits(preferring, () => {
      const lock = new ReadWriteLock({ preferring });
      const isWriter = (use: Use) => use.kind === 0;
      return {
        acquire: async (use, options) =>
          giving(await (isWriter(use) ? lock.write(options) : lock.read(options))),
        tryAcquire: (use) => givingOrNot(isWriter(use) ? lock.tryWrite() : lock.tryRead()),
        admits: (use, inside) => inside.length === 0 || (!isWriter(use) && !inside.some(isWriter)),
        line: (use) => (preferring === 'fifo' ? 'all' : isWriter(use)),
        isHeldBack: (use, waiting) =>
          (preferring === 'writers' && !isWriter(use) && waiting.some(isWriter)) ||
          (preferring === 'readers' && isWriter(use) && !waiting.every(isWriter)),
        statistics: () => lock.statistics(),
        expected: (inside, waiting) => ({
          readers: inside.filter((use) => !isWriter(use)).length,
          writing: inside.some(isWriter),
          waiting: waiting.length,
        }),
      };
    });
  },
);

conservesPermits('KeyedLock', () => {
  const lock = new KeyedLock<number>();
  return {
    acquire: async ({ kind }, options) => giving(await lock.acquire(kind, options)),
    tryAcquire: ({ kind }) => givingOrNot(lock.tryAcquire(kind)),
    admits: ({ kind }, inside) => !inside.some((other) => other.kind === kind),
    line: ({ kind }) => kind,
    statistics: () => lock.statistics(),
    // An entry exists only while it is held or waited for.
    expected: (inside, waiting) => ({
      size: new Set(inside.map(({ kind }) => kind)).size,
      waiting: waiting.length,
    }),
  };
});

conservesPermits('ResourcePool', () => {
  let made = 0;
  const pool = new ResourcePool({
    create: () => {
      made += 1;
      return {};
    },
    destroy: () => {
      made -= 1;
    },
    max: 2,
  });
  return {
    acquire: async (_, options) => giving(await pool.acquire(options)),
    admits: (_, inside) => inside.length < 2 && made <= 2,
    statistics: () => {
      const { borrowed, waiting } = pool.statistics();
      return { borrowed, waiting };
    },
    expected: (inside, waiting) => ({ borrowed: inside.length, waiting: waiting.length }),
  };
});

// rules 177-180: who comes in notifies, and two thirds of them wait for a notification before they go.
describe.each([1, 2])('Condition, notifying %d', (count) => {
  conservesPermits('the lock of the condition', () => {
    const condition = new Condition();
    return {
      acquire: async ({ kind }, options) => {
        const guard = await condition.acquire(options);
        condition.notify(count);
        try {
          if (kind > 0) await condition.wait(options);
        } catch (error) {
          // Cancelled, it has the lock all the same.
          guard[Symbol.dispose]();
          throw error;
        }
        return giving(guard);
      },
      admits: (_, inside) => inside.length === 0,
      line: () => undefined,
      isHeldBack: (use) => use.kind > 0,
      statistics: () => {
        const { locked, waiting, waitingForLock } = condition.statistics();
        return { locked, waiting: waiting + waitingForLock };
      },
      expected: (inside, waiting) => ({ locked: inside.length > 0, waiting: waiting.length }),
      finish: () => condition.run(() => condition.notifyAll()),
    };
  });
});
