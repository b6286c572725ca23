import { ContextVar, formatTaskTree, sleep } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { Watch } from '@ambit/sync';

test('changed() waits for the next change, and has the value it changed to', () =>
  testRun(async (group) => {
    // rule 188: what is there counts as seen
    const watch = new Watch('a');
    const changes = [1, 2].map(() => group.spawn(() => watch.changed()));
    await settle();
    expect(watch.statistics().waiting).toBe(2);
    watch.value = 'b';
    watch.value = 'c';
    expect(await Promise.all(changes)).toEqual(['b', 'b']);
    const later = group.spawn(() => watch.changed());
    await settle();
    expect(later.done).toBe(false);
    expect(watch.update((old) => old + 'd')).toBe('cd');
    expect(await later).toBe('cd');
    expect(watch.value).toBe('cd');
  }));

test.each([
  ['a string', 'a', 'a'],
  ['NaN', NaN, NaN],
  ['undefined', undefined, undefined],
])('setting the same value is no change: %s', (_, value, same) =>
  testRun(async (group) => {
    // rule 189
    const watch = new Watch<unknown>(value);
    const changed = group.spawn(() => watch.changed());
    watch.value = same;
    watch.update(() => same);
    await settle();
    expect(changed.done).toBe(false);
    watch.value = 'other';
    expect(await changed).toBe('other');
  }),
);

test('waitFor() has the current value, or the first to come that fulfils the condition', () =>
  testRun(async (group) => {
    const watch = new Watch(1);
    expect(await watch.waitFor((value) => value === 1)).toBe(1);
    const even = group.spawn(() => watch.waitFor((value) => value % 2 === 0));
    const large = group.spawn(() => watch.waitFor((value) => value > 3));
    const larger = group.spawn(() => watch.waitFor((value) => value > 4));
    await settle();
    watch.value = 3;
    // Also one that is gone before anybody resumes.
    watch.value = 4;
    watch.value = 5;
    expect(await even).toBe(4);
    expect(await large).toBe(4);
    expect(await larger).toBe(5);
    expect(watch.statistics().waiting).toBe(0);
  }));

