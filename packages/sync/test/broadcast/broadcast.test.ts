import { CancelScope, formatTaskTree, taskGroup } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { Broadcast, ClosedError, LaggedError } from '@ambit/sync';
import type { Subscription } from '@ambit/sync';

/** What a subscriber would get without waiting. */
async function readAll<T>(subscription: Subscription<T>): Promise<T[]> {
  const items: T[] = [];
  for (;;) {
    const next = await unlessIdle(() => subscription.next());
    if (next === undefined || next.done === true) return items;
    items.push(next.value);
  }
}

async function unlessIdle<R>(body: () => Promise<R>): Promise<R | undefined> {
  const scope = new CancelScope();
  const result = scope.run(body);
  await settle();
  scope.cancel();
  return result;
}

test('every subscriber gets every item that is published after it came, in order', () =>
  testRun(async (group) => {
    // rule 190: a late subscriber sees only later items
    const broadcast = new Broadcast<number>({ onLag: 'error' });
    const log: string[] = [];
    const listen = (name: string): void => {
      const subscription = broadcast.subscribe();
      group.spawn(async () => {
        for await (const item of subscription) log.push(`${name}${item}`);
        log.push(`${name} ends`);
      });
    };
    await broadcast.publish(0);
    listen('a');
    await broadcast.publish(1);
    listen('b');
    await broadcast.publish(2);
    await settle();
    expect(log).toEqual(['a1', 'a2', 'b2']);
    broadcast.close();
    await group.join();
    expect(log.slice(3)).toEqual(['a ends', 'b ends']);
  }));

test('an item may be undefined', () =>
  testRun(async (group) => {
    const broadcast = new Broadcast<undefined>({ onLag: 'wait', capacity: 1 });
    const subscription = broadcast.subscribe();
    const first = group.spawn(() => subscription.next());
    await broadcast.publish(undefined);
    expect(await first).toEqual({ done: false, value: undefined });
    await broadcast.publish(undefined);
    expect(await subscription.next()).toEqual({ done: false, value: undefined });
  }));

test('a new subscriber first gets the last items, if so wished', () =>
  testRun(async () => {
    const broadcast = new Broadcast<number>({ onLag: 'error', replay: 2, capacity: 3 });
    const early = broadcast.subscribe();
    for (const item of [1, 2, 3]) await broadcast.publish(item);
    const late = broadcast.subscribe();
    await broadcast.publish(4);
    expect(await readAll(late)).toEqual([2, 3, 4]);
    await expect(early.next()).rejects.toThrow(LaggedError);
    expect(await readAll(early)).toEqual([2, 3, 4]);
    broadcast.close();
    expect(await readAll(broadcast.subscribe())).toEqual([3, 4]);
  }));

describe("onLag: 'error'", () => {
  test('who is overrun is told exactly how many it has lost, once, and goes on with the oldest', () =>
    testRun(async () => {
      // rule 190: lag is counted exactly, and for each subscriber on its own
      const broadcast = new Broadcast<number>({ onLag: 'error', capacity: 2, name: 'prices' });
      const slow = broadcast.subscribe();
      const quick = broadcast.subscribe();
      for (let item = 1; item <= 5; item += 1) {
        await broadcast.publish(item);
        if (item > 3) expect(await quick.next()).toEqual({ done: false, value: item - 1 });
        if (item === 3) {
          await expect(quick.next()).rejects.toMatchObject({ missed: 1 });
          expect(await quick.next()).toEqual({ done: false, value: 2 });
        }
      }
      const error = await slow.next().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LaggedError);
      expect(error).toMatchObject({
        name: 'LaggedError',
        missed: 3,
        message:
          'broadcast "prices" receive: this subscriber was too slow and has missed 3 items; iterate again to go on',
      });
      expect(await readAll(slow)).toEqual([4, 5]);
      expect(await readAll(quick)).toEqual([5]);
      expect(broadcast.statistics()).toMatchObject({ size: 0, waiting: 0 });
    }));

  test('a loop that was ended by the error can be begun again on the same subscription', () =>
    testRun(async () => {
      const broadcast = new Broadcast<number>({ onLag: 'error', capacity: 1 });
      using subscription = broadcast.subscribe();
      const items: number[] = [];
      for (const item of [1, 2, 3]) await broadcast.publish(item);
      broadcast.close();
      const loop = async (): Promise<void> => {
        for await (const item of subscription) items.push(item);
      };
      await expect(loop()).rejects.toMatchObject({ missed: 2 });
      await loop();
      expect(items).toEqual([3]);
    }));

  test('the lag of one who has gone does not count for the others', () =>
    testRun(async () => {
      const broadcast = new Broadcast<number>({ onLag: 'error', capacity: 2 });
      const gone = broadcast.subscribe();
      const stays = broadcast.subscribe();
      for (const item of [1, 2, 3]) await broadcast.publish(item);
      gone[Symbol.dispose]();
      await expect(stays.next()).rejects.toMatchObject({ missed: 1 });
      expect(await readAll(stays)).toEqual([2, 3]);
      stays[Symbol.dispose]();
      expect(broadcast.statistics()).toMatchObject({ subscribers: 0, size: 0 });
    }));
});

