import { CancelScope, run, sleep } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { ReadWriteLock } from '@ambit/sync';

function use(
  group: TaskGroup,
  lock: ReadWriteLock,
  log: string[],
  [mode, name]: readonly ['read' | 'write', string],
): void {
  group.spawn(
    async () => {
      using held = await lock[mode]();
      expect(held).toBeDefined();
      log.push(`${name} in`);
      await sleep(10);
      log.push(`${name} out`);
    },
    { name },
  );
}

test('readers together, writers alone, in the order they came: a waiting writer holds back later readers', () =>
  testRun(async (group) => {
    // rule 192
    const lock = new ReadWriteLock();
    const log: string[] = [];
    use(group, lock, log, ['read', 'r1']);
    use(group, lock, log, ['read', 'r2']);
    use(group, lock, log, ['write', 'w']);
    use(group, lock, log, ['read', 'r3']);
    use(group, lock, log, ['read', 'r4']);
    await settle();
    expect(log).toEqual(['r1 in', 'r2 in']);
    expect(lock.statistics()).toMatchObject({
      readers: 2,
      writing: false,
      owner: undefined,
      waiting: 3,
    });
    await sleep(15);
    expect(lock.statistics()).toMatchObject({ readers: 0, writing: true, owner: 'w', waiting: 2 });
    await group.join();
    expect(log).toEqual([
      ...['r1 in', 'r2 in', 'r1 out', 'r2 out'],
      ...['w in', 'w out'],
      ...['r3 in', 'r4 in', 'r3 out', 'r4 out'],
    ]);
  }));

test('cancelling a waiting writer lets the readers in that it held back, in the same tick', () =>
  testRun(async (group) => {
    // rule 192
    const lock = new ReadWriteLock();
    const first = await lock.read();
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => lock.write()));
    const reader = group.spawn(() => lock.read());
    await settle();
    expect(reader.done).toBe(false);
    expect(lock.tryRead()).toBe(undefined);
    scope.cancel();
    expect(lock.statistics()).toMatchObject({ readers: 2, waiting: 0 });
    (await reader)[Symbol.dispose]();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(lock.statistics()).toMatchObject({ readers: 0, waiting: 0 });
  }));

test('preferring readers, they join those who read though a writer waits, and go first', () =>
  testRun(async (group) => {
    const lock = new ReadWriteLock({ preferring: 'readers' });
    const log: string[] = [];
    use(group, lock, log, ['read', 'r1']);
    use(group, lock, log, ['write', 'w1']);
    use(group, lock, log, ['read', 'r2']);
    await settle();
    expect(log).toEqual(['r1 in', 'r2 in']);
    await sleep(11);
    use(group, lock, log, ['write', 'w2']);
    use(group, lock, log, ['read', 'r3']);
    await group.join();
    expect(log.filter((line) => line.endsWith('in'))).toEqual([
      ...['r1 in', 'r2 in', 'w1 in', 'r3 in', 'w2 in'],
    ]);
  }));

test('preferring writers, they go before readers that came first', () =>
  testRun(async (group) => {
    const lock = new ReadWriteLock({ preferring: 'writers' });
    const log: string[] = [];
    use(group, lock, log, ['write', 'w1']);
    use(group, lock, log, ['read', 'r1']);
    use(group, lock, log, ['write', 'w2']);
    use(group, lock, log, ['write', 'w3']);
    await group.join();
    expect(log.filter((line) => line.endsWith('in'))).toEqual([
      ...['w1 in', 'w2 in', 'w3 in', 'r1 in'],
    ]);
  }));

test('tryRead and tryWrite take what is free', () => {
  const lock = new ReadWriteLock();
  const reading = [lock.tryRead(), lock.tryRead()];
  expect(reading).not.toContain(undefined);
  expect(lock.tryWrite()).toBe(undefined);
  for (const guard of reading) guard?.[Symbol.dispose]();
  const writing = lock.tryWrite();
  expect(writing).toBeDefined();
  expect([lock.tryRead(), lock.tryWrite()]).toEqual([undefined, undefined]);
  writing?.[Symbol.dispose]();
  expect(lock.statistics()).toMatchObject({
    readers: 0,
    writing: false,
    owner: undefined,
    waiting: 0,
  });
});

test('a task that ends while it reads or writes is named in debug mode', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const lock = new ReadWriteLock({ name: 'routes' });
  await run(
    async (group) => {
      await group.spawn(async () => (await lock.read())[Symbol.dispose](), { name: 'tidy' });
      await group.spawn(() => lock.write(), { name: 'careless' });
    },
    { debug: true, signals: [] },
  );
  expect(warn.mock.calls).toEqual([
    [
      'the task "careless" has ended and still holds the read-write lock "routes"',
      'LeftHeldWarning',
    ],
  ]);
  warn.mockRestore();
});
