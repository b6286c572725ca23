import { CancelScope, formatTaskTree, InvalidStateError, sleep } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { LifoQueue, PriorityQueue, Queue, QueueShutDownError } from '@ambit/sync';
import type { QueueOptions } from '@ambit/sync';

const kinds = [
  ['Queue', <T>(options?: QueueOptions) => new Queue<T>(options)],
  ['LifoQueue', <T>(options?: QueueOptions) => new LifoQueue<T>(options)],
  [
    'PriorityQueue',
    <T>(options?: QueueOptions) => new PriorityQueue<T>({ ...options, compare: () => 0 }),
  ],
] as const;

/** All that can be had without waiting. */
function drain<T>(queue: Queue<T>): T[] {
  const items: T[] = [];
  for (let item = queue.tryGet(); item.ok; item = queue.tryGet()) items.push(item.value);
  return items;
}

test('items come out in the order they were put', () =>
  testRun(async () => {
    // rule 200
    const queue = new Queue<number>();
    for (const item of [3, 1, 2]) await queue.put(item);
    expect([queue.size, queue.empty, queue.full]).toEqual([3, false, false]);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([3, 1, 2]);
    expect(queue.empty).toBe(true);
  }));

test('can be made and used without a run()', async () => {
  const queue = new Queue<string>();
  const got = queue.get();
  await queue.put('a');
  expect(await got).toBe('a');
});

test('an item may be undefined', () =>
  testRun(async (group) => {
    const queue = new Queue<undefined | null>();
    expect(queue.tryGet()).toEqual({ ok: false });
    expect(queue.tryPut(undefined)).toBe(true);
    expect(queue.tryGet()).toEqual({ ok: true, value: undefined });
    const got = group.spawn(async () => ({ value: await queue.get() }));
    await queue.put(undefined);
    expect(await got).toEqual({ value: undefined });
    const items: unknown[] = [];
    await queue.put(undefined);
    queue.shutdown();
    for await (const item of queue) items.push(item);
    expect(items).toEqual([undefined]);
  }));

