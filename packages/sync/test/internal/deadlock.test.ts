import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { formatTaskTree, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Lock, Once, ReadWriteLock } from '@ambit/sync';

/** Both have what is theirs before they ask for what is the other's. */
const meet = () => sleep(10);

test('the task tree names a circle of locks, with the tasks that hold and wait', () =>
  testRun(async (group) => {
    const one = new Lock({ name: 'one' });
    const two = new Lock({ name: 'two' });
    const inOrder = async (first: Lock, second: Lock): Promise<void> => {
      using held = await first.acquire();
      await sleep(10);
      using both = await second.acquire();
      expect([held, both]).toHaveLength(2);
    };
    const a = group.spawn(() => inOrder(one, two), { name: 'a' });
    group.spawn(() => inOrder(two, one), { name: 'b' });
    await settle();
    expect(formatTaskTree()).not.toContain('Deadlock');
    await sleep(20);
    const tree = formatTaskTree();
    expect(tree).toContain('task a: running, 20 ms, waits for lock "two" (held by "b")');
    expect(tree).toContain(
      'Deadlock: "a" waits for lock "two" (held by "b"), which "b" has to end, ' +
        'and "b" waits for lock "one" (held by "a"), which "a" has to end',
    );
    a.cancel();
    await group.join();
    expect(one.locked || two.locked).toBe(false);
  }));

test('a parent that waits for its child, which waits for the parent’s lock, is a circle too', () =>
  testRun(async (group) => {
    const lock = new Lock({ name: 'db' });
    const parent = group.spawn(
      async () => {
        using held = await lock.acquire();
        expect(held).toBeDefined();
        const child = group.spawn(() => lock.run(() => 1), { name: 'child' });
        await child.join();
      },
      { name: 'parent' },
    );
    await settle();
    expect(formatTaskTree()).toContain('Deadlock: "parent" waits for join child');
    parent.cancel();
    await group.join();
  }));

test('readers and writers of a read-write lock stand in circles too', () =>
  testRun(async (group) => {
    const routes = new ReadWriteLock({ name: 'routes' });
    const users = new ReadWriteLock({ name: 'users' });
    const take = async (first: Promise<Disposable>, second: () => Promise<Disposable>) => {
      using held = await first;
      await meet();
      using both = await second();
      expect([held, both]).toHaveLength(2);
    };
    const reader = group.spawn(() => take(routes.read(), () => users.write()), { name: 'reader' });
    group.spawn(() => take(users.write(), () => routes.write()), { name: 'writer' });
    await sleep(20);
    expect(formatTaskTree()).toContain(
      'Deadlock: "reader" waits for write of read-write lock "users" (held by "writer"), ' +
        'which "writer" has to end, and "writer" waits for write of read-write lock "routes" ' +
        '(1 reading), which "reader" has to end',
    );
    reader.cancel();
    await group.join();
  }));

test('the task that makes the value of a Once is the one that the others wait for', () =>
  testRun(async (group) => {
    const config = new Once<number>({ name: 'config' });
    const lock = new Lock({ name: 'db' });
    const make = () => meet().then(() => lock.run(() => 1));
    const maker = group.spawn(() => config.get(make).catch(() => 0), { name: 'maker' });
    const user = () => lock.run(() => meet().then(() => config.get(() => 2)));
    group.spawn(user, { name: 'user' });
    await sleep(20);
    expect(formatTaskTree()).toContain(
      'Deadlock: "maker" waits for lock "db" (held by "user"), which "user" has to end, ' +
        'and "user" waits for once "config", which "maker" has to end',
    );
    maker.cancel();
    await group.join();
  }));