test("onLag: 'drop-oldest': who is overrun loses its oldest items in silence", () =>
  testRun(async () => {
    const broadcast = new Broadcast<number>({ onLag: 'drop-oldest', capacity: 2 });
    const subscription = broadcast.subscribe();
    for (const item of [1, 2, 3, 4]) await broadcast.publish(item);
    expect(broadcast.statistics().size).toBe(2);
    expect(await readAll(subscription)).toEqual([3, 4]);
  }));

describe("onLag: 'wait'", () => {
  test('the publisher waits while a subscriber is too far behind, first come, first served', () =>
    testRun(async (group) => {
      const broadcast = new Broadcast<number>({ onLag: 'wait', capacity: 2 });
      const slow = broadcast.subscribe();
      const quick = broadcast.subscribe();
      const log: string[] = [];
      group.spawn(async () => {
        for await (const item of quick) log.push(`quick ${item}`);
      });
      await broadcast.publish(1);
      await broadcast.publish(2);
      for (const item of [3, 4]) {
        group.spawn(async () => {
          await broadcast.publish(item);
          log.push(`published ${item}`);
        });
      }
      await settle();
      expect(log.splice(0)).toEqual(['quick 1', 'quick 2']);
      expect(broadcast.statistics()).toMatchObject({
        subscribers: 2,
        size: 2,
        capacity: 2,
        waiting: 3,
        publishing: 2,
        receiving: 1,
      });
      expect(await slow.next()).toEqual({ done: false, value: 1 });
      await settle();
      expect(log.splice(0).toSorted()).toEqual(['published 3', 'quick 3']);
      slow[Symbol.dispose]();
      await settle();
      expect(log.toSorted()).toEqual(['published 4', 'quick 4']);
      broadcast.close();
    }));

  test('with nobody there, nobody waits', () =>
    testRun(async () => {
      const broadcast = new Broadcast<number>({ onLag: 'wait', capacity: 1, replay: 1 });
      for (const item of [1, 2, 3]) await broadcast.publish(item);
      using subscription = broadcast.subscribe();
      expect(await readAll(subscription)).toEqual([3]);
    }));

  test('a publisher who is cancelled has published nothing', () =>
    testRun(async (group) => {
      const broadcast = new Broadcast<number>({ onLag: 'wait', capacity: 1 });
      const subscription = broadcast.subscribe();
      await expectCheckpoint(() => broadcast.publish(0));
      await broadcast.publish(1);
      const cut = group.spawn(() => broadcast.publish(2));
      const other = group.spawn(() => broadcast.publish(3));
      cut.cancel();
      expect(broadcast.statistics().publishing).toBe(1);
      expect(await readAll(subscription)).toEqual([1, 3]);
      await other;
    }));
});

test('after close() nothing is published, who waits to is refused, and subscribers take what is left', () =>
  testRun(async (group) => {
    // rule 190
    const broadcast = new Broadcast<number>({ onLag: 'wait', capacity: 1, name: 'prices' });
    const subscription = broadcast.subscribe();
    await broadcast.publish(1);
    const blocked = group.spawn(() => broadcast.publish(2).catch((error: unknown) => error));
    await settle();
    broadcast.close();
    broadcast.close();
    expect(await blocked).toBeInstanceOf(ClosedError);
    await expect(broadcast.publish(3)).rejects.toThrow('publish: the broadcast "prices" is closed');
    const items: number[] = [];
    for await (const item of subscription) items.push(item);
    expect(items).toEqual([1]);
  }));

