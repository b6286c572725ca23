import { CancelScope, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { BoundedSemaphore, Semaphore } from '@ambit/sync';

test('so many at a time, in the order they came', () =>
  testRun(async () => {
    // rule 169
    const semaphore = new Semaphore(2);
    const log: string[] = [];
    const use = (name: string) =>
      semaphore.run(async () => {
        log.push(name);
        await sleep(10);
        log.push(`${name} out`);
        return name;
      });
    expect(await Promise.all(['a', 'b', 'c'].map(use))).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a', 'b', 'a out', 'b out', 'c', 'c out']);
    expect(semaphore.statistics()).toMatchObject({ available: 2, borrowed: 0, waiting: 0 });
  }));

test('a newcomer does not overtake one who was handed a permit and has not resumed', () =>
  testRun(async (group) => {
    // rules 169, 170
    const semaphore = new Semaphore(0);
    const waiting = group.spawn(() => semaphore.acquire());
    await settle();
    semaphore.release();
    expect(semaphore.locked).toBe(true);
    expect(semaphore.tryAcquire()).toBe(undefined);
    const late = group.spawn(() => semaphore.acquire());
    await settle();
    expect([waiting.done, late.done]).toEqual([true, false]);
    semaphore.release(2);
    expect(semaphore.locked).toBe(false);
    await late;
  }));

test('several releases in one tick wake as many, in order', () =>
  testRun(async (group) => {
    // rule 173
    const semaphore = new Semaphore(0);
    const log: number[] = [];
    for (const index of [0, 1, 2, 3]) {
      group.spawn(async () => {
        await semaphore.acquire();
        log.push(index);
      });
    }
    await settle();
    semaphore.release();
    semaphore.release();
    semaphore.release();
    await settle();
    expect(log).toEqual([0, 1, 2]);
    semaphore.release();
    await settle();
    expect(log).toEqual([0, 1, 2, 3]);
  }));

describe('several permits at once', () => {
  test('who asks for many holds back those behind, and does not starve', () =>
    testRun(async (group) => {
      // rule 175
      const semaphore = new Semaphore(3);
      const log: string[] = [];
      const use = (name: string, permits: number): void => {
        group.spawn(async () => {
          using held = await semaphore.acquire({ permits });
          expect(held).toBeDefined();
          log.push(name);
          await sleep(10);
        });
      };
      use('one', 1);
      use('three', 3);
      use('another one', 1);
      await settle();
      expect(log).toEqual(['one']);
      expect(semaphore.statistics()).toMatchObject({ available: 2, borrowed: 1, waiting: 2 });
      expect(semaphore.tryAcquire()).toBe(undefined);
      await sleep(15);
      expect(log).toEqual(['one', 'three']);
      await group.join();
      expect(log).toEqual(['one', 'three', 'another one']);
    }));

  test('cancelling the one at the head lets those through that it held back, in the same tick', () =>
    testRun(async (group) => {
      // rule 175
      const semaphore = new Semaphore(2);
      semaphore.tryAcquire();
      const scope = new CancelScope();
      group.spawn(() => scope.run(() => semaphore.acquire({ permits: 2 })));
      const small = group.spawn(() => semaphore.acquire());
      await settle();
      scope.cancel();
      expect(semaphore.statistics()).toMatchObject({ available: 0, borrowed: 2, waiting: 0 });
      await small;
    }));

  test('more than there will ever be is an error at once; without a maximum it waits', () =>
    testRun(async (group) => {
      // rule 175
      const limited = new Semaphore(2, { max: 2, name: 'seats' });
      await expect(limited.acquire({ permits: 3 })).rejects.toThrow(RangeError);
      await expect(limited.acquire({ permits: 3 })).rejects.toThrow(
        /more than max \(2\) of the semaphore "seats"/,
      );
      expect(() => limited.tryAcquire(3)).toThrow(RangeError);
      const open = new Semaphore(2);
      const task = group.spawn(() => open.acquire({ permits: 3 }));
      await settle();
      expect(task.done).toBe(false);
      open.release();
      await task;
    }));

  test('a guard gives back all of them, once', () =>
    testRun(async () => {
      const semaphore = new Semaphore(3);
      const guard = await semaphore.acquire({ permits: 2 });
      guard[Symbol.dispose]();
      guard[Symbol.dispose]();
      expect(semaphore.available).toBe(3);
    }));
});

test('locked means that a newcomer would have to wait, also behind one who asks for more than is there', () =>
  testRun(async (group) => {
    // rule 170
    const semaphore = new Semaphore(2);
    expect(semaphore.locked).toBe(false);
    const guard = await semaphore.acquire();
    const many = group.spawn(() => semaphore.acquire({ permits: 2 }));
    await settle();
    expect([semaphore.available, semaphore.locked]).toEqual([1, true]);
    guard[Symbol.dispose]();
    expect([semaphore.available, semaphore.locked]).toEqual([0, true]);
    (await many)[Symbol.dispose]();
    expect(semaphore.locked).toBe(false);
  }));

test('release() may raise the count, up to the maximum if there is one', () => {
  // rule 174
  const open = new Semaphore(0);
  open.release(5);
  expect(open.statistics()).toMatchObject({ available: 5, borrowed: 0, waiting: 0 });
  open.resize(2);
  expect(open.available).toBe(2);
  const limited = new Semaphore(1, { max: 2 });
  limited.release();
  expect(() => limited.release()).toThrow(RangeError);
  expect(limited.available).toBe(2);
});

test('a bounded one finds out if more is released than was acquired, and stays as it is', () => {
  // rule 174
  const semaphore = new BoundedSemaphore(2, { name: 'seats' });
  expect(semaphore).toBeInstanceOf(Semaphore);
  expect(() => semaphore.release()).toThrow(RangeError);
  semaphore.tryAcquire();
  expect(() => semaphore.release(2)).toThrow(/semaphore "seats"/);
  expect(semaphore.statistics()).toMatchObject({ available: 1, borrowed: 1, waiting: 0 });
  semaphore.release();
  expect(semaphore.available).toBe(2);
});

describe('resize', () => {
  test('more permits wake who waits, at once', () =>
    testRun(async (group) => {
      const semaphore = new Semaphore(1);
      semaphore.tryAcquire();
      const tasks = [1, 2, 3].map(() => group.spawn(() => semaphore.acquire()));
      await settle();
      semaphore.resize(3);
      expect(semaphore.statistics()).toMatchObject({ available: 0, borrowed: 3, waiting: 1 });
      await settle();
      expect(tasks.map(({ done }) => done)).toEqual([true, true, false]);
      semaphore.release();
      await tasks[2];
    }));

  test('with fewer, none is handed out until enough have come back', () =>
    testRun(async (group) => {
      const semaphore = new Semaphore(3);
      semaphore.tryAcquire(3);
      semaphore.resize(1);
      expect(semaphore.statistics()).toMatchObject({ available: 0, borrowed: 3, waiting: 0 });
      const task = group.spawn(() => semaphore.acquire());
      semaphore.release(2);
      await settle();
      expect(task.done).toBe(false);
      semaphore.release();
      await task;
      expect(semaphore.statistics()).toMatchObject({ available: 0, borrowed: 1, waiting: 0 });
    }));

  test('a maximum holds; that of a bounded one goes along', () => {
    const limited = new Semaphore(1, { max: 2 });
    expect(() => limited.resize(3)).toThrow(RangeError);
    const bounded = new BoundedSemaphore(1);
    bounded.resize(3);
    expect(bounded.available).toBe(3);
    expect(() => bounded.release()).toThrow(RangeError);
    bounded.resize(1);
    expect(() => bounded.release()).toThrow(RangeError);
    expect(bounded.available).toBe(1);
  });

  test('to and from Infinity', () => {
    const semaphore = new Semaphore(Infinity);
    semaphore.tryAcquire(4);
    expect(semaphore.available).toBe(Infinity);
    semaphore.resize(5);
    expect(semaphore.available).toBe(1);
    semaphore.resize(Infinity);
    semaphore.release(4);
    semaphore.resize(5);
    expect(semaphore.available).toBe(5);
  });
});

test('run() gives its permits back however the body ends', () =>
  testRun(async () => {
    const semaphore = new Semaphore(3);
    await semaphore.run(() => expect(semaphore.available).toBe(1), { permits: 2 });
    await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(semaphore.available).toBe(3);
  }));

test('a smaller bounded one refuses those who wait for more than it has, and serves those behind', () =>
  testRun(async (group) => {
    const semaphore = new BoundedSemaphore(4, { name: 'seats' });
    const held = await semaphore.acquire();
    const outcomes: string[] = [];
    const ask = (permits: number) =>
      group.spawn(() =>
        semaphore.acquire({ permits }).then(
          () => outcomes.push(`${permits} served`),
          (error: unknown) => outcomes.push(`${permits}: ${(error as Error).name}`),
        ),
      );
    for (const permits of [4, 2, 3, 1]) ask(permits);
    semaphore.resize(2);
    expect(semaphore.statistics()).toMatchObject({ available: 1, borrowed: 1, waiting: 2 });
    await settle();
    expect(outcomes).toEqual(['4: RangeError', '3: RangeError']);
    held[Symbol.dispose]();
    await settle();
    expect(outcomes.slice(2)).toEqual(['2 served']);
    semaphore.release(2);
    await settle();
    expect(outcomes.slice(3)).toEqual(['1 served']);
    await expect(semaphore.acquire({ permits: 3 })).rejects.toThrow(
      'permits is 3, more than max (2) of the semaphore "seats"',
    );
  }));

test('one with a max of its own lets them wait: a release may make up for it', () =>
  testRun(async (group) => {
    const semaphore = new Semaphore(4, { max: 4 });
    const held = await semaphore.acquire();
    const large = group.spawn(() => semaphore.acquire({ permits: 4 }));
    semaphore.resize(2);
    held[Symbol.dispose]();
    expect(semaphore.statistics().waiting).toBe(1);
    semaphore.release(2);
    await large;
  }));

// I4
test.each<[string, () => Semaphore]>([
  ['BoundedSemaphore', () => new BoundedSemaphore(3)],
  ['Semaphore with max', () => new Semaphore(3, { max: 3 })],
])('%s: a guard whose permits were released by hand adds none', (_, make) =>
  testRun(async () => {
    const semaphore = make();
    {
      using held = await semaphore.acquire({ permits: 2 });
      semaphore.release();
      expect(held).toBeDefined();
    }
    expect(semaphore.available).toBe(3);
  }),
);

test('nor does one after the bound was lowered', () =>
  testRun(async () => {
    const semaphore = new BoundedSemaphore(3);
    {
      using held = await semaphore.acquire({ permits: 2 });
      semaphore.release(2);
      semaphore.resize(0);
      expect(held).toBeDefined();
    }
    expect(semaphore.available).toBe(0);
  }));

test('an infinite BoundedSemaphore takes its permits back', () =>
  testRun(async () => {
    const semaphore = new BoundedSemaphore(Infinity);
    (await semaphore.acquire({ permits: 2 }))[Symbol.dispose]();
    expect(semaphore.statistics()).toMatchObject({ available: Infinity, borrowed: 0 });
  }));
