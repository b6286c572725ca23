import {
  CancelScope,
  currentScope,
  formatTaskTree,
  getRunningLoop,
  run,
  shield,
  sleep,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { ClosedError, ResourcePool } from '@ambit/sync';
import type { ResourcePoolOptions } from '@ambit/sync';

interface Connection {
  readonly id: number;
  isGood: boolean;
}

/** A pool of connections, and a log of what becomes of them. */
function poolOf(options: Partial<ResourcePoolOptions<Connection>> = {}) {
  const log: string[] = [];
  let ids = 0;
  const pool = new ResourcePool<Connection>({
    create: async () => {
      ids += 1;
      const id = ids;
      await sleep(10);
      log.push(`made ${id}`);
      return { id, isGood: true };
    },
    destroy: async ({ id }) => {
      await sleep(5);
      log.push(`destroyed ${id}`);
    },
    max: 2,
    ...options,
  });
  return { pool, log };
}

test('makes as many as are needed, up to the maximum; then who comes waits, in order', () =>
  testRun(async () => {
    const { pool, log } = poolOf();
    const use = (name: string) =>
      pool.use(async ({ id }) => {
        log.push(`${name} has ${id}`);
        await sleep(100);
        return id;
      });
    const all = Promise.all(['a', 'b', 'c', 'd'].map(use));
    await sleep(50);
    expect(pool.statistics()).toMatchObject({ borrowed: 2, idle: 0, size: 2, waiting: 2 });
    expect(await all).toEqual([1, 2, 2, 1]);
    expect(log.filter((line) => line.includes('has'))).toEqual([
      ...['a has 1', 'b has 2', 'c has 2', 'd has 1'],
    ]);
    expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 2, size: 2, waiting: 0 });
    await pool.drain();
  }));

test('lends what was used last; a lease is given back once, by anyone', () =>
  testRun(async () => {
    const { pool } = poolOf();
    const [a, b] = [await pool.acquire(), await pool.acquire()];
    a[Symbol.dispose]();
    b[Symbol.dispose]();
    a[Symbol.dispose]();
    expect(pool.statistics().idle).toBe(2);
    using again = await pool.acquire();
    expect(again.value).toBe(b.value);
  }));

test('use() gives it back however the body ends', () =>
  testRun(async () => {
    const { pool } = poolOf({ max: 1 });
    await expect(pool.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await pool.use(({ id }) => id)).toBe(1);
  }));

test('what cannot be made is the error of who asked; the next one gets its turn', () =>
  testRun(async () => {
    let isBroken = true;
    const pool = new ResourcePool({
      create: () => {
        if (isBroken) throw new Error('refused');
        return 'connection';
      },
      destroy: () => undefined,
      max: 1,
    });
    const first = expect(pool.acquire()).rejects.toThrow('refused');
    const second = expect(pool.acquire()).rejects.toThrow('refused');
    await Promise.all([first, second]);
    expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 0, size: 0, waiting: 0 });
    isBroken = false;
    expect(await pool.use((value) => value)).toBe('connection');
  }));

test('who is cancelled while one is made for it gives its place to the next', () =>
  testRun(async (group) => {
    const { pool, log } = poolOf({ max: 1 });
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => pool.acquire()));
    const second = group.spawn(() => pool.use(({ id }) => id));
    await sleep(5);
    scope.cancel();
    expect(await second).toBe(2);
    expect(log).toEqual(['made 2']);
    expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 1, size: 1, waiting: 0 });
  }));

test('one that is no longer good is destroyed, and another one lent', () =>
  testRun(async () => {
    const { pool, log } = poolOf({ validate: async ({ isGood }) => isGood });
    await pool.use((connection) => (connection.isGood = false));
    expect(await pool.use(({ id }) => id)).toBe(2);
    expect(log).toEqual(['made 1', 'destroyed 1', 'made 2']);
  }));

test('a check that throws counts as no; who is cancelled in it takes nothing', () =>
  testRun(async (group) => {
    let checks = 0;
    const { pool, log } = poolOf({
      max: 1,
      validate: async () => {
        checks += 1;
        if (checks === 1) throw new Error('gone');
        await sleep(100);
        return true;
      },
    });
    await pool.use(() => undefined);
    expect(await pool.use(({ id }) => id)).toBe(2);
    const scope = new CancelScope();
    const task = group.spawn(() => scope.run(() => pool.acquire()));
    await sleep(50);
    scope.cancel();
    expect(await task).toBe(undefined);
    expect(log).toEqual(['made 1', 'destroyed 1', 'made 2']);
    // The pool destroys it; the caller does not wait for that.
    await sleep(6);
    expect(log.at(-1)).toBe('destroyed 2');
    expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 0, size: 0, waiting: 0 });
  }));