test('leaving the loop, or disposing, ends the subscription, also for a next() that waits', () =>
  testRun(async () => {
    const broadcast = new Broadcast<number>({ onLag: 'wait', capacity: 1 });
    const left = broadcast.subscribe();
    await broadcast.publish(1);
    for await (const item of left) {
      expect(item).toBe(1);
      break;
    }
    expect(broadcast.statistics().subscribers).toBe(0);
    expect(await left.next()).toEqual({ done: true, value: undefined });

    const disposed = broadcast.subscribe();
    const pending = [disposed.next(), disposed.next()];
    await settle();
    expect(broadcast.statistics()).toMatchObject({ subscribers: 1, receiving: 2 });
    await disposed[Symbol.asyncDispose]();
    disposed[Symbol.dispose]();
    for (const next of pending) expect(await next).toEqual({ done: true, value: undefined });
    expect(broadcast.statistics()).toMatchObject({ subscribers: 0, waiting: 0 });
    await broadcast.publish(2);
  }));

test('several calls of next() at one subscription get one item each', () =>
  testRun(async () => {
    const broadcast = new Broadcast<number>({ onLag: 'error', capacity: 4 });
    using subscription = broadcast.subscribe();
    const nexts = [1, 2, 3].map(() => subscription.next());
    for (const item of [1, 2, 3, 4]) await broadcast.publish(item);
    expect((await Promise.all(nexts)).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(await readAll(subscription)).toEqual([4]);
  }));

test('cancelling a next() leaves the subscription as it is', () =>
  testRun(async (group) => {
    const broadcast = new Broadcast<number>({ onLag: 'error' });
    using subscription = broadcast.subscribe();
    const cut = group.spawn(() => subscription.next());
    await settle();
    expect(formatTaskTree()).toContain('waits for broadcast receive');
    cut.cancel();
    await broadcast.publish(1);
    expect(broadcast.statistics()).toMatchObject({ size: 1, receiving: 0 });
    expect(await readAll(subscription)).toEqual([1]);
  }));

test('an item that is published in the midst of a cancellation stays for the next one', () =>
  testRun(async (group) => {
    const broadcast = new Broadcast<number>({ onLag: 'error' });
    using subscription = broadcast.subscribe();
    const scope = new CancelScope();
    const cut = group.spawn(() =>
      scope.run(() =>
        taskGroup((inner) => {
          inner.spawn(() => park(() => () => void broadcast.publish(1)));
          return inner.spawn(() => subscription.next());
        }),
      ),
    );
    await settle();
    scope.cancel();
    expect(await cut).toBe(undefined);
    expect(await subscription.next()).toEqual({ done: false, value: 1 });
    await settle();
  }));

test('arguments that do not fit are refused at once', () =>
  testRun(async () => {
    const make = (options: object) => () => new Broadcast(options as never);
    expect(make({})).toThrow(
      "Broadcast: onLag is undefined; give 'wait' or 'drop-oldest' or 'error'",
    );
    expect(() => new Broadcast(undefined as never)).toThrow(TypeError);
    expect(make({ onLag: 'error', capacity: 0 })).toThrow(RangeError);
    expect(make({ onLag: 'error', capacity: NaN })).toThrow(RangeError);
    expect(make({ onLag: 'error', replay: -1 })).toThrow(RangeError);
    expect(make({ onLag: 'error', replay: Infinity })).toThrow(RangeError);
    expect(make({ onLag: 'error', replay: 3, capacity: 2 })).toThrow(
      'Broadcast: replay is 3, more than the capacity of 2: a new subscriber would lag at once',
    );
    expect(make({ onLag: 'error', name: 3 })).toThrow(TypeError);
    const broadcast = new Broadcast({ onLag: 'error' });
    await expect(broadcast.publish(1, 2 as never)).rejects.toThrow(TypeError);
  }));
