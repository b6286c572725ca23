import { CancelScope } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { PriorityQueue } from '@ambit/sync';

/** Compares as numbers, and lets something happen meanwhile, once. */
function interrupted(happens: () => void) {
  let isArmed = false;
  const compare = (a: number, b: number): number => {
    if (isArmed) {
      isArmed = false;
      happens();
    }
    return a - b;
  };
  return { compare, arm: () => (isArmed = true) };
}

test('an item is not in the queue if its comparison cancels the caller that puts it', () =>
  testRun(async (group) => {
    const scope = new CancelScope();
    const { compare, arm } = interrupted(() => scope.cancel());
    const queue = new PriorityQueue<number>({ compare, capacity: 2 });
    await queue.put(1);
    await queue.put(2);
    let isPut = false;
    const cancelled = group.spawn(() =>
      scope.run(async () => {
        await queue.put(3);
        isPut = true;
      }),
    );
    const next = group.spawn(() => queue.put(4));
    await settle();
    arm();
    expect(await queue.get()).toBe(1);
    await Promise.all([cancelled, next]);
    expect(isPut).toBe(false);
    // The room went to the next one.
    expect(queue.statistics()).toMatchObject({ size: 2, unfinished: 3, putting: 0 });
    expect([await queue.get(), await queue.get()]).toEqual([2, 4]);
  }));

test('an item is not in the queue if its comparison shuts the queue down', () =>
  testRun(async (group) => {
    const { compare, arm } = interrupted(() => queue.shutdown());
    const queue: PriorityQueue<number> = new PriorityQueue({ compare, capacity: 2 });
    await queue.put(1);
    await queue.put(2);
    const refused = group.spawn(() => expect(queue.put(3)).rejects.toThrow('is shut down'));
    await settle();
    arm();
    expect(await queue.get()).toBe(1);
    await refused;
    expect(queue.statistics()).toMatchObject({ size: 1, unfinished: 2 });
  }));