test('one that is idle for too long is destroyed, unless it is one of the minimum', () =>
  testRun(async () => {
    const { pool, log } = poolOf({ max: 3, min: 1, idleTimeout: 1000 });
    const leases = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    for (const lease of leases) {
      lease[Symbol.dispose]();
      await sleep(100);
    }
    await sleep(750);
    expect(log.slice(3)).toEqual(['destroyed 1']);
    await sleep(100_000);
    expect(log.slice(3)).toEqual(['destroyed 1', 'destroyed 2']);
    expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 1, size: 1, waiting: 0 });
    await pool.drain();
    expect(log.at(-1)).toBe('destroyed 3');
  }));

test('the minimum stays, also if all become idle for too long at one instant', () =>
  testRun(async () => {
    const { pool, log } = poolOf({ max: 3, min: 1, idleTimeout: 1000 });
    const leases = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    for (const lease of leases) lease[Symbol.dispose]();
    await sleep(100_000);
    expect(log.slice(3)).toEqual(['destroyed 1', 'destroyed 2']);
    expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 1, size: 1, waiting: 0 });
    await pool.drain();
  }));

test('one that is lent again is not counted as idle meanwhile', () =>
  testRun(async () => {
    const { pool, log } = poolOf({ max: 1, idleTimeout: 1000 });
    const loop = getRunningLoop();
    const callAt = loop.callAt.bind(loop);
    let timers = 0;
    jest.spyOn(loop, 'callAt').mockImplementation((when, callback) => {
      const handle = callAt(when, callback);
      timers += 1;
      const cancel = (): void => {
        timers -= 1;
        handle.cancel();
      };
      return { when, cancel };
    });
    const first = await pool.acquire();
    timers = 0;
    first[Symbol.dispose]();
    expect(timers).toBe(1);
    const lease = await pool.acquire();
    expect(timers).toBe(0);
    await sleep(5000);
    lease[Symbol.dispose]();
    await sleep(999);
    expect(log).toEqual(['made 1']);
    await sleep(10);
    expect(log).toEqual(['made 1', 'destroyed 1']);
  }));

test('who is cancelled while a bad one is found out makes no other', () =>
  testRun(async (group) => {
    const scope = new CancelScope();
    const { pool, log } = poolOf({
      max: 1,
      create: () => {
        log.push('made one');
        return { id: 1, isGood: true };
      },
      validate: () => {
        scope.cancel();
        return false;
      },
    });
    await pool.use(() => undefined);
    await group.spawn(() => scope.run(() => pool.acquire()));
    await sleep(6);
    expect(log).toEqual(['made one', 'destroyed 1']);
    expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 0, size: 0, waiting: 0 });
  }));

test('one that has reached its age exactly is too old', () =>
  testRun(async () => {
    const { pool, log } = poolOf({ max: 1, maxAge: 1000 });
    const lease = await pool.acquire();
    await sleep(1000);
    lease[Symbol.dispose]();
    await sleep(5);
    expect(log).toEqual(['made 1', 'destroyed 1']);
  }));

test('one that is used stays, however old; one that is too old is not lent again', () =>
  testRun(async () => {
    const { pool, log } = poolOf({ max: 1, maxAge: 1000 });
    const lease = await pool.acquire();
    await sleep(5000);
    expect(log).toEqual(['made 1']);
    lease[Symbol.dispose]();
    expect(pool.statistics()).toMatchObject({ borrowed: 1, idle: 0, size: 1, waiting: 0 });
    await sleep(10);
    expect(log).toEqual(['made 1', 'destroyed 1']);
    await pool.use(() => undefined);
    await sleep(2000);
    expect(await pool.use(({ id }) => id)).toBe(3);
    expect(log.slice(2)).toEqual(['made 2', 'destroyed 2', 'made 3']);
  }));

