import { settle, testRun } from '@ambit/core/testing';
import { Broadcast, channel, KeyedLock, LifoQueue, PriorityQueue, Queue, Watch } from '@ambit/sync';
import { blocking } from '../support/primitives.ts';

// The peak of a condition is that of its notifications.
const callers = Object.entries(blocking).filter(([name]) => name !== 'Condition, the lock');

test.each(callers)('%s: the peak is the most that ever waited', (_, make) =>
  testRun(async (group) => {
    const blocked = make();
    const { peak } = blocked.statistics();
    const first = [1, 2, 3].map(() => group.spawn(() => blocked.wait(), { daemon: true }));
    await settle();
    expect(blocked.statistics().peak).toBe(Math.max(peak, 3));
    await first[1]?.stop();
    group.spawn(() => blocked.wait(), { daemon: true });
    await settle();
    expect(blocked.statistics().peak).toBe(Math.max(peak, 3));
    group.spawn(() => blocked.wait(), { daemon: true });
    await settle();
    expect(blocked.statistics().peak).toBe(Math.max(peak, 4));
    group.cancel();
  }).catch((error: unknown) => {
    if ((error as Error).name !== 'AbortError') throw error;
  }),
);

test('keys of a lock count together', () =>
  testRun(async (group) => {
    const lock = new KeyedLock<string>();
    const [a, b] = [await lock.acquire('a'), await lock.acquire('b')];
    const waits = ['a', 'b'].map((key) => group.spawn(() => lock.run(key, () => key)));
    expect(lock.statistics()).toEqual({ size: 2, waiting: 2, peak: 2 });
    a[Symbol.dispose]();
    b[Symbol.dispose]();
    await Promise.all(waits);
    expect(lock.statistics()).toEqual({ size: 0, waiting: 0, peak: 2 });
  }));

test('all tasks that wait at a watch count together', () =>
  testRun(async (group) => {
    const watch = new Watch(0);
    const subscription = watch.subscribe();
    await subscription.next();
    group.spawn(() => watch.changed());
    group.spawn(() => watch.waitFor((value) => value === 2));
    group.spawn(() => subscription.next());
    expect(watch.statistics()).toEqual({ subscribers: 1, waiting: 3, peak: 3 });
    watch.value = 1;
    expect(watch.statistics()).toEqual({ subscribers: 1, waiting: 1, peak: 3 });
    watch.value = 2;
    await settle();
    expect(watch.statistics()).toEqual({ subscribers: 1, waiting: 0, peak: 3 });
  }));

describe('of what stores items, the peak is the most that were ever stored', () => {
  test.each([
    ['Queue', () => new Queue<number>({ capacity: 2 })],
    ['LifoQueue', () => new LifoQueue<number>({ capacity: 2 })],
    ['PriorityQueue', () => new PriorityQueue<number>({ capacity: 2, compare: (a, b) => a - b })],
  ])('%s', (_, make) =>
    testRun(async (group) => {
      const queue = make();
      expect(queue.statistics().peak).toBe(0);
      const got = group.spawn(() => queue.get());
      // Handed over, not stored.
      queue.tryPut(1);
      await got;
      expect(queue.statistics().peak).toBe(0);
      await queue.put(2);
      await queue.put(3);
      const put = group.spawn(() => queue.put(4));
      expect(queue.statistics()).toMatchObject({ size: 2, peak: 2, putting: 1 });
      await queue.get();
      await put;
      queue.shutdown({ immediate: true });
      expect(queue.statistics()).toMatchObject({ size: 0, peak: 2 });
    }),
  );

  test('channel', () =>
    testRun(async (group) => {
      const [sender, receiver] = channel<number>(3);
      const permit = await sender.reserve();
      await sender.send(1);
      permit.send(2);
      expect(receiver.statistics()).toMatchObject({ size: 2, peak: 2 });
      await sender.send(3);
      group.spawn(() => sender.send(4));
      await receiver.receive();
      expect(sender.statistics()).toMatchObject({ size: 3, peak: 3 });
      receiver.close();
      expect(sender.statistics()).toMatchObject({ size: 0, peak: 3 });
      sender.close();
    }));

  test('Broadcast', () =>
    testRun(async () => {
      const broadcast = new Broadcast<number>({ capacity: 2, onLag: 'drop-oldest' });
      await broadcast.publish(0);
      expect(broadcast.statistics().peak).toBe(0);
      using subscription = broadcast.subscribe();
      for (const item of [1, 2, 3]) await broadcast.publish(item);
      await subscription.next();
      expect(broadcast.statistics()).toMatchObject({ size: 1, peak: 2 });
    }));
});
