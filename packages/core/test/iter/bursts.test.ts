import { gather, moveOnAfter, sleep, taskGroup } from '@ambit/core';
import { debounce, fromEvents, latest, share, throttle } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';

/** Numbers, each after its pause; says when it is closed. */
async function* after(pauses: readonly number[], log: string[] = []) {
  try {
    for (const [at, pause] of pauses.entries()) {
      await sleep(pause);
      yield at;
    }
  } finally {
    log.push('closed');
  }
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

test('debounce gives the last item of each burst, and the last of all', () =>
  testRun(async () => {
    const log: string[] = [];
    const pauses = [0, 50, 50, 200, 50, 200, 10];
    expect(await all(debounce(after(pauses, log), 100))).toEqual([2, 4, 6]);
    expect(log).toEqual(['closed']);
  }));

test('debounce counts from the newest item', () =>
  testRun(async () => {
    const items = debounce(after([0, 90, 90, 1000]), 100);
    let isThere = false;
    const first = items.next().finally(() => (isThere = true));
    await sleep(279);
    expect(isThere).toBe(false);
    expect(await first).toEqual({ done: false, value: 2 });
    await items.return?.();
  }));

test('throttle gives the first at once, then the newest when the time is over', () =>
  testRun(async () => {
    const pauses = [0, 30, 30, 30, 30, 500, 1];
    expect(await all(throttle(after(pauses), 100))).toEqual([0, 3, 4, 5, 6]);
  }));

test('latest skips what came while the consumer was at work', () =>
  testRun(async () => {
    const seen: number[] = [];
    for await (const item of latest(after([0, 10, 10, 10, 10]))) {
      seen.push(item);
      await sleep(25);
    }
    expect(seen).toEqual([0, 2, 4]);
  }));

test('leaving the loop closes the source, for each of them', () =>
  testRun(async () => {
    for (const make of [
      (source: AsyncIterable<number>) => debounce(source, 1),
      (source: AsyncIterable<number>) => throttle(source, 1),
      (source: AsyncIterable<number>) => latest(source),
      (source: AsyncIterable<number>) => share(source),
    ]) {
      const log: string[] = [];
      for await (const item of make(after([0, 10, 10], log))) {
        expect(item).toBe(0);
        break;
      }
      expect(log).toEqual(['closed']);
    }
  }));

test('the error of a source comes after what it gave, for each of them', () =>
  testRun(async () => {
    async function* failing() {
      yield 1;
      await sleep(50);
      throw new Error('the source is broken');
    }
    for (const items of [debounce(failing(), 10), throttle(failing(), 10), latest(failing())]) {
      expect(await items.next()).toEqual({ done: false, value: 1 });
      await expect(items.next()).rejects.toThrow('the source is broken');
    }
    const shared = share(failing());
    const outcomes = await Promise.allSettled([all(shared), all(shared)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  }));

test('share gives all items to each loop, from its beginning on, and opens the source once', () =>
  testRun(async () => {
    const log: string[] = [];
    const shared = share(after([0, 10, 10, 10], log));
    const late = async () => {
      await sleep(15);
      return all(shared);
    };
    const slow = async () => {
      const items: number[] = [];
      for await (const item of shared) {
        items.push(item);
        await sleep(30);
      }
      return items;
    };
    expect(await gather([() => all(shared), slow, late])).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
      [2, 3],
    ]);
    expect(log).toEqual(['closed']);
  }));

test('a loop of share that is cancelled leaves the source to the others; the last one closes it', () =>
  testRun(async () => {
    const log: string[] = [];
    const shared = share(after([0, 10, 10, 10], log));
    await taskGroup(async (group) => {
      const whole = group.spawn(() => all(shared));
      // The one that opened the source.
      const cut = group.spawn(() => moveOnAfter(15, () => all(shared)));
      expect(await cut).toBeUndefined();
      expect(log).toEqual([]);
      expect(await whole).toEqual([0, 1, 2, 3]);
    });
    expect(log).toEqual(['closed']);
  }));

test('fromEvents keeps what comes between two calls, up to its limit, and removes its listener', () =>
  testRun(async () => {
    const target = new EventTarget();
    const counts = { added: 0, removed: 0 };
    const { addEventListener, removeEventListener } = target;
    target.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      counts.added += 1;
      addEventListener.apply(target, args);
    };
    target.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      counts.removed += 1;
      removeEventListener.apply(target, args);
    };
    const send = (detail: number) => target.dispatchEvent(new CustomEvent('tick', { detail }));
    const ticks = fromEvents<CustomEvent<number>>(target, 'tick', { limit: 2 });
    for (const detail of [1, 2, 3]) send(detail);
    const seen: number[] = [];
    for await (const { detail } of ticks) {
      seen.push(detail);
      if (detail === 3) setTimeout(() => send(4));
      if (detail === 4) break;
    }
    expect(seen).toEqual([2, 3, 4]);
    expect(counts).toEqual({ added: 1, removed: 1 });
    const newest = fromEvents<CustomEvent<number>>(target, 'tick', {
      limit: 1,
      onFull: 'drop-newest',
    });
    send(5);
    send(6);
    const first: IteratorResult<CustomEvent<number>, unknown> = await newest.next();
    expect((first.value as CustomEvent<number>).detail).toBe(5);
    await moveOnAfter(10, () => newest.next());
    await newest.return?.();
    expect(counts).toEqual({ added: 2, removed: 2 });
  }));

test('fromEvents ends with a signal, and when its scope drains', () =>
  testRun(async () => {
    const target = new EventTarget();
    const controller = new AbortController();
    const ticks = fromEvents(target, 'tick', { signal: controller.signal });
    const next = ticks.next();
    controller.abort('web');
    await expect(next).rejects.toBe('web');
    await taskGroup(async (group) => {
      const loop = group.spawn(() => all(fromEvents(target, 'tick')));
      await settle();
      group.scope.drain();
      expect(await loop).toEqual([]);
    });
  }));

test('bad arguments are refused', () => {
  expect(() => debounce(1 as never, 1)).toThrow('debounce: source is 1');
  expect(() => debounce([], NaN)).toThrow('ms is NaN');
  expect(() => throttle([], '1' as never)).toThrow('throttle: ms is "1"');
  expect(() => latest(1 as never)).toThrow('latest: source is 1');
  expect(() => share(1 as never)).toThrow('share: source is 1');
  expect(() => fromEvents(1 as never, 'tick')).toThrow('fromEvents: target is 1');
  expect(() => fromEvents(new EventTarget(), 1 as never)).toThrow('name is 1');
  expect(() => fromEvents(new EventTarget(), 'tick', { limit: 0 })).toThrow('limit is 0');
  expect(() => fromEvents(new EventTarget(), 'tick', { onFull: 'x' as never })).toThrow('onFull');
});
