// rules 19-21, 200-204, 209, 215, 217: the laws at the top of the contract, by search, for what is put and got.
import { CancelScope } from '@ambit/core';
import { Broadcast, channel, LifoQueue, PriorityQueue, Queue, select } from '@ambit/sync';
import { conservesItems } from './conservation.ts';
import type { Exchange } from './conservation.ts';

const capacities = [1, 2, Infinity];

/** For what takes no signal: a scope does. */
async function within<T>(
  { signal }: { readonly signal?: AbortSignal },
  body: () => Promise<T>,
): Promise<T> {
  const scope = new CancelScope({ signal });
  try {
    const value = await scope.run(body);
    if (!scope.cancelCaught) return value as T;
  } catch (error) {
    // Cancelled from further out too: the signal came first.
    if (signal?.aborted !== true) throw error;
  }
  throw signal?.reason;
}

describe.each([
  ['Queue', true, (capacity: number) => new Queue<number>({ capacity })],
  ['LifoQueue', false, (capacity: number) => new LifoQueue<number>({ capacity })],
  [
    'PriorityQueue of equals',
    true,
    (capacity: number) => new PriorityQueue<number>({ capacity, compare: () => 0 }),
  ],
] as const)('%s', (name, isOrdered, make) => {
  describe.each(capacities)('with a capacity of %d', (capacity) => {
    conservesItems(name, (): Exchange => {
      const queue = make(capacity);
      return {
        isOrdered,
        put: (item, options) => queue.put(item, options),
        get: (options) => queue.get(options),
        tryPut: (item) => queue.tryPut(item),
        tryGet: () => queue.tryGet(),
        expected: ({ stored, putting, getting }) => ({
          size: stored,
          unfinished: expect.any(Number) as unknown,
          putting,
          getting,
          waiting: putting + getting,
        }),
        statistics: () => queue.statistics(),
      };
    });
  });
});

conservesItems('the iteration of a queue', (): Exchange => {
  const queue = new Queue<number>({ capacity: 1 });
  const iterator = queue[Symbol.asyncIterator]();
  return {
    put: (item, options) => queue.put(item, options),
    get: (options) => within(options, async () => (await iterator.next()).value as number),
    expected: ({ stored, putting, getting }) => ({ size: stored, putting, getting }),
    statistics: () => queue.statistics(),
  };
});

describe.each([0, ...capacities])('channel with a capacity of %d', (capacity) => {
  const expected: Exchange['expected'] = ({ stored, putting, getting }) => ({
    size: stored,
    sending: putting,
    receiving: getting,
    reserving: 0,
    reserved: 0,
  });

  conservesItems('send and receive', (): Exchange => {
    const [sender, receiver] = channel<number>(capacity);
    return {
      put: (item, options) => sender.send(item, options),
      get: (options) => receiver.receive(options),
      tryPut: (item) => sender.trySend(item),
      tryGet: () => receiver.tryReceive(),
      expected,
      statistics: () => receiver.statistics(),
    };
  });

  conservesItems('select', (): Exchange => {
    const [sender, receiver] = channel<number>(capacity);
    const [, never] = channel<number>();
    return {
      put: (item, options) =>
        within(options, () => select(select.receive(never), select.send(sender, item))),
      get: (options) =>
        within(options, async () => {
          const { value } = await select(select.receive(never), select.receive(receiver));
          return value;
        }),
      expected: (quiet) => ({ ...expected(quiet), isTidy: true }),
      statistics: () => ({
        ...receiver.statistics(),
        // In both lines at once: who has left one has left the other.
        isTidy:
          never.statistics().receiving ===
          receiver.statistics().receiving + receiver.statistics().sending,
      }),
    };
  });
});

conservesItems('Broadcast to one subscriber', (): Exchange => {
  const broadcast = new Broadcast<number>({ onLag: 'wait', capacity: 2 });
  const subscription = broadcast.subscribe();
  return {
    put: (item, options) => broadcast.publish(item, options),
    get: (options) => within(options, async () => (await subscription.next()).value as number),
    expected: ({ stored, putting, getting }) => ({
      size: stored,
      publishing: putting,
      receiving: getting,
    }),
    statistics: () => broadcast.statistics(),
  };
});
