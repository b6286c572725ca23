import { formatTaskTree, Future, isCancelled, moveOnAfter, sleep } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import {
  BrokenChannelError,
  channel,
  ClosedError,
  EndOfChannelError,
  Event,
  select,
} from '@ambit/sync';
import type { Clause } from '@ambit/sync';

// rule 222
describe('of those that are ready, the first by position fires', () => {
  test('and the others keep their items', () =>
    testRun(async () => {
      const [a, fromA] = channel<string>(1);
      const [b, fromB] = channel<string>(1);
      const [into, from] = channel<string>(1);
      a.trySend('a');
      b.trySend('b');
      const clauses = [
        select.receive(fromB),
        select.receive(fromA),
        select.send(into, 'c'),
      ] as const;
      expect(await select(...clauses)).toEqual({ index: 0, value: 'b' });
      expect(await select(...clauses)).toEqual({ index: 1, value: 'a' });
      expect(await select(...clauses)).toEqual({ index: 2, value: undefined });
      expect(from.tryReceive()).toEqual({ ok: true, value: 'c' });
      expect([fromA, fromB, from].map((end) => end.statistics().size)).toEqual([0, 0, 0]);
    }));

  test('of each kind', () =>
    testRun(async (group) => {
      const event = new Event();
      event.set();
      const done = group.spawn(() => 5);
      const [, never] = channel();
      const idle = select.receive(never);
      expect(await select(idle, select.event(event))).toEqual({ index: 1, value: undefined });
      expect(await select(idle, select.task(done))).toEqual({ index: 1, value: 5 });
      expect(await select(idle, select.after(0))).toEqual({ index: 1, value: undefined });
      expect(await select(idle, select.after(-5))).toEqual({ index: 1, value: undefined });
      expect(await select(select.task(done), select.event(event))).toEqual({ index: 0, value: 5 });
    }));
});

describe('else the first to become ready', () => {
  test.each([
    ['receive', 0],
    ['send', 1],
    ['task', 2],
    ['after', 3],
    ['event', 4],
    ['future', 5],
  ])('%s; the others leave no waiter behind', (name, index) =>
    testRun(async (group, loop) => {
      const [sender, receiver] = channel<string>();
      const [into, from] = channel<string>();
      const event = new Event();
      const work = group.spawn(() => sleep(20, { value: 'done' }));
      const future = new Future<string>();
      const selected = group.spawn(() =>
        select(
          select.receive(receiver),
          select.send(into, 'sent'),
          select.task(work),
          select.after(name === 'after' ? 10 : 30),
          select.event(event),
          select.task(future),
        ),
      );
      await settle();
      expect(receiver.statistics().receiving).toBe(1);
      expect(from.statistics().sending).toBe(1);
      expect(event.statistics().waiting).toBe(1);
      if (name === 'receive') expect(sender.trySend('received')).toBe(true);
      if (name === 'send') expect(from.tryReceive()).toEqual({ ok: true, value: 'sent' });
      if (name === 'event') event.set();
      if (name === 'future') future.resolve('resolved');
      // In the same tick, before anybody resumes.
      if (name !== 'task' && name !== 'after') {
        expect(receiver.statistics().waiting + from.statistics().waiting).toBe(0);
        expect(event.statistics().waiting).toBe(0);
        expect(sender.trySend('nobody')).toBe(false);
        expect(from.tryReceive()).toEqual({ ok: false });
      }
      const values = ['received', undefined, 'done', undefined, undefined, 'resolved'];
      expect(await selected).toEqual({ index, value: values[index] });
      if (name === 'after') expect(loop.now()).toBe(10);
      if (name === 'task') expect(loop.now()).toBe(20);
      expect(receiver.statistics().waiting + from.statistics().waiting).toBe(0);
      expect(event.statistics().waiting).toBe(0);
      await work;
    }),
  );
});

test('exactly one fires, though several become ready in the same tick', () =>
  testRun(async (group) => {
    const [a, fromA] = channel<string>(1);
    const [b, fromB] = channel<string>(1);
    const selected = group.spawn(() => select(select.receive(fromA), select.receive(fromB)));
    await settle();
    b.trySend('b');
    a.trySend('a');
    expect(await selected).toEqual({ index: 1, value: 'b' });
    expect(fromA.tryReceive()).toEqual({ ok: true, value: 'a' });
    expect(fromB.tryReceive()).toEqual({ ok: false });
  }));