test('a predicate that throws ends its own wait only', () =>
  testRun(async (group) => {
    const watch = new Watch(0);
    const failure = new Error('no such value');
    await expect(
      watch.waitFor(() => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    const failing = group.spawn(() =>
      watch
        .waitFor((value) => {
          if (value > 0) throw failure;
          return false;
        })
        .catch((error: unknown) => error),
    );
    const other = group.spawn(() => watch.waitFor((value) => value > 0));
    await settle();
    watch.value = 1;
    expect(await failing).toBe(failure);
    expect(await other).toBe(1);
  }));

test('a predicate runs in the context of who waits, and may set the value or cancel a wait', () =>
  testRun(async (group) => {
    const name = new ContextVar<string>();
    const watch = new Watch(0);
    const seen: unknown[] = [];
    const waits = [
      group.spawn(() =>
        name.run('waiter', () =>
          watch.waitFor((value) => {
            seen.push(name.get());
            if (value === 1) watch.value = 2;
            return value === 1;
          }),
        ),
      ),
      group.spawn(() =>
        watch.waitFor((value) => {
          if (value > 0) waits[1].cancel();
          return false;
        }),
      ),
      group.spawn(() => watch.waitFor((value) => value === 2)),
    ] as const;
    await settle();
    name.run('setter', () => (watch.value = 1));
    expect(await waits[0]).toBe(1);
    expect(await waits[2]).toBe(2);
    expect(seen).toEqual(['waiter', 'waiter']);
    expect(waits[1].state).toBe('cancelled');
    expect(watch.statistics().waiting).toBe(0);
  }));

test('a subscriber gets the current value first, then the newest: some may be missed, never the last', () =>
  testRun(async (group) => {
    // rules 188, 189
    const watch = new Watch(0);
    const seen: number[] = [];
    const loop = group.spawn(async () => {
      for await (const value of watch.subscribe()) {
        seen.push(value);
        if (value === 9) break;
        await sleep(10);
      }
    });
    await settle();
    for (const value of [1, 2, 3]) watch.value = value;
    await sleep(15);
    for (const value of [4, 5, 4]) watch.value = value;
    await sleep(10);
    watch.value = 6;
    await sleep(10);
    watch.value = 9;
    await loop;
    expect(seen).toEqual([0, 3, 4, 6, 9]);
    expect(watch.statistics()).toMatchObject({ subscribers: 0, waiting: 0 });
  }));

test('a value that is back where it was is nothing new to a subscriber', () =>
  testRun(async (group) => {
    const watch = new Watch('a');
    using subscription = watch.subscribe();
    expect(await subscription.next()).toEqual({ done: false, value: 'a' });
    watch.value = 'b';
    watch.value = 'a';
    const next = group.spawn(() => subscription.next());
    await settle();
    expect(next.done).toBe(false);
    watch.value = 'c';
    expect(await next).toEqual({ done: false, value: 'c' });
  }));

test('a subscriber that was woken by a change does not get it twice', () =>
  testRun(async (group) => {
    const watch = new Watch(0);
    using subscription = watch.subscribe();
    await subscription.next();
    const woken = group.spawn(() => subscription.next());
    await settle();
    watch.value = 1;
    expect(await woken).toEqual({ done: false, value: 1 });
    const next = group.spawn(() => subscription.next());
    await settle();
    expect(next.done).toBe(false);
    watch.value = 2;
    expect(await next).toEqual({ done: false, value: 2 });
  }));

test('several calls of next() at one subscription get one change each', () =>
  testRun(async () => {
    const watch = new Watch(0);
    using subscription = watch.subscribe();
    const nexts = [1, 2, 3].map(() => subscription.next());
    watch.value = 1;
    watch.value = 2;
    expect((await Promise.all(nexts)).map(({ value }) => value)).toEqual([0, 1, 2]);
  }));

test('disposing a subscription ends it, also for a next() that waits', () =>
  testRun(async () => {
    const watch = new Watch(0);
    const subscription = watch.subscribe();
    await subscription.next();
    const pending = subscription.next();
    await settle();
    expect(watch.statistics()).toMatchObject({ subscribers: 1, waiting: 1 });
    subscription[Symbol.dispose]();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(watch.statistics()).toMatchObject({ subscribers: 0, waiting: 0 });
  }));

test('every wait is a checkpoint, and ends with its signal', () =>
  testRun(async () => {
    const watch = new Watch(0);
    await expectCheckpoint(() => watch.changed());
    await expectCheckpoint(() => watch.waitFor(() => true));
    await expectCheckpoint(() => watch.subscribe().next());
    const controller = new AbortController();
    const waits = [
      watch.changed({ signal: controller.signal }),
      watch.waitFor(() => false, { signal: controller.signal }),
    ];
    controller.abort('enough');
    for (const wait of waits) await expect(wait).rejects.toBe('enough');
    expect(watch.statistics().waiting).toBe(0);
  }));

test('the task tree names it', () =>
  testRun(async (group) => {
    const watch = new Watch(0, { name: 'config' });
    group.spawn(() => watch.changed());
    group.spawn(() => watch.waitFor(() => false));
    await settle();
    expect(formatTaskTree()).toContain('waits for watch "config" change');
    expect(formatTaskTree()).toContain('waits for watch "config" condition');
    for (const task of group.tasks) task.cancel();
  }));

test('waitFor() has the type that its predicate finds', () =>
  testRun(async () => {
    const watch = new Watch<string | undefined>('a');
    const text: string = await watch.waitFor((value) => value !== undefined);
    expect(text).toBe('a');
  }));

test('arguments of the wrong kind are TypeErrors', () =>
  testRun(async () => {
    expect(() => new Watch(1, { name: 2 as never })).toThrow(TypeError);
    const watch = new Watch(1);
    expect(() => watch.update(2 as never)).toThrow('Watch.update: fn is 2, not a function');
    await expect(watch.waitFor(2 as never)).rejects.toThrow(TypeError);
    await expect(watch.changed(2 as never)).rejects.toThrow(TypeError);
    const failure = new Error('cannot');
    expect(() =>
      watch.update(() => {
        throw failure;
      }),
    ).toThrow(failure);
    expect(watch.value).toBe(1);
  }));

test('a predicate that sets the value is asked about the new one too', () =>
  testRun(async () => {
    const level = new Watch(0);
    const first = level.waitFor((value) => {
      if (value === 1) level.value = 2;
      return value === 2;
    });
    const second = level.waitFor((value) => value === 2);
    level.value = 1;
    expect(await first).toBe(2);
    expect(await second).toBe(2);
  }));