describe('drain', () => {
  test('refuses newcomers, serves those who wait, waits for what is lent, and destroys all', () =>
    testRun(async (group) => {
      const { pool, log } = poolOf({ max: 1, name: 'db' });
      const lease = await pool.acquire();
      const waiting = group.spawn(() => pool.use(() => log.push('served')));
      await settle();
      const draining = group.spawn(() => pool.drain());
      await settle();
      await expect(pool.acquire()).rejects.toThrow(ClosedError);
      await expect(pool.use(() => 1)).rejects.toThrow(/resource pool "db" is drained/);
      lease[Symbol.dispose]();
      await waiting;
      expect(draining.done).toBe(false);
      await draining;
      expect(log).toEqual(['made 1', 'served', 'destroyed 1']);
      expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 0, size: 0, waiting: 0 });
      await pool.drain();
    }));

  test('ends for each who waits for it, and is named in the task tree', () =>
    testRun(async (group) => {
      const { pool } = poolOf({ name: 'db' });
      const lease = await pool.acquire();
      const both = [group.spawn(() => pool.drain()), group.spawn(() => pool.drain())];
      await settle();
      expect(formatTaskTree()).toContain('waits for drain of resource pool "db"');
      lease[Symbol.dispose]();
      await Promise.all(both);
    }));

  test('destroys what was kept for one who is cancelled in the same tick', () =>
    testRun(async (group) => {
      const { pool, log } = poolOf({ max: 1 });
      const lease = await pool.acquire();
      const scope = new CancelScope();
      group.spawn(() => scope.run(() => pool.acquire()));
      const draining = group.spawn(() => pool.drain());
      await settle();
      scope.cancel();
      lease[Symbol.dispose]();
      await draining;
      expect(log).toEqual(['made 1', 'destroyed 1']);
    }));

  test('leaves what is idle to one who came before, and finds another one bad', () =>
    testRun(async (group) => {
      const { pool, log } = poolOf({
        validate: async ({ isGood }) => {
          await sleep(10);
          return isGood;
        },
      });
      const [a, b] = [await pool.acquire(), await pool.acquire()];
      a[Symbol.dispose]();
      b.value.isGood = false;
      b[Symbol.dispose]();
      const task = group.spawn(() => pool.use(({ id }) => id));
      await settle();
      await pool.drain();
      expect(await task).toBe(1);
      expect(log.slice(2)).toEqual(['destroyed 2', 'destroyed 1']);
    }));

  test('destroy is not cut short by what cancels the one who made the pool', () =>
    testRun(async () => {
      const scope = new CancelScope();
      const log: string[] = [];
      await scope.run(async () => {
        const pool = poolOf({ destroy: () => sleep(5).then(() => log.push('destroyed')) }).pool;
        await pool.use(() => scope.cancel());
        await shield(() => pool.drain());
      });
      expect(log).toEqual(['destroyed']);
    }));

  test('destroys at once what is idle', () =>
    testRun(async () => {
      const { pool, log } = poolOf();
      await Promise.all([pool.use(() => sleep(1)), pool.use(() => sleep(1))]);
      const started = getRunningLoop().now();
      await pool.drain();
      expect(log.slice(2).toSorted()).toEqual(['destroyed 1', 'destroyed 2']);
      expect(getRunningLoop().now() - started).toBe(5);
    }));

  test('cancelled, it only waits no longer', () =>
    testRun(async (group) => {
      const { pool, log } = poolOf();
      const lease = await pool.acquire();
      const scope = new CancelScope();
      group.spawn(() => scope.run(() => pool.drain()));
      await settle();
      scope.cancel();
      await expect(pool.acquire()).rejects.toThrow(ClosedError);
      lease[Symbol.dispose]();
      await pool.drain();
      expect(log).toEqual(['made 1', 'destroyed 1']);
    }));

  test('tells of what could not be destroyed, once', () =>
    testRun(async () => {
      const pool = new ResourcePool({
        create: () => 1,
        destroy: () => {
          throw new Error('stuck');
        },
        max: 2,
      });
      await pool.use(() => undefined);
      const error = await pool.drain().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AggregateError);
      expect((error as AggregateError).errors).toEqual([new Error('stuck')]);
      await pool.drain();
    }));

  test('works in a cleanup, shielded', () =>
    testRun(async () => {
      const { pool, log } = poolOf();
      const scope = new CancelScope();
      await scope.run(async () => {
        try {
          await pool.use(() => scope.cancel());
          await sleep(1);
        } finally {
          await shield(() => pool.drain());
        }
      });
      expect(log).toEqual(['made 1', 'destroyed 1']);
    }));
});

test('destroy runs where the pool was made: a cancelled user does not cut it short', () =>
  testRun(async (group) => {
    const scopes: unknown[] = [];
    const { pool, log } = poolOf({ max: 1, maxAge: 1, create: () => ({ id: 0, isGood: true }) });
    const scope = new CancelScope();
    const user = group.spawn(() =>
      scope.run(() =>
        pool.use(async () => {
          scopes.push(currentScope());
          await sleep(100);
        }),
      ),
    );
    await sleep(50);
    scope.cancel();
    await user;
    await pool.drain();
    expect(log).toEqual(['destroyed 0']);
    expect(scopes).toHaveLength(1);
  }));

test('can be made before run()', async () => {
  const pool = new ResourcePool({ create: () => 1, destroy: () => undefined, max: 1 });
  expect(await run(() => pool.use((value) => value), { signals: [] })).toBe(1);
  await pool.drain();
});
