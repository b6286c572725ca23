import { InvalidStateError } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { BrokenChannelError, channel, ClosedError, EndOfChannelError } from '@ambit/sync';

// rule 223
test('a permit holds room for one item, and sending on it never waits', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1);
    const permit = await sender.reserve();
    expect(sender.statistics()).toMatchObject({ size: 0, reserved: 1, openSenders: 2 });
    expect(sender.trySend(9)).toBe(false);
    const sent = group.spawn(() => sender.send(2));
    await settle();
    expect(sent.done).toBe(false);
    permit.send(1);
    permit[Symbol.dispose]();
    expect(receiver.tryReceive()).toEqual({ ok: true, value: 1 });
    await sent;
    expect(receiver.tryReceive()).toEqual({ ok: true, value: 2 });
    expect(sender.statistics()).toMatchObject({ reserved: 0, openSenders: 1 });
  }));

test('disposing a permit gives its room to who waits longest, to send or to reserve', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1);
    const log: string[] = [];
    const first = await sender.reserve();
    group.spawn(async () => {
      using permit = await sender.reserve();
      log.push('reserved');
      permit.send(1);
    });
    group.spawn(async () => {
      await sender.send(2);
      log.push('sent');
    });
    await settle();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(sender.trySend(9)).toBe(false);
    await settle();
    expect(log).toEqual(['reserved']);
    expect([await receiver.receive(), await receiver.receive()]).toEqual([1, 2]);
    await settle();
    expect(log).toEqual(['reserved', 'sent']);
    expect(sender.statistics()).toMatchObject({ reserved: 0, openSenders: 1, waiting: 0 });
  }));

test('with a receiver waiting, a permit hands its item over and frees its room at once', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1);
    const permit = await sender.reserve();
    const received = group.spawn(() => receiver.receive());
    const reserved = group.spawn(() => sender.reserve());
    await settle();
    permit.send(1);
    expect(await received).toBe(1);
    (await reserved)[Symbol.dispose]();
    expect(sender.statistics()).toMatchObject({ size: 0, reserved: 0 });
  }));

test('with all room promised, an item still goes straight to a receiver who waits', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1);
    using permit = await sender.reserve();
    const reserved = group.spawn(() => sender.reserve());
    const sent = group.spawn(() => sender.send(1));
    await settle();
    // The reserve came first, but this takes no room.
    expect(await receiver.receive()).toBe(1);
    await sent;
    const received = group.spawn(() => receiver.receive());
    expect(sender.trySend(2)).toBe(true);
    expect(await received).toBe(2);
    expect(reserved.done).toBe(false);
    reserved.cancel();
    permit[Symbol.dispose]();
  }));

test('a permit is used once', () =>
  testRun(async () => {
    const [sender] = channel<number>(2);
    const used = await sender.reserve();
    used.send(1);
    expect(() => {
      used.send(2);
    }).toThrow(InvalidStateError);
    const given = await sender.reserve();
    given[Symbol.dispose]();
    expect(() => {
      given.send(2);
    }).toThrow('send: this permit of the channel was used or given back; reserve() another one');
    expect(sender.statistics()).toMatchObject({ size: 1, reserved: 0, openSenders: 1 });
  }));

test('a permit counts as an open sender, also when its handle has closed', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(2);
    const [used, disposed] = [await sender.reserve(), await sender.reserve()];
    sender.close();
    const items: number[] = [];
    const loop = group.spawn(async () => {
      for await (const item of receiver) items.push(item);
    });
    await settle();
    used.send(1);
    await settle();
    expect(items).toEqual([1]);
    expect(loop.done).toBe(false);
    disposed[Symbol.dispose]();
    await loop;
    await expect(receiver.receive()).rejects.toThrow(EndOfChannelError);
  }));

test('the last item, sent by a permit, arrives before the end does', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(2);
    const permit = await sender.reserve();
    sender.close();
    const log: unknown[] = [];
    for (const name of ['a', 'b']) {
      group.spawn(async () => {
        log.push(await receiver.receive().catch((error: unknown) => `${name}: ${String(error)}`));
      });
    }
    await settle();
    permit.send(1);
    await settle();
    expect(log).toEqual([1, expect.stringContaining('b: EndOfChannelError')]);
  }));

test('once the last receiver has closed, an outstanding permit breaks', () =>
  testRun(async () => {
    const undelivered: number[] = [];
    const [sender, receiver] = channel<number>(1, {
      onUndelivered: (item) => undelivered.push(item),
    });
    const permit = await sender.reserve();
    receiver.close();
    expect(() => {
      permit.send(1);
    }).toThrow(BrokenChannelError);
    permit[Symbol.dispose]();
    expect(undelivered).toEqual([]);
    expect(sender.statistics()).toMatchObject({ reserved: 0, openSenders: 1 });
  }));

test('a cancelled reserve leaks nothing', () =>
  testRun(async (group) => {
    const [sender, receiver] = channel<number>(1);
    await expectCheckpoint(() => sender.reserve());
    expect(sender.statistics().reserved).toBe(0);
    await sender.send(0);
    const cut = group.spawn(() => sender.reserve());
    const sent = group.spawn(() => sender.send(1));
    await settle();
    cut.cancel();
    expect(receiver.tryReceive()).toEqual({ ok: true, value: 0 });
    await sent;
    expect(sender.statistics()).toMatchObject({ size: 1, reserved: 0, openSenders: 1, waiting: 0 });
    // Nobody waits to reserve any more when the receiver closes.
    receiver.close();
  }));

test('needs a capacity, and an open handle', () =>
  testRun(async () => {
    const [sender] = channel<number>(0, { name: 'pages' });
    await expect(sender.reserve()).rejects.toThrow(RangeError);
    await expect(sender.reserve()).rejects.toThrow(
      'reserve: the channel "pages" has a capacity of 0, so there is no room to keep; give it a capacity of 1 or more',
    );
    const [closed] = channel<number>(1);
    closed.close();
    await expect(closed.reserve()).rejects.toThrow(ClosedError);
  }));
