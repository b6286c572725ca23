import {
  CancelScope,
  formatTaskTree,
  gather,
  InvalidStateError,
  run,
  sleep,
  taskGroup,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Lock } from '@ambit/sync';

test('lets one in at a time, in the order they came', () =>
  testRun(async (group) => {
    // rule 161
    const lock = new Lock();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      group.spawn(async () => {
        using held = await lock.acquire();
        expect(held).toBeDefined();
        log.push(`${name} in`);
        await sleep(10);
        log.push(`${name} out`);
      });
    }
    await group.join();
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  }));

test('a wait tells which task has the lock, and of each new one', () =>
  testRun(async (group) => {
    const lock = new Lock({ name: 'x' });
    for (const name of ['a', 'b', 'c']) {
      group.spawn(() => lock.run(() => sleep(10)), { name });
    }
    await settle();
    expect(formatTaskTree()).toMatch(/task b: .* waits for lock "x" \(held by "a"\)/);
    expect(formatTaskTree()).toMatch(/task c: .* waits for lock "x" \(held by "a"\)/);
    await sleep(10);
    expect(formatTaskTree()).toMatch(/task c: .* waits for lock "x" \(held by "b"\)/);
    await group.join();
  }));

test('released, it belongs to the next at once: nobody barges in before it has resumed', () =>
  testRun(async (group) => {
    // rules 161, 167, 168
    const lock = new Lock();
    const first = lock.tryAcquire();
    const second = group.spawn(() => lock.acquire(), { name: 'second' });
    await settle();
    expect(lock.tryAcquire()).toBe(undefined);
    first?.[Symbol.dispose]();
    expect(lock.tryAcquire()).toBe(undefined);
    expect(lock.statistics()).toMatchObject({ locked: true, owner: 'second', waiting: 0 });
    const third = group.spawn(() => lock.acquire());
    await settle();
    expect([second.done, third.done]).toEqual([true, false]);
    (await second)[Symbol.dispose]();
    (await third)[Symbol.dispose]();
    expect(lock.statistics()).toMatchObject({ locked: false, owner: undefined, waiting: 0 });
  }));

test('a guard may be handed on and disposed by anyone, once; the second time does nothing', () =>
  testRun(async (group) => {
    const lock = new Lock();
    const guard = await lock.acquire();
    await group.spawn(() => guard[Symbol.dispose]());
    expect(lock.locked).toBe(false);
    const other = lock.tryAcquire();
    guard[Symbol.dispose]();
    expect(lock.locked).toBe(true);
    other?.[Symbol.dispose]();
  }));

test('released by hand, the guard of that holding does nothing any more', () =>
  testRun(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    lock.release();
    expect(lock.tryAcquire()).toBeDefined();
    guard[Symbol.dispose]();
    expect(lock.locked).toBe(true);
  }));

test('releasing what nobody holds is an error, and changes nothing', () =>
  testRun(async () => {
    // rule 164
    const lock = new Lock({ name: 'db' });
    expect(() => lock.release()).toThrow(InvalidStateError);
    expect(() => lock.release()).toThrow(/the lock "db" is not held/);
    await lock.run(() => 1);
    expect(() => lock.release()).toThrow(InvalidStateError);
  }));