test('two selects that face each other on a channel that stores nothing meet', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<string>();
    const [other, otherReceiver] = channel<string>();
    const first = group.spawn(() =>
      select(select.send(sender, 'hello'), select.receive(otherReceiver)),
    );
    await settle();
    const second = group.spawn(() =>
      select(select.send(other, 'good day'), select.receive(receiver)),
    );
    // The second finds the first waiting to receive: of its own clauses that is the first.
    expect(await second).toEqual({ index: 0, value: undefined });
    expect(await first).toEqual({ index: 1, value: 'good day' });
    expect(sender.statistics().waiting + other.statistics().waiting).toBe(0);
  }));

test('a select does not meet itself', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<string>();
    const make = (name: string) =>
      group.spawn(() => select(select.send(sender, name), select.receive(receiver)));
    const first = make('first');
    await settle();
    expect(first.done).toBe(false);
    const second = make('second');
    expect(await second).toEqual({ index: 0, value: undefined });
    expect(await first).toEqual({ index: 1, value: 'second' });
  }));

test('many selects against many: each item arrives once', () =>
  testRun(async (group) => {
    const [a, fromA] = channel<number>();
    const [b, fromB] = channel<number>();
    const got: number[] = [];
    for (let item = 0; item < 100; item += 1) {
      group.spawn(() =>
        select(select.send(item % 2 ? a : b, item), select.send(item % 3 ? b : a, item)),
      );
      group.spawn(async () => {
        const { value } = await select(select.receive(fromA), select.receive(fromB));
        got.push(value);
      });
    }
    await group.join();
    expect(got.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, item) => item));
    expect(a.statistics().waiting + b.statistics().waiting).toBe(0);
  }));

test('an ended channel, a failed or a cancelled task reject it, if it is their turn', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1);
    const [into, from] = channel<number>(1);
    into.trySend(1);
    const failure = new Error('broken');
    const failing = group.spawn(() => select(select.receive(receiver)).catch((e: unknown) => e));
    await settle();
    sender.close();
    expect(await failing).toBeInstanceOf(EndOfChannelError);
    await expect(select(select.receive(receiver), select.receive(from))).rejects.toThrow(
      EndOfChannelError,
    );
    // One before it was ready.
    expect(await select(select.receive(from), select.receive(receiver))).toEqual({
      index: 0,
      value: 1,
    });

    const future = new Future<number>();
    const failed = group.spawn(() =>
      select(select.receive(from), select.task(future)).catch((e: unknown) => e),
    );
    await settle();
    future.reject(failure);
    expect(await failed).toBe(failure);
    await expect(select(select.task(future))).rejects.toBe(failure);
    const task = group.spawn(() => sleep(100));
    const cut = group.spawn(() => select(select.task(task)).catch((e: unknown) => e));
    await settle();
    task.cancel();
    expect(isCancelled(await cut)).toBe(true);
    await expect(select(select.task(task))).rejects.toBe(task.error());

    from.close();
    await expect(select(select.send(into, 1))).rejects.toThrow(BrokenChannelError);
    await expect(select(select.receive(from))).rejects.toThrow(ClosedError);
  }));

test('one clause that fails takes the others out of their lines', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>();
    const event = new Event();
    const failed = group.spawn(() =>
      select(select.event(event), select.receive(receiver)).catch((e: unknown) => e),
    );
    await settle();
    sender.close();
    expect(event.statistics().waiting).toBe(0);
    expect(await failed).toBeInstanceOf(EndOfChannelError);
  }));

test('one that is in a line twice does not keep the end of the channel from those behind it', () =>
  testRun(async (group) => {
    const ends: string[] = [];
    const note = (error: unknown): void => void ends.push((error as Error).name);
    const [sender, receiver] = channel<number>();
    const twice = select(select.receive(receiver), select.receive(receiver.clone()));
    group.spawn(() => twice.catch(note));
    group.spawn(() => receiver.receive().catch(note));
    const [into, from] = channel<number>();
    const sends = select(select.send(into, 1), select.send(into, 2));
    group.spawn(() => sends.catch(note));
    group.spawn(() => into.send(3).catch(note));
    await settle();
    sender.close();
    from.close();
    await settle();
    const [ended, broken] = ['EndOfChannelError', 'BrokenChannelError'];
    expect(ends.sort()).toEqual([broken, broken, ended, ended]);
  }));

