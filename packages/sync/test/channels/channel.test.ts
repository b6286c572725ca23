import { formatTaskTree, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import {
  BrokenChannelError,
  channel,
  ClosedError,
  EndOfChannelError,
  ReceiveChannel,
  SendChannel,
} from '@ambit/sync';

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

function drain<T>(receiver: ReceiveChannel<T>): T[] {
  const items: T[] = [];
  for (let item = receiver.tryReceive(); item.ok; item = receiver.tryReceive()) {
    items.push(item.value);
  }
  return items;
}

test('with a capacity of 0 a send is over when its item has been received', () =>
  testRun(async (group) => {
    // rule 209
    const [sender, receiver] = channel<string>();
    const log: string[] = [];
    group.spawn(async () => {
      await sender.send('a');
      log.push('sent');
    });
    await settle();
    expect(log).toEqual([]);
    expect(sender.statistics()).toMatchObject({ size: 0, sending: 1, waiting: 1 });
    expect(await receiver.receive()).toBe('a');
    await settle();
    expect(log).toEqual(['sent']);

    group.spawn(async () => log.push(await receiver.receive()));
    await sender.send('b');
    await settle();
    expect(log).toEqual(['sent', 'b']);
  }));

test('can be made and used without a run()', async () => {
  const [sender, receiver] = channel<number>();
  const received = receiver.receive();
  await sender.send(1);
  expect(await received).toBe(1);
});

test('trySend() and tryReceive() take what is possible at once', () =>
  testRun(async (group) => {
    // rule 210
    const [sender, receiver] = channel<undefined | null>();
    expect(sender.trySend(undefined)).toBe(false);
    expect(receiver.tryReceive()).toEqual({ ok: false });
    const received = group.spawn(async () => ({ value: await receiver.receive() }));
    expect(sender.trySend(undefined)).toBe(true);
    expect(sender.trySend(undefined)).toBe(false);
    expect(await received).toEqual({ value: undefined });

    const [into, from] = channel<number>(2);
    expect([1, 2, 3].map((item) => into.trySend(item))).toEqual([true, true, false]);
    expect(drain(from)).toEqual([1, 2]);

    const [endless] = channel<number>(Infinity);
    for (let item = 0; item < 1000; item += 1) expect(endless.trySend(item)).toBe(true);
    expect(endless.statistics().size).toBe(1000);
  }));

test('the item of who waits to send moves up when there is room, first come, first served', () =>
  testRun(async (group) => {
    // rule 217
    const [sender, receiver] = channel<number>(1);
    const log: string[] = [];
    for (const item of [1, 2, 3]) {
      group.spawn(async () => {
        await sender.send(item);
        log.push(`sent ${item}`);
      });
    }
    await settle();
    expect(log.splice(0)).toEqual(['sent 1']);
    expect(receiver.tryReceive()).toEqual({ ok: true, value: 1 });
    // The room is given away in the same tick: nobody can barge in.
    expect(sender.trySend(9)).toBe(false);
    expect(receiver.statistics()).toMatchObject({ size: 1, sending: 1 });
    await settle();
    expect(log).toEqual(['sent 2']);
    expect(await receiver.receive()).toBe(2);
    expect(await receiver.receive()).toBe(3);
  }));

test('two receivers take turns, though neither ever has to wait for long', () =>
  testRun(async (group) => {
    // rule 218
    const [sender, receiver] = channel<number>();
    const log: string[] = [];
    for (const name of ['a', 'b']) {
      group.spawn(async () => {
        using own = receiver.clone();
        for await (const item of own) log.push(`${name}${item}`);
      });
    }
    receiver.close();
    for (let item = 0; item < 6; item += 1) await sender.send(item);
    sender.close();
    await group.join();
    expect(log).toEqual(['a0', 'b1', 'a2', 'b3', 'a4', 'b5']);
  }));

test('once all senders have closed, receivers get what is left, then the end', () =>
  testRun(async (group) => {
    // rule 211
    const [sender, receiver] = channel<number>(2, { name: 'pages' });
    const clone = sender.clone();
    await sender.send(1);
    sender.close();
    await clone.send(2);
    clone.close();
    expect(await receiver.receive()).toBe(1);
    expect(receiver.tryReceive()).toEqual({ ok: true, value: 2 });
    expect(await errorOf(receiver.receive())).toBeInstanceOf(EndOfChannelError);
    expect(() => receiver.tryReceive()).toThrow(
      'receive: all senders of the channel "pages" have closed, and every item was received',
    );
    const items: number[] = [];
    for await (const item of receiver) items.push(item);
    expect(items).toEqual([]);

    const [other, waiting] = channel<number>();
    const waits = [1, 2].map(() => group.spawn(() => errorOf(waiting.receive())));
    const loop = group.spawn(async () => {
      for await (const item of waiting) items.push(item);
    });
    other.close();
    for (const wait of waits) expect(await wait).toBeInstanceOf(EndOfChannelError);
    await loop;
    expect(waiting.statistics()).toMatchObject({ waiting: 0, openSenders: 0 });
  }));

test('once all receivers have closed, sending breaks, also for who waits', () =>
  testRun(async (group) => {
    // rule 212
    const [sender, receiver] = channel<number>(1, { name: 'pages' });
    const clone = receiver.clone();
    await sender.send(0);
    const waits = [
      group.spawn(() => errorOf(sender.send(1))),
      group.spawn(() => errorOf(sender.reserve())),
    ];
    receiver.close();
    await settle();
    expect(waits.map((wait) => wait.done)).toEqual([false, false]);
    clone.close();
    for (const wait of waits) expect(await wait).toBeInstanceOf(BrokenChannelError);
    await expect(sender.send(2)).rejects.toThrow(BrokenChannelError);
    await expect(sender.reserve()).rejects.toThrow(BrokenChannelError);
    expect(() => sender.trySend(2)).toThrow(
      'send: all receivers of the channel "pages" have closed; an item could not arrive',
    );
    expect(sender.statistics()).toMatchObject({ size: 0, waiting: 0, openReceivers: 0 });
  }));

test('a closed handle is refused, and its own waits are ended; those of its clones are not', () =>
  testRun(async (group) => {
    // rule 213
    const [sender, receiver] = channel<number>(1);
    const [otherSender, otherReceiver] = [sender.clone(), receiver.clone()];
    const received = group.spawn(() => otherReceiver.receive());
    const cut = group.spawn(() => errorOf(receiver.receive()));
    const loop = async (): Promise<void> => {
      for await (const item of receiver) expect(item).toBe('none');
    };
    const cutLoop = group.spawn(() => errorOf(loop()));
    await settle();
    receiver.close();
    expect(await cut).toBeInstanceOf(ClosedError);
    expect(await cutLoop).toBeInstanceOf(ClosedError);
    await expect(receiver.receive()).rejects.toThrow(
      'receive: this receiver of the channel is closed',
    );
    expect(() => receiver.tryReceive()).toThrow(ClosedError);
    await sender.send(1);
    expect(await received).toBe(1);

    await sender.send(2);
    const sent = group.spawn(() => otherSender.send(4));
    const cutSends = [
      group.spawn(() => errorOf(sender.send(3))),
      group.spawn(() => errorOf(sender.reserve())),
    ];
    await settle();
    sender.close();
    for (const wait of cutSends) expect(await wait).toBeInstanceOf(ClosedError);
    await expect(sender.send(5)).rejects.toThrow(ClosedError);
    await expect(sender.reserve()).rejects.toThrow(ClosedError);
    expect(() => sender.trySend(5)).toThrow('send: this sender of the channel is closed');
    expect(await otherReceiver.receive()).toBe(2);
    await sent;
    expect(await otherReceiver.receive()).toBe(4);
  }));

test('close() is synchronous, may be called again, and clones of a closed handle are refused', () =>
  testRun(async () => {
    // rule 214
    const [sender, receiver] = channel<number>(1);
    {
      using clone = sender.clone();
      expect(clone).toBeInstanceOf(SendChannel);
      using other = receiver.clone();
      expect(other).toBeInstanceOf(ReceiveChannel);
      expect(sender.statistics()).toMatchObject({ openSenders: 2, openReceivers: 2 });
    }
    expect(sender.statistics()).toMatchObject({ openSenders: 1, openReceivers: 1 });
    sender.close();
    sender.close();
    sender[Symbol.dispose]();
    expect(receiver.statistics()).toMatchObject({ openSenders: 0, openReceivers: 1 });
    receiver.close();
    receiver.close();
    expect(receiver.statistics()).toMatchObject({ openSenders: 0, openReceivers: 0 });
    expect(() => sender.clone()).toThrow(ClosedError);
    expect(() => receiver.clone()).toThrow(ClosedError);
  }));

test('what was handed to a receiver is its own, though the last receiver closes in the same tick', () =>
  testRun(async (group) => {
    // rule 216
    const undelivered: number[] = [];
    const [sender, receiver] = channel<number>(1, {
      onUndelivered: (item) => undelivered.push(item),
    });
    const received = group.spawn(() => receiver.receive());
    sender.trySend(1);
    receiver.close();
    expect(await received).toBe(1);
    expect(undelivered).toEqual([]);
  }));

test('leaving a loop leaves the channel as it is', () =>
  testRun(async () => {
    const [sender, receiver] = channel<number>(3);
    for (const item of [1, 2, 3]) await sender.send(item);
    for await (const item of receiver) if (item === 2) break;
    expect(await receiver.receive()).toBe(3);
  }));

test('return() ends a next() that is waiting, and takes no item', () =>
  testRun(async () => {
    const [sender, receiver] = channel<number>(1);
    const iterator = receiver[Symbol.asyncIterator]();
    const pending = iterator.next();
    await iterator.return();
    await sender.send(1);
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(drain(receiver)).toEqual([1]);
  }));

describe('what does not fit', () => {
  const make = (capacity: number, onFull?: 'wait' | 'drop-oldest' | 'drop-newest') => {
    const undelivered: number[] = [];
    const [sender, receiver] = channel<number>(capacity, {
      onFull,
      onUndelivered: (item) => undelivered.push(item),
    });
    return { sender, receiver, undelivered };
  };

  test('drop-oldest: sending never waits, and each item that is pushed out is given back once', () =>
    testRun(async () => {
      // rule 221
      const { sender, receiver, undelivered } = make(2, 'drop-oldest');
      for (const item of [1, 2, 3]) await sender.send(item);
      expect(sender.trySend(4)).toBe(true);
      expect(undelivered).toEqual([1, 2]);
      expect(drain(receiver)).toEqual([3, 4]);
    }));

  test('drop-newest: sending never waits, and each item that does not fit is given back once', () =>
    testRun(async () => {
      // rule 221
      const { sender, receiver, undelivered } = make(2, 'drop-newest');
      for (const item of [1, 2, 3]) await sender.send(item);
      expect(sender.trySend(4)).toBe(true);
      expect(undelivered).toEqual([3, 4]);
      expect(drain(receiver)).toEqual([1, 2]);
    }));

  test.each(['drop-oldest', 'drop-newest'] as const)(
    '%s with a capacity of 0: who waits gets it, else nobody',
    (onFull) =>
      testRun(async (group) => {
        const { sender, receiver, undelivered } = make(0, onFull);
        await sender.send(1);
        expect(undelivered).toEqual([1]);
        const received = group.spawn(() => receiver.receive());
        await sender.send(2);
        expect(await received).toBe(2);
        expect(undelivered).toEqual([1]);
      }),
  );

  test.each(['drop-oldest', 'drop-newest'] as const)(
    '%s, with all room promised to permits: the new one is dropped',
    (onFull) =>
      testRun(async () => {
        const { sender, receiver, undelivered } = make(1, onFull);
        const permit = await sender.reserve();
        await sender.send(1);
        expect(undelivered).toEqual([1]);
        permit.send(2);
        expect(drain(receiver)).toEqual([2]);
      }),
  );

  test('what is left when the last receiver closes is given back, in order, once', () =>
    testRun(async (group) => {
      // rule 221
      const { sender, receiver, undelivered } = make(2);
      await sender.send(1);
      await sender.send(2);
      const refused = group.spawn(() => errorOf(sender.send(3)));
      receiver.close();
      receiver.close();
      sender.close();
      expect(undelivered).toEqual([1, 2]);
      // A send that rejects has accepted nothing.
      expect(await refused).toBeInstanceOf(BrokenChannelError);
      expect(undelivered).toEqual([1, 2]);
    }));

  test('a send that is cancelled has accepted nothing', () =>
    testRun(async (group) => {
      const { sender, receiver, undelivered } = make(0);
      const task = group.spawn(() => sender.send(1));
      task.cancel();
      receiver.close();
      expect(undelivered).toEqual([]);
    }));

  test('onUndelivered may use the channel', () =>
    testRun(async () => {
      const kept: number[] = [];
      const [sender, receiver]: [SendChannel<number>, ReceiveChannel<number>] = channel<number>(1, {
        onFull: 'drop-oldest',
        onUndelivered: (item) => {
          kept.push(item);
          if (item < 3) sender.trySend(item + 10);
        },
      });
      for (const item of [1, 2, 3]) sender.trySend(item);
      expect(kept).toEqual([1, 2, 11, 12]);
      expect(drain(receiver)).toEqual([3]);
    }));

  test('what onUndelivered throws stops nobody, and is reported', () => {
    const reported: unknown[] = [];
    const spy = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
      try {
        callback();
      } catch (error) {
        reported.push(error);
      }
    });
    const [sender, receiver] = channel<number>(2, {
      onUndelivered: (item) => {
        throw new Error(`lost ${item}`);
      },
    });
    sender.trySend(1);
    sender.trySend(2);
    receiver.close();
    spy.mockRestore();
    expect(reported).toEqual([new Error('lost 1'), new Error('lost 2')]);
    expect(sender.statistics()).toMatchObject({ size: 0, openReceivers: 0 });
  });
});