describe.each(kinds)('%s', (_, make) => {
  test('who gets waits for an item, who puts for room, each in the order they came', () =>
    testRun(async (group) => {
      const queue = make<string>({ capacity: 1 });
      const log: string[] = [];
      for (const name of ['a', 'b']) {
        group.spawn(async () => {
          log.push(`${name} gets ${await queue.get()}`);
        });
      }
      await settle();
      expect(log).toEqual([]);
      for (const item of ['1', '2', '3']) group.spawn(() => queue.put(item));
      await settle();
      expect(log).toEqual(['a gets 1', 'b gets 2']);
      expect(queue.full).toBe(true);
      for (const item of ['4', '5']) {
        group.spawn(async () => {
          await queue.put(item);
          log.push(`put ${item}`);
        });
      }
      await settle();
      expect(log.splice(0)).toEqual(['a gets 1', 'b gets 2']);
      for (const item of ['3', '4', '5']) {
        expect(await queue.get()).toBe(item);
        await settle();
        log.push(`got ${item}`);
      }
      expect(log).toEqual(['put 4', 'got 3', 'put 5', 'got 4', 'got 5']);
    }));

  test('a newcomer cannot barge in between hand-over and wake-up', () =>
    testRun(async (group) => {
      const queue = make<number>({ capacity: 1 });
      const got = group.spawn(() => queue.get());
      queue.tryPut(1);
      expect(queue.tryGet()).toEqual({ ok: false });
      expect(await got).toBe(1);

      queue.tryPut(2);
      const put = group.spawn(() => queue.put(3));
      expect(queue.tryGet()).toEqual({ ok: true, value: 2 });
      expect(queue.tryPut(4)).toBe(false);
      await put;
      expect(drain(queue)).toEqual([3]);
    }));

  test('taking several items lets in as many who wait to put; putting several wakes as many', () =>
    testRun(async (group) => {
      // rule 204
      const queue = make<number>({ capacity: 3 });
      for (const item of [1, 2, 3, 4, 5, 6]) group.spawn(() => queue.put(item));
      expect(queue.statistics()).toMatchObject({ size: 3, putting: 3 });
      expect(new Set(drain(queue))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
      expect(queue.statistics()).toMatchObject({ size: 0, waiting: 0 });

      const got = [1, 2, 3].map(() => group.spawn(() => queue.get()));
      for (const item of [7, 8, 9]) queue.tryPut(item);
      expect(await Promise.all(got)).toEqual([7, 8, 9]);
    }));

  test('who is cancelled leaves its line at once', () =>
    testRun(async (group) => {
      // rule 203
      const queue = make<number>({ capacity: 1 });
      const getters = [1, 2, 3].map(() => group.spawn(() => queue.get()));
      expect(queue.statistics().getting).toBe(3);
      getters[1]!.cancel();
      expect(queue.statistics().getting).toBe(2);
      for (const getter of getters) getter.cancel();
      expect(queue.statistics().waiting).toBe(0);

      queue.tryPut(0);
      const putters = [1, 2, 3].map((item) => group.spawn(() => queue.put(item)));
      putters[0]!.cancel();
      expect(queue.statistics().putting).toBe(2);
      // rule 202: its item is not in the queue
      expect(queue.tryGet()).toEqual({ ok: true, value: 0 });
      await settle();
      expect(putters[1]!.state).toBe('fulfilled');
      expect(drain(queue)).toEqual([2, 3]);
    }));

  test('the item of one who was cancelled stays for the next, and so does the order', () =>
    testRun(async (group) => {
      // rule 201
      const queue = make<number>({ capacity: 4 });
      const first = group.spawn(() => queue.get());
      const second = group.spawn(() => queue.get());
      first.cancel();
      queue.tryPut(1);
      queue.tryPut(2);
      expect(await second).toBe(1);
      expect(drain(queue)).toEqual([2]);
    }));

  test('a call in a cancelled scope takes and puts nothing', () =>
    testRun(async () => {
      // rules 19, 270
      const queue = make<number>();
      queue.tryPut(1);
      await expectCheckpoint(() => queue.get());
      await expectCheckpoint(() => queue.put(2));
      await expectCheckpoint(() => queue.join());
      await expectCheckpoint(() => queue[Symbol.asyncIterator]().next());
      expect(drain(queue)).toEqual([1]);
    }));

  test('a signal ends the wait with its reason, and one that has aborted refuses', () =>
    testRun(async () => {
      const queue = make<number>({ capacity: 1 });
      const controller = new AbortController();
      const { signal } = controller;
      const waits = [queue.get({ signal })];
      const reason = new Error('enough');
      controller.abort(reason);
      queue.tryPut(1);
      waits.push(queue.get({ signal }), queue.put(2, { signal }) as never);
      waits.push(queue.join({ signal }) as never);
      for (const wait of waits) await expect(wait).rejects.toBe(reason);
      expect(queue.statistics()).toMatchObject({ size: 1, waiting: 0 });
    }));

  test('a wait that nobody looks at may be cancelled', () =>
    testRun(async (group) => {
      const queue = make<number>({ capacity: 1 });
      const task = group.spawn(async () => {
        void queue.get();
        queue.tryPut(1);
        queue.tryPut(2);
        void queue.put(3);
        void queue[Symbol.asyncIterator]().next();
        void queue.join();
        await sleep(10);
      });
      task.cancel();
      await settle();
      expect(queue.statistics().waiting).toBe(0);
    }));

  test('others run although somebody loops without ever having to wait', async () => {
    // rule 218
    const queue = make<number>({ capacity: 4 });
    const turn = { isOver: false };
    setImmediate(() => {
      turn.isOver = true;
    });
    let rounds = 0;
    for (; !turn.isOver; rounds += 1) {
      await queue.put(1);
      await queue.get();
    }
    expect(rounds).toBeGreaterThan(0);
  });

  test('taskDone() for every item ends join(), which waits again after new items', () =>
    testRun(async (group) => {
      // rule 205
      const queue = make<number>();
      await queue.join();
      await queue.put(1);
      await queue.put(2);
      const log: string[] = [];
      group.spawn(async () => {
        await queue.join();
        log.push('joined');
      });
      drain(queue);
      queue.taskDone();
      await settle();
      expect(log).toEqual([]);
      expect(queue.statistics()).toMatchObject({ unfinished: 1, joining: 1, waiting: 1 });
      queue.taskDone();
      await settle();
      expect(log).toEqual(['joined']);
      expect(() => {
        queue.taskDone();
      }).toThrow(InvalidStateError);

      await queue.put(3);
      const joined = group.spawn(() => queue.join());
      await settle();
      expect(joined.done).toBe(false);
      joined.cancel();
      expect(queue.statistics().joining).toBe(0);
    }));

  test('items handed straight over, and those of who had to wait, count as unfinished too', () =>
    testRun(async (group) => {
      // rule 205
      const queue = make<number>({ capacity: 1 });
      group.spawn(() => queue.get());
      for (const item of [1, 2, 3]) group.spawn(() => queue.put(item));
      expect(queue.statistics().unfinished).toBe(2);
      drain(queue);
      for (let done = 0; done < 3; done += 1) queue.taskDone();
      await queue.join();
    }));

  test('after shutdown() nothing is put, what is left can be taken, then the error', () =>
    testRun(async (group) => {
      // rule 206
      const queue = make<number>({ capacity: 1, name: 'jobs' });
      queue.tryPut(1);
      const blocked = group.spawn(() => queue.put(2).catch((error: unknown) => error));
      queue.shutdown();
      queue.shutdown();
      const error = await blocked;
      expect(error).toBeInstanceOf(QueueShutDownError);
      expect(error).toMatchObject({
        name: 'QueueShutDownError',
        message: 'Queue.put: the queue "jobs" is shut down and takes no more items',
      });
      await expect(queue.put(3)).rejects.toThrow(QueueShutDownError);
      expect(() => queue.tryPut(3)).toThrow(QueueShutDownError);
      expect(await queue.get()).toBe(1);
      await expect(queue.get()).rejects.toThrow(QueueShutDownError);
      expect(() => queue.tryGet()).toThrow('the queue "jobs" is shut down and is empty');
    }));

  test('shutdown() wakes who waits for an item', () =>
    testRun(async (group) => {
      // rule 206
      const queue = make<number>();
      const got = [1, 2].map(() => group.spawn(() => queue.get().catch((error: unknown) => error)));
      queue.shutdown();
      for (const error of await Promise.all(got)) expect(error).toBeInstanceOf(QueueShutDownError);
      const [one, other] = await Promise.all(got);
      expect(one).not.toBe(other);
    }));

  test('shutdown({ immediate }) drops what is stored, as if it were done', () =>
    testRun(async (group) => {
      // rule 207
      const queue = make<number>();
      for (const item of [1, 2, 3]) queue.tryPut(item);
      await queue.get();
      const joined = group.spawn(() => queue.join());
      queue.shutdown();
      queue.shutdown({ immediate: true });
      expect(queue.size).toBe(0);
      await expect(queue.get()).rejects.toThrow(QueueShutDownError);
      await settle();
      // One item is still in progress.
      expect(joined.done).toBe(false);
      queue.taskDone();
      await joined;
      expect(queue.statistics()).toMatchObject({ unfinished: 0, waiting: 0 });
    }));

  test('iteration takes items, and ends on shutdown once the queue is drained', () =>
    testRun(async (group) => {
      // rule 208
      const queue = make<number>({ capacity: 1 });
      const items: number[] = [];
      const loop = group.spawn(async () => {
        for await (const item of queue) items.push(item);
      });
      for (const item of [1, 2, 3]) await queue.put(item);
      await settle();
      expect(items).toEqual([1, 2, 3]);
      expect(loop.done).toBe(false);
      queue.shutdown();
      await loop;
      for await (const item of queue) items.push(item);
      expect(items).toEqual([1, 2, 3]);
    }));
});

test('leaving a loop leaves the queue as it is', () =>
  testRun(async () => {
    const queue = new Queue<number>();
    for (const item of [1, 2, 3]) queue.tryPut(item);
    for await (const item of queue) if (item === 2) break;
    expect(await queue.get()).toBe(3);
  }));

test('return() ends a next() that is waiting, and takes no item', () =>
  testRun(async () => {
    const queue = new Queue<number>();
    const iterator = queue[Symbol.asyncIterator]();
    const pending = iterator.next();
    await settle();
    expect(queue.statistics().getting).toBe(1);
    expect(await iterator.return()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    queue.tryPut(1);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(queue.statistics()).toMatchObject({ size: 1, waiting: 0 });
  }));

test('cancelling the scope ends a next() that is waiting; iteration can go on elsewhere', () =>
  testRun(async (group) => {
    const queue = new Queue<number>();
    const iterator = queue[Symbol.asyncIterator]();
    const scope = new CancelScope();
    const first = group.spawn(() => scope.run(() => iterator.next()));
    const second = group.spawn(() => iterator.next());
    await settle();
    scope.cancel();
    queue.tryPut(1);
    expect(await first).toBe(undefined);
    expect(await second).toEqual({ done: false, value: 1 });
  }));

test('the task tree names the queue and what is done with it', () =>
  testRun(async (group) => {
    const queue = new Queue<number>({ capacity: 1, name: 'jobs' });
    group.spawn(() => queue.get(), { name: 'getter' });
    group.spawn(() => new Queue().get(), { name: 'other' });
    await settle();
    expect(formatTaskTree()).toContain('waits for queue "jobs" get');
    expect(formatTaskTree()).toContain('waits for queue get');
    for (const item of [1, 2, 3]) group.spawn(() => queue.put(item), { name: 'putter' });
    group.spawn(() => queue.join(), { name: 'joiner' });
    await settle();
    expect(formatTaskTree()).toContain('waits for queue "jobs" put');
    expect(formatTaskTree()).toContain('waits for queue "jobs" join');
    for (const task of group.tasks) task.cancel();
  }));

test('statistics() shows what is stored and who waits', () =>
  testRun(async (group) => {
    const queue = new Queue<number>({ capacity: 2 });
    const nothing = { unfinished: 0, waiting: 0, getting: 0, putting: 0, joining: 0 };
    expect(queue.statistics()).toMatchObject({ ...nothing, size: 0, capacity: 2 });
    for (const item of [1, 2, 3]) group.spawn(() => queue.put(item));
    group.spawn(() => queue.join());
    expect(queue.statistics()).toMatchObject({
      size: 2,
      capacity: 2,
      unfinished: 2,
      waiting: 2,
      getting: 0,
      putting: 1,
      joining: 1,
    });
    expect(new Queue().statistics().capacity).toBe(Infinity);
    for (const task of group.tasks) task.cancel();
    queue.shutdown({ immediate: true });
    expect(queue.statistics()).toMatchObject({ ...nothing, size: 0, capacity: 2 });
  }));

test.each([0, -1, 1.3, NaN, -Infinity])('a capacity of %p is a RangeError', (capacity) => {
  // rule 199
  expect(() => new Queue({ capacity })).toThrow(RangeError);
  expect(() => new Queue({ capacity })).toThrow(
    `Queue: capacity is ${capacity}; give a whole number from 1, or Infinity`,
  );
});

test('arguments of the wrong kind are TypeErrors', () =>
  testRun(async () => {
    expect(() => new Queue(10 as never)).toThrow('Queue: options is 10');
    expect(() => new Queue({ capacity: '1' as never })).toThrow(TypeError);
    expect(() => new Queue({ name: 1 as never })).toThrow(TypeError);
    expect(() => {
      new Queue().shutdown(true as never);
    }).toThrow(TypeError);
    await expect(new Queue().get(5 as never)).rejects.toThrow(TypeError);
    await expect(new Queue().put(1, { signal: {} as never })).rejects.toThrow(TypeError);
    expect(() => new PriorityQueue({} as never)).toThrow('PriorityQueue: compare is undefined');
    expect(() => new PriorityQueue(undefined as never)).toThrow(TypeError);
    expect(() => new PriorityQueue(3 as never)).toThrow(TypeError);
  }));

describe('PriorityQueue', () => {
  test.each<[string, () => never]>([
    ['NaN', () => NaN as never],
    ['nothing', () => undefined as never],
    ['false', () => false as never],
  ])('what compare answers with %s counts as equal, as for Array.sort', (_, compare) =>
    testRun(async () => {
      const queue = new PriorityQueue<number>({ compare });
      for (const item of [3, 1, 2, 5, 4]) await queue.put(item);
      const taken: number[] = [];
      while (!queue.empty) taken.push(await queue.get());
      expect(taken).toEqual([3, 1, 2, 5, 4]);
    }),
  );

  interface Job {
    readonly rank: number;
    readonly name: string;
  }
  const compare = (a: Job, b: Job): number => a.rank - b.rank;

  test('the least comes out first, and among equals the one that was put first', () =>
    testRun(async () => {
      // rule 200
      const queue = new PriorityQueue<Job>({ compare });
      const jobs = [3, 1, 2, 1, 3, 2, 1].map((rank, at) => ({ rank, name: `${rank}-${at}` }));
      for (const job of jobs) await queue.put(job);
      expect(drain(queue).map(({ name }) => name)).toEqual([
        '1-1',
        '1-3',
        '1-6',
        '2-2',
        '2-5',
        '3-0',
        '3-4',
      ]);
    }));

  test('who waits to put has its rank once it is in', () =>
    testRun(async (group) => {
      const queue = new PriorityQueue<number>({ compare: (a, b) => a - b, capacity: 2 });
      for (const item of [5, 4, 9, 1]) group.spawn(() => queue.put(item));
      expect(drain(queue)).toEqual([4, 5, 1, 9]);
      await settle();
    }));

  test('a comparison that throws puts nothing and takes nothing', () =>
    testRun(async (group) => {
      const refuse = new Error('cannot be compared');
      let isBroken = false;
      const compare = (a: number, b: number): number => {
        if (isBroken || Number.isNaN(a) || Number.isNaN(b)) throw refuse;
        return a - b;
      };
      const queue = new PriorityQueue<number>({ compare, capacity: 4 });
      for (const item of [2, 1, 3]) queue.tryPut(item);
      await expect(queue.put(NaN)).rejects.toBe(refuse);
      expect(() => queue.tryPut(NaN)).toThrow(refuse);
      isBroken = true;
      await expect(queue.get()).rejects.toBe(refuse);
      isBroken = false;
      expect(queue.statistics()).toMatchObject({ size: 3, unfinished: 3 });
      // One who had to wait with such an item: its fault, not that of who takes another.
      queue.tryPut(4);
      const bad = group.spawn(() => queue.put(NaN).catch((error: unknown) => error));
      const good = group.spawn(() => queue.put(0));
      expect(await queue.get()).toBe(1);
      expect(await bad).toBe(refuse);
      await good;
      expect(drain(queue)).toEqual([0, 2, 3, 4]);
    }));
});

test('LifoQueue: the item that was put last comes out first', () =>
  testRun(async () => {
    // rule 200
    const queue = new LifoQueue<number>();
    for (const item of [1, 2, 3]) await queue.put(item);
    expect(drain(queue)).toEqual([3, 2, 1]);
  }));