test('closing the handle it waits on ends it', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>();
    const clone = sender.clone();
    const waits = [
      group.spawn(() => select(select.send(clone, 1)).catch((e: unknown) => e)),
      group.spawn(() => select(select.after(50)).catch((e: unknown) => e)),
    ];
    await settle();
    clone.close();
    expect(await waits[0]).toBeInstanceOf(ClosedError);
    expect(receiver.statistics().waiting).toBe(0);
    expect(await waits[1]).toEqual({ index: 0, value: undefined });
  }));

test('cancelled, it takes and sends nothing', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1);
    sender.trySend(1);
    await expectCheckpoint(() => select(select.receive(receiver)));
    expect(receiver.statistics().size).toBe(1);
    const [into, from] = channel<number>();
    const event = new Event();
    const selected = group.spawn(() =>
      select(select.send(into, 1), select.event(event), select.after(1000)),
    );
    await settle();
    selected.cancel();
    expect(from.tryReceive()).toEqual({ ok: false });
    expect(event.statistics().waiting + from.statistics().waiting).toBe(0);
    expect(await moveOnAfter(5, () => select(select.receive(from)))).toBe(undefined);
  }));

test('the task tree names all that it waits for', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(0, { name: 'jobs' });
    const event = new Event({ name: 'stop' });
    const work = group.spawn(() => sleep(10), { name: 'work' });
    const selected = group.spawn(() =>
      select(
        select.receive(receiver),
        select.send(sender, 1),
        select.after(100),
        select.event(event),
        select.task(work),
        select.task(new Future()),
      ),
    );
    await settle();
    expect(formatTaskTree()).toContain(
      'waits for select of channel "jobs" receive, channel "jobs" send, after 100 ms, event "stop", join work, future',
    );
    expect(await selected).toEqual({ index: 4, value: undefined });
  }));

test('arguments of the wrong kind are refused at once', () =>
  testRun(async () => {
    await expect(select()).rejects.toThrow('select: there is no clause; give at least one');
    await expect(select(Promise.resolve() as never)).rejects.toThrow(
      'select: clause 0 is a promise; make it by select.receive, send, task, after or event',
    );
    await expect(select(select.after(1), undefined as never)).rejects.toThrow(TypeError);
    expect(() => select.receive({} as never)).toThrow(
      'select.receive: an object (Object) is not a',
    );
    expect(() => select.send(undefined as never, 1)).toThrow(TypeError);
    expect(() => select.task(Promise.resolve() as never)).toThrow(TypeError);
    expect(() => select.task(undefined as never)).toThrow(TypeError);
    expect(() => select.event({} as never)).toThrow(TypeError);
    expect(() => select.after('1' as never)).toThrow(TypeError);
    expect(() => select.after(NaN)).toThrow(RangeError);
  }));

test('is typed by position', () => {
  const [sender, receiver] = channel<number>();
  const [, texts] = channel<string>();
  const never: Clause<boolean> = {
    label: 'never',
    poll: () => undefined,
    enlist: () => () => undefined,
  };
  const check = async (): Promise<void> => {
    const selected = await select(
      select.receive(receiver),
      select.receive(texts),
      select.send(sender, 1),
      select.after(1),
      never,
    );
    if (selected.index === 0) selected.value satisfies number;
    if (selected.index === 1) selected.value satisfies string;
    if (selected.index === 2) selected.value satisfies undefined | void;
    if (selected.index === 4) selected.value satisfies boolean;
    // @ts-expect-error -- there is no sixth clause
    if (selected.index === 5) return;
    // @ts-expect-error -- it may be any of them
    selected.value satisfies number;
    // @ts-expect-error -- a channel of numbers
    select.send(sender, 'text');
    // @ts-expect-error -- received as it was sent
    (await receiver.receive()) satisfies string;
    // @ts-expect-error -- items of a receiver
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    select.receive(sender);
    const { value } = await select(select.receive(receiver), select.receive(receiver));
    value satisfies number;
  };
  expect(check).toBeInstanceOf(Function);
});