test('run() gives the body’s value or error, and releases either way', () =>
  testRun(async () => {
    const lock = new Lock();
    expect(await lock.run(() => lock.locked)).toBe(true);
    expect(await lock.run(async () => 'later')).toBe('later');
    const error = new Error('no');
    await expect(lock.run(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      lock.run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(lock.locked).toBe(false);
  }));

test('a body that releases the lock itself, and lets another in, does not release that one’s', () =>
  testRun(async () => {
    const lock = new Lock();
    let other: Disposable | undefined;
    await lock.run(() => {
      lock.release();
      other = lock.tryAcquire();
    });
    expect(lock.locked).toBe(true);
    other?.[Symbol.dispose]();
  }));

describe('inside its own run()', () => {
  const refusal = /would wait for itself forever/;

  test('acquiring again is an error at once, along awaits', () =>
    testRun(async () => {
      // rule 164
      const lock = new Lock({ name: 'db' });
      await lock.run(async () => {
        await sleep(1);
        await expect(lock.acquire()).rejects.toThrow(InvalidStateError);
        await expect(lock.run(() => 1)).rejects.toThrow(refusal);
        await expect(Promise.all([Promise.resolve(), lock.acquire()])).rejects.toThrow(/lock "db"/);
        expect(lock.tryAcquire()).toBe(undefined);
        expect(lock.statistics().waiting).toBe(0);
      });
      await lock.run(() => undefined);
    }));

  test('also in a task that the body waits for', () =>
    testRun(async () => {
      const lock = new Lock();
      await lock.run(async () => {
        await expect(gather([() => lock.acquire()])).rejects.toThrow(refusal);
        await taskGroup(async (inner) => {
          inner.spawn(() => taskGroup(async () => expect(lock.acquire()).rejects.toThrow(refusal)));
        });
      });
    }));

  test('a task of a group from further out may wait: the body does not wait for it', () =>
    testRun(async (group) => {
      const lock = new Lock();
      const log: string[] = [];
      await lock.run(async () => {
        group.spawn(async () => {
          await taskGroup(() => lock.run(() => log.push('the task')));
        });
        await sleep(5);
        log.push('the body');
      });
      await group.join();
      expect(log).toEqual(['the body', 'the task']);
    }));

  test('what was spawned there may acquire it once run() is over', () =>
    testRun(async (group) => {
      const lock = new Lock();
      const late = await lock.run(() => ({
        task: group.spawn(async () => {
          await sleep(10);
          return lock.run(() => 'free');
        }),
      }));
      expect(await late.task).toBe('free');
    }));

  test('another lock is another matter, and two calls side by side are fine', () =>
    testRun(async () => {
      const [a, b] = [new Lock(), new Lock()];
      expect(await a.run(() => b.run(() => 'both'))).toBe('both');
      const log: string[] = [];
      const body = (name: string) => async () => {
        log.push(`${name} in`);
        await sleep(1);
        log.push(`${name} out`);
      };
      await Promise.all([a.run(body('one')), a.run(body('two'))]);
      expect(log).toEqual(['one in', 'one out', 'two in', 'two out']);
    }));
});

test('who is cancelled while waiting is skipped; who is cancelled holding it releases it', () =>
  testRun(async (group) => {
    // rules 162, 163
    const lock = new Lock();
    const scope = new CancelScope();
    const holder = group.spawn(() => scope.run(() => lock.run(() => sleep(1000))));
    const waiting = group.spawn(() => lock.run(() => 'in'));
    await settle();
    scope.cancel();
    expect(await holder).toBe(undefined);
    expect(await waiting).toBe('in');
    expect(lock.locked).toBe(false);
  }));

test('a loop that acquires and releases without waiting lets timers and I/O have their turn', async () => {
  // rule 166
  const lock = new Lock();
  const time = { isUp: false };
  const timer = setTimeout(() => (time.isUp = true), 20);
  const end = performance.now() + 3000;
  while (!time.isUp && performance.now() < end) (await lock.acquire())[Symbol.dispose]();
  clearTimeout(timer);
  expect(time.isUp).toBe(true);
});

test('can be made and held before run(), and released in it', async () => {
  const lock = new Lock();
  const guard = await lock.acquire();
  expect(lock.statistics()).toMatchObject({ locked: true, owner: undefined, waiting: 0 });
  await run(
    async (group) => {
      const task = group.spawn(() => lock.run(() => 'in'));
      await sleep(1);
      guard[Symbol.dispose]();
      expect(await task).toBe('in');
    },
    { signals: [] },
  );
});

test('a task that ends holding it leaves it held; debug mode says so', async () => {
  // rule 165
  const lock = new Lock({ name: 'db' });
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  await run(
    async (group) => {
      await group.spawn(() => lock.run(() => 1), { name: 'tidy' });
      await group.spawn(() => lock.acquire(), { name: 'careless' });
    },
    { debug: true, signals: [] },
  );
  expect(lock.locked).toBe(true);
  expect(warn.mock.calls).toEqual([
    ['the task "careless" has ended and still holds the lock "db"', 'LeftHeldWarning'],
  ]);
  warn.mockRestore();
});

test('hands itself on 20,000 times in a time that is linear', () =>
  testRun(
    async (group) => {
      const lock = new Lock();
      const guard = await lock.acquire();
      let count = 0;
      const all = Array.from({ length: 20_000 }, async () => {
        const held = await lock.acquire();
        count += 1;
        held[Symbol.dispose]();
      });
      group.spawn(() => guard[Symbol.dispose]());
      await Promise.all(all);
      expect(count).toBe(20_000);
    },
    { limit: 15_000 },
  ));

test.each([5, 'soon', null, { signal: 5 }])(
  'a lock refuses %j as options, free or held',
  async (options) => {
    const lock = new Lock();
    await expect(lock.acquire(options as never)).rejects.toThrow(TypeError);
    using _held = await lock.acquire();
    await expect(lock.acquire(options as never)).rejects.toThrow(TypeError);
    await expect(lock.run(() => 1, options as never)).rejects.toThrow(TypeError);
    expect(lock.statistics().waiting).toBe(0);
  },
);