test('the task tree names the channel and what is done with it', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1, { name: 'pages' });
    group.spawn(() => receiver.receive(), { name: 'receiver' });
    await settle();
    expect(formatTaskTree()).toContain('waits for channel "pages" receive');
    for (const item of [1, 2, 3]) group.spawn(() => sender.send(item), { name: 'sender' });
    group.spawn(() => sender.reserve(), { name: 'reserver' });
    await settle();
    expect(formatTaskTree()).toContain('waits for channel "pages" send');
    expect(formatTaskTree()).toContain('waits for channel "pages" reserve');
    for (const task of group.tasks) task.cancel();
  }));

test('a wait that nobody looks at may be cancelled', () =>
  testRun(async (group) => {
    const [, receiver] = channel<number>();
    const task = group.spawn(async () => {
      void receiver.receive();
      await sleep(10);
    });
    const other = group.spawn(async () => {
      await settle();
      const [nobody] = channel<number>();
      void nobody.send(1);
      await sleep(10);
    });
    await settle();
    task.cancel();
    other.cancel();
    expect(receiver.statistics().waiting).toBe(0);
  }));

test('statistics() shows what is stored, who is open, and who waits', () =>
  testRun(async (group) => {
    // rule 219
    const [sender, receiver] = channel<number>(2);
    const permit = await sender.reserve();
    for (const item of [1, 2]) group.spawn(() => sender.send(item));
    group.spawn(() => sender.reserve());
    await settle();
    const statistics = {
      size: 1,
      capacity: 2,
      reserved: 1,
      openSenders: 2,
      openReceivers: 1,
      waiting: 2,
      sending: 1,
      reserving: 1,
      receiving: 0,
    };
    expect(sender.statistics()).toMatchObject(statistics);
    expect(receiver.statistics()).toMatchObject(statistics);
    for (const task of group.tasks) task.cancel();
    permit[Symbol.dispose]();
    drain(receiver);
    const receives = [1, 2].map(() => group.spawn(() => receiver.receive()));
    expect(receiver.statistics()).toMatchObject({ waiting: 2, receiving: 2, size: 0, reserved: 0 });
    for (const receive of receives) receive.cancel();
    expect(receiver.statistics()).toMatchObject({ waiting: 0, openSenders: 1 });
  }));

test.each([-1, 1.5, NaN, -Infinity])('a capacity of %p is a RangeError', (capacity) => {
  // rule 210
  expect(() => channel(capacity)).toThrow(RangeError);
  expect(() => channel(capacity)).toThrow(
    `channel: capacity is ${capacity}; give a whole number from 0, or Infinity`,
  );
});

test('arguments of the wrong kind are TypeErrors', () =>
  testRun(async () => {
    expect(() => channel('1' as never)).toThrow(TypeError);
    expect(() => channel(1, 3 as never)).toThrow('channel: options is 3');
    expect(() => channel(1, { onFull: 'block' as never })).toThrow(
      `channel: onFull is "block"; give 'wait' or 'drop-oldest' or 'drop-newest'`,
    );
    expect(() => channel(1, { onUndelivered: 1 as never })).toThrow('onUndelivered is 1');
    expect(() => channel(1, { name: 1 as never })).toThrow(TypeError);
    const [sender, receiver] = channel();
    await expect(receiver.receive(1 as never)).rejects.toThrow(TypeError);
    await expect(sender.send(1, { signal: 1 as never })).rejects.toThrow(TypeError);
  }));
