import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channel, PriorityQueue, Queue } from '../../src/index.ts';

test('each queue and channel is announced once, with its name and its size', () => {
  const seen: { queue: { size: number }; name: string }[] = [];
  const listener = (message: unknown): void => void seen.push(message as (typeof seen)[number]);
  subscribe('ambit:queue:open', listener);
  const queue = new Queue<number>({ name: 'jobs' });
  const [sender] = channel<number>(3, { name: 'pages' });
  new PriorityQueue<number>({ compare: (a, b) => a - b });
  unsubscribe('ambit:queue:open', listener);
  new Queue({ name: 'later' });
  expect(seen.map(({ name }) => name)).toEqual(['jobs', 'pages', '']);
  queue.tryPut(1);
  sender.trySend(1);
  sender.trySend(2);
  expect(seen.map(({ queue: { size } }) => size)).toEqual([1, 2, 0]);
});
