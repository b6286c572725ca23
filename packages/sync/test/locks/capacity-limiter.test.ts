import { CancelScope, InvalidStateError, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { CapacityLimiter } from '@ambit/sync';

test('one token for each borrower; only who has one gives it back', () =>
  testRun(async () => {
    // rule 230
    const limiter = new CapacityLimiter(3, { name: 'threads' });
    const [me, you] = [{}, {}];
    await limiter.acquireOnBehalfOf(me);
    await expect(limiter.acquireOnBehalfOf(me)).rejects.toThrow(InvalidStateError);
    await expect(limiter.acquireOnBehalfOf('me')).resolves.toBeDefined();
    await expect(limiter.acquireOnBehalfOf('me')).rejects.toThrow(
      /"me", which has a token of the capacity limiter "threads"/,
    );
    expect(() => limiter.releaseOnBehalfOf(you)).toThrow(InvalidStateError);
    expect(limiter.borrowed).toBe(2);
    limiter.releaseOnBehalfOf(me);
    expect(() => limiter.releaseOnBehalfOf(me)).toThrow(InvalidStateError);
    const guard = await limiter.acquireOnBehalfOf(me);
    guard[Symbol.dispose]();
    guard[Symbol.dispose]();
    limiter.releaseOnBehalfOf('me');
    expect(limiter.statistics()).toMatchObject({ available: 3, borrowed: 0, total: 3, waiting: 0 });
  }));

test('the guard of a loan that is over does not end the next one of the same borrower', () =>
  testRun(async () => {
    const limiter = new CapacityLimiter(1);
    const old = await limiter.acquireOnBehalfOf('me');
    limiter.releaseOnBehalfOf('me');
    await limiter.acquireOnBehalfOf('me');
    old[Symbol.dispose]();
    expect(limiter.borrowed).toBe(1);
  }));

test('a borrower that waits counts; cancelled, it may ask again', () =>
  testRun(async (group) => {
    // rules 230, 233
    const limiter = new CapacityLimiter(1);
    const first = await limiter.acquire();
    const scope = new CancelScope();
    const task = group.spawn(() => scope.run(() => limiter.acquireOnBehalfOf('me')));
    await settle();
    await expect(limiter.acquireOnBehalfOf('me')).rejects.toThrow(/or waits for one/);
    expect(() => limiter.releaseOnBehalfOf('me')).toThrow(InvalidStateError);
    scope.cancel();
    expect(await task).toBe(undefined);
    const again = group.spawn(() => limiter.acquireOnBehalfOf('me'));
    await settle();
    first[Symbol.dispose]();
    (await again)[Symbol.dispose]();
    expect(limiter.borrowed).toBe(0);
  }));

test('raising the total wakes as many as there are new tokens, at once', () =>
  testRun(async (group) => {
    // rule 231
    const limiter = new CapacityLimiter(0);
    const tasks = [1, 2, 3].map(() => group.spawn(() => limiter.acquire()));
    await settle();
    expect(limiter.statistics().waiting).toBe(3);
    limiter.total = 2;
    expect(limiter.statistics()).toMatchObject({ available: 0, borrowed: 2, total: 2, waiting: 1 });
    limiter.total = Infinity;
    await Promise.all(tasks);
    expect([limiter.borrowed, limiter.available, limiter.total]).toEqual([3, Infinity, Infinity]);
  }));

test('lowering it below what is out is allowed: none is lent until enough are back', () =>
  testRun(async (group) => {
    // rule 231
    const limiter = new CapacityLimiter(2);
    const guards = [await limiter.acquire(), await limiter.acquire()];
    limiter.total = 1;
    expect(limiter.statistics()).toMatchObject({ available: 0, borrowed: 2, total: 1, waiting: 0 });
    const task = group.spawn(() => limiter.acquire());
    guards[0]?.[Symbol.dispose]();
    await settle();
    expect(task.done).toBe(false);
    guards[1]?.[Symbol.dispose]();
    await task;
  }));

test('a token handed over is not there for a newcomer', () =>
  testRun(async (group) => {
    // rule 232
    const limiter = new CapacityLimiter(1);
    const guard = limiter.tryAcquire();
    const task = group.spawn(() => limiter.acquire());
    await settle();
    guard?.[Symbol.dispose]();
    expect(limiter.tryAcquire()).toBe(undefined);
    (await task)[Symbol.dispose]();
    expect(limiter.tryAcquire()).toBeDefined();
  }));

test('release() gives back what was taken on nobody’s behalf, and nothing else', () =>
  testRun(async () => {
    // rule 230
    const limiter = new CapacityLimiter(2);
    expect(() => limiter.release()).toThrow(InvalidStateError);
    await limiter.acquireOnBehalfOf('me');
    expect(() => limiter.release()).toThrow(InvalidStateError);
    await limiter.acquire();
    limiter.release();
    expect(limiter.borrowed).toBe(1);
    expect(() => limiter.release()).toThrow(InvalidStateError);
    limiter.tryAcquire();
    limiter.release();
    expect(limiter.borrowed).toBe(1);
  }));

test('run() lends a token for as long as the body runs', () =>
  testRun(async () => {
    const limiter = new CapacityLimiter(1);
    const log: string[] = [];
    const use = (name: string) =>
      limiter.run(async () => {
        log.push(name);
        await sleep(1);
        log.push(`${name} out`);
      });
    await Promise.all([use('a'), use('b')]);
    expect(log).toEqual(['a', 'a out', 'b', 'b out']);
    expect(limiter.borrowed).toBe(0);
  }));

// The token is the borrower's in the turn in which it is handed over, and not a tick later.
test('a token can be given back in the turn in which it is handed over', () =>
  testRun(async () => {
    const limiter = new CapacityLimiter(1);
    const first = limiter.acquire();
    const second = limiter.acquire();
    limiter.release();
    limiter.release();
    expect(limiter.borrowed).toBe(0);
    (await first)[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    expect(limiter.borrowed).toBe(0);

    const held = await limiter.acquire();
    const mine = limiter.acquireOnBehalfOf('me');
    held[Symbol.dispose]();
    limiter.releaseOnBehalfOf('me');
    expect(limiter.borrowed).toBe(0);
    (await mine)[Symbol.dispose]();
    expect(limiter.borrowed).toBe(0);
  }));

test('a borrower that waits no longer can ask again in the same turn', () =>
  testRun(async () => {
    const limiter = new CapacityLimiter(1);
    const held = await limiter.acquire();
    const controller = new AbortController();
    const given = limiter.acquireOnBehalfOf('me', controller);
    controller.abort('no longer');
    const again = limiter.acquireOnBehalfOf('me');
    await expect(given).rejects.toBe('no longer');
    await expect(limiter.acquireOnBehalfOf('you', controller)).rejects.toBe('no longer');
    held[Symbol.dispose]();
    (await again)[Symbol.dispose]();
    using other = await limiter.acquireOnBehalfOf('you');
    expect(other).toBeDefined();
  }));

test('a guard whose token was released by hand does nothing', () =>
  testRun(async () => {
    const limiter = new CapacityLimiter(2);
    {
      using held = await limiter.acquire();
      limiter.release();
      expect(held).toBeDefined();
    }
    expect(limiter.available).toBe(2);
  }));
