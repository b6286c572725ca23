import { CancelScope, InvalidStateError, sleep } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { KeyedLock } from '@ambit/sync';

test('one at a time for equal keys, all together for different ones', () =>
  testRun(async () => {
    const lock = new KeyedLock<string>();
    const log: string[] = [];
    const use = (key: string, name: string) =>
      lock.run(key, async () => {
        log.push(`${name} in`);
        await sleep(10);
        log.push(`${name} out`);
      });
    await Promise.all([use('a', 'a1'), use('a', 'a2'), use('b', 'b1')]);
    expect(log).toEqual(['a1 in', 'b1 in', 'a1 out', 'b1 out', 'a2 in', 'a2 out']);
  }));

test('a key takes up memory only while it is held or waited for', () =>
  testRun(async (group) => {
    const lock = new KeyedLock<object>();
    const [key, other] = [{}, {}];
    const guard = await lock.acquire(key);
    const waiting = group.spawn(() => lock.acquire(key));
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => lock.acquire(key)));
    await settle();
    expect(lock.statistics()).toMatchObject({ size: 1, waiting: 2 });
    scope.cancel();
    expect(lock.statistics()).toMatchObject({ size: 1, waiting: 1 });
    guard[Symbol.dispose]();
    expect(lock.statistics()).toMatchObject({ size: 1, waiting: 0 });
    expect(lock.tryAcquire(key)).toBe(undefined);
    (await waiting)[Symbol.dispose]();
    expect(lock.size).toBe(0);
    await expectCheckpoint(() => lock.acquire(other));
    await expectCheckpoint(() => lock.run(other, () => 1));
    expect(lock.size).toBe(0);
    const tried = lock.tryAcquire(other);
    expect(lock.size).toBe(1);
    guard[Symbol.dispose]();
    tried?.[Symbol.dispose]();
    tried?.[Symbol.dispose]();
    expect(lock.size).toBe(0);
  }));

test('who ends late does not take the key from who has it by then', () =>
  testRun(async (group) => {
    const lock = new KeyedLock<string>();
    const first = lock.tryAcquire('key');
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => lock.run('key', () => 1)));
    await settle();
    // The cancelled run() has still to resume when the key is free, and taken anew.
    scope.cancel();
    first?.[Symbol.dispose]();
    const second = lock.tryAcquire('key');
    await settle();
    expect([lock.size, lock.tryAcquire('key')]).toEqual([1, undefined]);
    second?.[Symbol.dispose]();
    expect(lock.size).toBe(0);
  }));

test('run() gives the body’s value or error, and forgets the key either way', () =>
  testRun(async () => {
    const lock = new KeyedLock<string>();
    expect(await lock.run('a', () => lock.size)).toBe(1);
    await expect(lock.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(lock.size).toBe(0);
  }));

test('the same key inside its own run() is an error at once; another key is not', () =>
  testRun(async () => {
    // rule 164
    const lock = new KeyedLock<string | number>({ name: 'users' });
    await lock.run('a', async () => {
      await expect(lock.acquire('a')).rejects.toThrow(InvalidStateError);
      await expect(lock.run('a', () => 1)).rejects.toThrow(/lock "users a"/);
      await lock.run(1, () => undefined);
    });
    expect(lock.size).toBe(0);
  }));
