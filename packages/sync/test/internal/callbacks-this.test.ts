import { testRun } from '@ambit/core/testing';
import { channel, Condition, Once, PriorityQueue, Watch } from '@ambit/sync';

test('compare of a PriorityQueue is called with its options as this', () => {
  const seen = new Set<unknown>();
  const options = {
    compare(a: number, b: number) {
      seen.add(this);
      return a - b;
    },
  };
  const queue = new PriorityQueue<number>(options);
  for (const item of [3, 1, 2]) queue.tryPut(item);
  queue.tryGet();
  expect([...seen]).toEqual([options]);
});

test('onUndelivered of a channel likewise', () => {
  const seen = new Set<unknown>();
  const options = {
    onFull: 'drop-oldest' as const,
    onUndelivered() {
      seen.add(this);
    },
  };
  const [sender, receiver] = channel<number>(1, options);
  sender.trySend(1);
  sender.trySend(2);
  receiver.close();
  sender.close();
  expect([...seen]).toEqual([options]);
});

test('functions that are arguments have no this', () =>
  testRun(async (group) => {
    const seen: unknown[] = [];
    const answers = function <T>(this: unknown, value: T): T {
      seen.push(this);
      return value;
    };
    const watch = new Watch(0);
    watch.update(answers);
    const waits = group.spawn(() => watch.waitFor(answers as (value: number) => boolean));
    watch.value = 1;
    await waits;
    await new Once<unknown>().get(answers as () => unknown);
    const condition = new Condition();
    await condition.run(() => condition.waitFor(() => 1));
    await condition.run(function (this: unknown) {
      seen.push(this);
    });
    expect(seen.filter((self) => self !== undefined && self !== null)).toEqual([]);
  }));
