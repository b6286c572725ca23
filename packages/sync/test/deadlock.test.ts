import { formatTaskTree, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Lock } from '@ambit/sync';

test('the task tree names a circle of locks with who holds and who waits', () =>
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
