import { ContextVar, currentTask, sleep, taskGroup, timeout, TimeoutError } from '@ambit/core';
import { currentGroup } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';
import { ResourcePool } from '@ambit/sync';

describe('what the pool makes is the pool’s', () => {
  test('it outlives the group of its first user, and goes with the group of the pool', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup(async () => {
        const pool = new ResourcePool({
          create: async () => {
            await sleep(1);
            currentGroup()?.defer(() => log.push('closed'));
            return 'connection';
          },
          destroy: () => log.push('destroyed'),
          max: 1,
        });
        for (const user of ['first', 'second']) {
          log.push(await taskGroup(() => pool.use((value) => `${user} has the ${value}`)));
        }
      });
      expect(log).toEqual(['first has the connection', 'second has the connection', 'closed']);
    }));

  test('a check that opens something, and the destruction, are the pool’s too', () =>
    testRun(async (main) => {
      const groups: unknown[] = [];
      const note = () => groups.push(currentGroup());
      const pool = new ResourcePool({
        create: () => 1,
        validate: async () => {
          await sleep(1);
          note();
          return false;
        },
        destroy: note,
        max: 1,
      });
      await taskGroup(() => pool.use(() => undefined));
      await taskGroup(() => pool.use(() => undefined));
      await taskGroup(() => pool.drain());
      expect(groups).toEqual([main, main, main]);
    }));

  test('variables are the pool’s; the task is the caller’s, for it waits', () =>
    testRun(async (group) => {
      const tenant = new ContextVar<string>();
      const pool = tenant.run(
        'pool',
        () =>
          new ResourcePool({
            create: async () => {
              await sleep(1);
              return [tenant.get(), currentTask()?.name];
            },
            destroy: () => undefined,
            max: 1,
          }),
      );
      const use = () => tenant.run('caller', () => pool.use((value) => value));
      expect(await group.spawn(use, { name: 'user' })).toEqual(['pool', 'user']);
    }));

  test('the caller’s time limit and signal reach create and validate', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const slow = (what: string) => async () => {
        await sleep(100).catch((error: unknown) => {
          log.push(`${what} was cut`);
          throw error;
        });
        return true;
      };
      const pool = new ResourcePool({
        create: slow('create'),
        validate: slow('validate'),
        destroy: () => undefined,
        max: 1,
      });
      const late = () => {
        const controller = new AbortController();
        group.spawn(async () => {
          await sleep(10);
          controller.abort('enough');
        });
        return pool.acquire(controller);
      };
      await expect(timeout(10, () => pool.acquire())).rejects.toThrow(TimeoutError);
      await expect(late()).rejects.toBe('enough');
      await pool.use(() => undefined);
      await expect(timeout(10, () => pool.acquire())).rejects.toThrow(TimeoutError);
      await pool.use(() => undefined);
      await expect(late()).rejects.toBe('enough');
      expect(log).toEqual(['create', 'create', 'validate', 'validate'].map((x) => `${x} was cut`));
      expect(pool.statistics()).toMatchObject({ borrowed: 0, size: 0, waiting: 0 });
    }));

  test('a destruction that takes its time holds up no cancelled caller, and keeps its slot', () =>
    testRun(async () => {
      let made = 0;
      const pool = new ResourcePool({
        create: () => (made += 1),
        validate: (value) => value > 1,
        destroy: () => sleep(100),
        max: 1,
      });
      await pool.use(() => undefined);
      await expect(timeout(10, () => pool.acquire())).rejects.toThrow(TimeoutError);
      expect(pool.statistics()).toMatchObject({ borrowed: 1, size: 1 });
      await expect(timeout(89, () => pool.acquire())).rejects.toThrow(TimeoutError);
      expect(await pool.use((value) => value)).toBe(2);
      await pool.drain();
    }));
});

describe('discard()', () => {
  test('destroys what is broken, and the next caller gets a new one', () =>
    testRun(async (group) => {
      const log: string[] = [];
      let made = 0;
      const pool = new ResourcePool({
        create: () => (made += 1),
        destroy: async (value) => {
          await sleep(5);
          log.push(`destroyed ${value}`);
        },
        max: 1,
        min: 1,
      });
      const lease = await pool.acquire();
      const next = group.spawn(() => pool.acquire());
      lease.discard();
      lease.discard();
      lease[Symbol.dispose]();
      await settle();
      expect(pool.statistics()).toMatchObject({ borrowed: 1, idle: 0, waiting: 1 });
      using second = await next;
      expect(second.value).toBe(2);
      expect(log).toEqual(['destroyed 1']);
    }));

  test('does nothing once the lease is given back', () =>
    testRun(async () => {
      const destroyed: number[] = [];
      const pool = new ResourcePool({
        create: () => 1,
        destroy: (value) => destroyed.push(value),
        max: 1,
      });
      const lease = await pool.acquire();
      lease[Symbol.dispose]();
      lease.discard();
      expect(pool.statistics()).toMatchObject({ borrowed: 0, idle: 1 });
      expect(destroyed).toEqual([]);
    }));

  test('drain() waits for it, and tells what failed', () =>
    testRun(async () => {
      const pool = new ResourcePool({
        create: () => 1,
        destroy: async () => {
          await sleep(5);
          throw new Error('stuck');
        },
        max: 2,
      });
      const lease = await pool.acquire();
      lease.discard();
      await expect(pool.drain()).rejects.toThrow('destroy failed for 1');
      expect(pool.statistics().size).toBe(0);
    }));
});

test('the functions are called with the options as this', () =>
  testRun(async () => {
    const seen = new Map<string, unknown>();
    const options = {
      max: 1,
      create() {
        seen.set('create', this);
        return 1;
      },
      validate() {
        seen.set('validate', this);
        return true;
      },
      destroy() {
        seen.set('destroy', this);
      },
    };
    const pool = new ResourcePool(options);
    await pool.use(() => undefined);
    await pool.use(() => undefined);
    await pool.drain();
    expect([...seen]).toEqual(['create', 'validate', 'destroy'].map((name) => [name, options]));
  }));

test('an idle resource keeps no process alive', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
  const before = timers().length;
  const pool = new ResourcePool({
    create: () => 1,
    destroy: () => undefined,
    max: 1,
    idleTimeout: 10_000,
  });
  await pool.use(() => undefined);
  expect(timers()).toHaveLength(before);
  await pool.drain();
});
