import { CancelScope, formatTaskTree, getRunningLoop, sleep } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { memoize } from '@ambit/sync';

function counted<A extends unknown[], R>(fn: (...args: A) => R) {
  const calls: A[] = [];
  const counting = (...args: A): R => {
    calls.push(args);
    return fn(...args);
  };
  return { calls, counting };
}

test('calls with equal arguments share one answer, also one that is being made', () =>
  testRun(async () => {
    // rule 276
    const { calls, counting } = counted((id: string) => sleep(10, { value: { id } }));
    const userOf = memoize(counting);
    const [a, again, b] = await Promise.all([userOf('a'), userOf('a'), userOf('b')]);
    expect(a).toBe(again);
    expect(await userOf('a')).toBe(a);
    expect(b).toEqual({ id: 'b' });
    expect(calls).toEqual([['a'], ['b']]);
    expect(getRunningLoop().now()).toBe(10);
    expect(userOf.statistics()).toMatchObject({ size: 2, running: 0, waiting: 0 });
  }));

test('a hit is a checkpoint', () =>
  testRun(async () => {
    // rule 276
    const one = memoize(() => 1);
    await one();
    await expectCheckpoint(() => one());
  }));

test.each([
  ['numbers and texts', [1], ['1'], false],
  ['texts that look alike', ['a,b'], ['a', 'b'], false],
  ['texts that look like others', ['object 1'], [{}], false],
  ['a text and undefined', ['undefined'], [undefined], false],
  ['null and undefined', [null], [undefined], false],
  ['no argument and undefined', [], [undefined], false],
  ['numbers and big numbers', [1, 1], [1n, 1], false],
  ['NaN', [NaN], [NaN], true],
  ['0 and -0', [0, 0], [-0, 0], true],
  ['equal lists', ['a', 1, true], ['a', 1, true], true],
])('by default all arguments count: %s', (_, first, second, isShared) =>
  testRun(async () => {
    const { calls, counting } = counted((...args: unknown[]) => args.length);
    const memoized = memoize(counting);
    await memoized(...first);
    await memoized(...second);
    expect(calls.length).toBe(isShared ? 1 : 2);
  }),
);

test('objects, functions and symbols count by identity', () =>
  testRun(async () => {
    const { calls, counting } = counted((_: unknown, __?: unknown) => 1);
    const memoized = memoize(counting);
    const [object, fn, symbol] = [{}, () => 1, Symbol('s')];
    for (const value of [object, fn, symbol]) {
      await memoized(value);
      await memoized(value);
      await memoized(value, 2);
      await memoized(value, 2);
    }
    await memoized({});
    await memoized(Symbol('s'));
    expect(calls.length).toBe(8);
  }));

test('a key of one’s own', () =>
  testRun(async () => {
    const { calls, counting } = counted((user: { id: number }) => user.id);
    const memoized = memoize(counting, { key: (user) => user.id });
    expect(await memoized({ id: 1 })).toBe(1);
    expect(await memoized({ id: 1 })).toBe(1);
    expect(calls.length).toBe(1);
  }));

test('a failure is not kept: the next caller tries again', () =>
  testRun(async () => {
    // rule 276
    let isBroken = true;
    const memoized = memoize(() => {
      if (isBroken) throw new Error('broken');
      return 'whole';
    });
    await expect(memoized()).rejects.toThrow('broken');
    expect(memoized.statistics()).toMatchObject({ size: 0, running: 0, waiting: 0 });
    isBroken = false;
    expect(await memoized()).toBe('whole');
  }));

test('after a failure the next in line makes it, and who comes meanwhile waits for that', () =>
  testRun(async () => {
    // rule 276
    const { calls, counting } = counted(async (id: string) => {
      await sleep(10);
      if (calls.length === 1) throw new Error('broken');
      return id;
    });
    const memoized = memoize(counting);
    const [first, second] = [memoized('a').catch(() => 'failed'), memoized('a')];
    expect(await first).toBe('failed');
    await sleep(5);
    expect(await Promise.all([second, memoized('a')])).toEqual(['a', 'a']);
    expect(calls.length).toBe(2);
  }));

test('the maker cancelled, the next in line makes it; different keys do not wait for each other', () =>
  testRun(async (group) => {
    // rule 276
    const { calls, counting } = counted((id: string) => sleep(10, { value: id }));
    const memoized = memoize(counting, { name: 'users' });
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => memoized('a')));
    const second = group.spawn(() => memoized('a'));
    const other = group.spawn(() => memoized('b'));
    await settle();
    expect(memoized.statistics()).toMatchObject({ size: 0, running: 2, waiting: 1 });
    expect(formatTaskTree()).toContain('waits for memoize "users"');
    await sleep(5);
    scope.cancel();
    expect(await other).toBe('b');
    expect(getRunningLoop().now()).toBe(10);
    expect(await second).toBe('a');
    expect(calls).toEqual([['a'], ['b'], ['a']]);
  }));

test('only so many are kept: the one not used for longest goes', () =>
  testRun(async () => {
    // rule 276
    const { calls, counting } = counted((id: string) => id);
    const memoized = memoize(counting, { max: 2 });
    for (const id of ['a', 'b', 'a', 'c', 'a', 'b']) await memoized(id);
    expect(calls.flat()).toEqual(['a', 'b', 'c', 'b']);
    expect(memoized.statistics().size).toBe(2);
  }));

test('an answer is good for so long, from when it was made', () =>
  testRun(async () => {
    // rule 276
    const { calls, counting } = counted(() => sleep(10, { value: getRunningLoop().now() }));
    const memoized = memoize(counting, { ttl: 100 });
    await memoized();
    await sleep(99);
    await memoized();
    expect(calls.length).toBe(1);
    await sleep(1);
    await memoized();
    expect(calls.length).toBe(2);
  }));

test('who waits gets the answer though it is too old as soon as it is made', () =>
  testRun(async () => {
    const { calls, counting } = counted(() => sleep(10));
    const memoized = memoize(counting, { ttl: 0.001 });
    await Promise.all([memoized(), memoized()]);
    expect(calls.length).toBe(1);
  }));

test('an answer can be forgotten, also one that is being made', () =>
  testRun(async (group) => {
    const { calls, counting } = counted((id: string) => sleep(10, { value: id }));
    const memoized = memoize(counting);
    expect(memoized.delete('a')).toBe(false);
    await memoized('a');
    expect(memoized.delete('a')).toBe(true);
    const old = group.spawn(() => memoized('a'));
    await settle();
    expect(memoized.delete('a')).toBe(true);
    const fresh = group.spawn(() => memoized('a'));
    expect(await Promise.all([old, fresh])).toEqual(['a', 'a']);
    expect(calls.length).toBe(3);
    const aged = group.spawn(() => memoized('d'));
    await sleep(5);
    memoized.delete('d');
    const renewed = memoized('d');
    await aged;
    // What was forgotten has ended: it does not take along what is being made in its place.
    expect(await Promise.all([renewed, memoized('d')])).toEqual(['d', 'd']);
    expect(calls.length).toBe(5);
    await memoized('b');
    const third = group.spawn(() => memoized('c'));
    await settle();
    memoized.clear();
    await third;
    expect(memoized.statistics()).toMatchObject({ size: 0, running: 0, waiting: 0 });
  }));

test('a memoized function has the name of the function, with options too', () => {
  const memoized = memoize(async function userOf(id: number) {
    return id;
  });
  expect(memoized.name).toBe('userOf');
  expect(memoized.with({}).name).toBe('userOf');
  expect(memoized.with(undefined as never).name).toBe('userOf');
  expect(memoize(() => 1).name).toBe('');
});