test('debug mode prints the tree as soon as a circle is closed that no deadline will break', async () => {
  const program = `
    import { run, sleep, moveOnAfter } from '@ambit/core';
    import { Lock } from '@ambit/sync';
    import { createServer } from 'node:net';
    const server = createServer().listen(0);
    const one = new Lock({ name: 'one' });
    const two = new Lock({ name: 'two' });
    const inOrder = (first, second) => first.run(async () => { await sleep(5); await second.run(() => 1); });
    await run(async (group) => {
      await moveOnAfter(20, async () => { await Promise.all([one.run(() => sleep(10)), two.run(() => sleep(10))]); });
      const write = process.stderr.write.bind(process.stderr);
      const printed = new Promise((resolve) => {
        process.stderr.write = (text) => { resolve(); return write(text); };
      });
      const a = group.spawn(() => inOrder(one, two), { name: 'a' });
      group.spawn(() => inOrder(two, one), { name: 'b' });
      await printed;
      a.cancel();
    }, { debug: true });
    server.close();
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(__dirname, '../..'),
    encoding: 'utf8',
    timeout: 15_000,
  });
  expect(status).toBe(0);
  expect(stderr.match(/Some tasks wait for each other forever/g)).toHaveLength(1);
  expect(stderr).toContain('Deadlock: "a" waits for lock "two" (held by "b")');
});

test.each([
  [
    'Semaphore.run inside of itself',
    `const seats = new Semaphore(1, { name: 'seats' }); await seats.run(() => seats.run(() => 1));`,
    '"main" waits for semaphore "seats", which "main" has to end',
  ],
  [
    'all bodies of a semaphore, each inside of another one',
    `const seats = new Semaphore(2, { name: 'seats' });
     const both = () => seats.run(() => sleep(5).then(() => seats.run(() => 1)));
     await Promise.all([both(), both()]);`,
    '"main" waits for semaphore "seats", which "main" has to end',
  ],
  [
    'CapacityLimiter.run in a group that its own body waits for',
    `const threads = new CapacityLimiter(1, { name: 'threads' });
     await threads.run(() => gather([() => threads.run(() => 1)]));`,
    'waits for capacity limiter "threads", which "main" has to end',
  ],
  [
    'ResourcePool.use across two pools',
    `const pool = (name) => new ResourcePool({ create: () => 1, destroy: () => {}, max: 1, name });
     const [reads, writes] = [pool('reads'), pool('writes')];
     const both = (first, second) => () => first.use(() => sleep(5).then(() => second.use(() => 1)));
     await gather([both(reads, writes), both(writes, reads)]);`,
    'waits for resource pool "writes", which',
  ],
  [
    'a semaphore of two across a lock, with all its holders stuck',
    `const seats = new Semaphore(2, { name: 'seats' });
     const lock = new Lock({ name: 'db' });
     const sit = () => seats.run(() => sleep(5).then(() => lock.run(() => 1)));
     await gather([sit, sit, () => lock.run(() => sleep(5).then(() => seats.run(() => 1)))]);`,
    'waits for semaphore "seats", which',
  ],
])('debug mode names %s', (_, body, circle) => {
  const program = `
    import { gather, run, sleep } from '@ambit/core';
    import { CapacityLimiter, Lock, ResourcePool, Semaphore } from '@ambit/sync';
    setInterval(() => {}, 1000);
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text) => write(text, () => process.exit(3));
    await run(async () => { ${body} }, { debug: true, signals: [] });
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(__dirname, '../..'),
    encoding: 'utf8',
    timeout: 15_000,
  });
  expect(stderr).toContain('Some tasks wait for each other forever:');
  expect(stderr).toContain(circle);
  expect(status).toBe(3);
});

// No false reports: what a callback, or another part of the holder, will release is no deadlock.
test.each([
  [
    'a guard that a callback disposes of',
    `const guard = await lock.acquire(); setTimeout(() => guard[Symbol.dispose](), 30);
     (await lock.acquire())[Symbol.dispose]();`,
  ],
  [
    'a part of the same task that goes on',
    `await Promise.all([lock.run(() => sleep(30)), lock.run(() => 1)]);`,
  ],
  [
    'the read side, released by a callback',
    `const guard = await rw.read(); setTimeout(() => guard[Symbol.dispose](), 30);
     (await rw.write())[Symbol.dispose]();`,
  ],
  ['a circle whose holder has another part that goes on', `await run2(lock, other);`],
  [
    'a part of the same task that makes the value of a Once',
    `const once = new Once(); await Promise.all([once.get(() => sleep(30)), once.get(() => 1)]);`,
  ],
  [
    'another body of the same task that will give a permit back',
    `const seats = new Semaphore(1); await Promise.all([seats.run(() => sleep(30)), seats.run(() => 1)]);`,
  ],
  [
    'one of two bodies that will give a permit back',
    `const seats = new Semaphore(2);
     await gather([() => seats.run(() => seats.run(() => 1)), () => seats.run(() => sleep(30))]);`,
  ],
  [
    'a guard beside a body, which a callback disposes of',
    `const seats = new Semaphore(2); const guard = await seats.acquire();
     setTimeout(() => guard[Symbol.dispose](), 30);
     await seats.run(() => seats.run(() => 1));`,
  ],
  [
    'a circle of two pools, where a third task gives one back',
    `const pool = (max) => new ResourcePool({ create: () => 1, destroy: () => {}, max });
     const [one, two] = [pool(2), pool(1)];
     await gather([
       () => one.use(() => sleep(10).then(() => two.use(() => 1))),
       () => two.use(() => sleep(10).then(() => one.use(() => 1))),
       () => one.use(() => sleep(40)),
     ]);`,
  ],
  [
    'a wait beside which the body goes on',
    `const seats = new Semaphore(1);
     await seats.run(() => Promise.race([seats.acquire(), sleep(30)]));`,
  ],
])('debug mode reports no deadlock for %s', (_, body) => {
  const program = `
    import { gather, run, sleep } from '@ambit/core';
    import { Lock, Once, ReadWriteLock, ResourcePool, Semaphore } from '@ambit/sync';
    const [lock, other, rw] = [new Lock(), new Lock(), new ReadWriteLock()];
    const run2 = (one, two) => gather([
      () => Promise.all([one.run(() => sleep(40)), sleep(5).then(() => two.run(() => 1))]),
      () => two.run(async () => { await sleep(10); await one.run(() => 1); }),
    ]);
    await run(async () => { ${body} }, { debug: true, signals: [] });
    console.log('went on');
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(__dirname, '../..'),
    encoding: 'utf8',
    timeout: 15_000,
  });
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe('went on');
});
