import { CancelScope, formatTaskTree, moveOnAfter, sleep, taskGroup, timeout } from '@ambit/core';
import { openUdp } from '@ambit/io';
import type { UdpSocket } from '@ambit/io';
import dgram from 'node:dgram';

const host = '127.0.0.1';

const pair = (): Promise<[UdpSocket, UdpSocket]> =>
  Promise.all([openUdp({ host }), openUdp({ host })]);

test('sends and receives, and says from where', async () => {
  await taskGroup(async () => {
    const [here, there] = await pair();
    await here.send('hello', there.address.port, host);
    const { data, ...from } = await there.receive();
    expect(String(data)).toBe('hello');
    expect(from).toEqual(here.address);
    await there.send(new Uint8Array([1, 2]), from.port, from.host);
    expect([...(await here.receive()).data]).toEqual([1, 2]);
    await here.send('', there.address.port, 'localhost');
    expect((await there.receive()).data).toHaveLength(0);
  });
});

test('with a remote end, `send` needs no address, and others are not heard', async () => {
  await taskGroup(async () => {
    const [there, other] = await pair();
    const here = await openUdp({ remote: there.address });
    await here.send('to you');
    expect(String((await there.receive()).data)).toBe('to you');
    await other.send('noise', here.address.port, host);
    await there.send('answer', here.address.port, host);
    expect(String((await here.receive()).data)).toBe('answer');
    await expect(here.send('x', 80)).rejects.toThrow(/remote end/u);
    await expect(here.send(new Uint16Array(1) as never)).rejects.toThrow(/^send: data is /u);
  });
});

test('nobody at the remote end: Node’s own error, after which it goes on', async () => {
  await taskGroup(async () => {
    const gone = await openUdp({ host });
    const { address } = gone;
    await gone.close();
    const here = await openUdp({ remote: address });
    await here.send('anybody?');
    await expect(here.receive()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const back = await openUdp({ host, port: address.port });
    await here.send('anybody?');
    expect(String((await back.receive()).data)).toBe('anybody?');
  });
});

test('iterates; leaving the loop leaves it open', async () => {
  await taskGroup(async () => {
    const [here, there] = await pair();
    for (const word of ['a', 'b', 'c']) await here.send(word, there.address.port);
    const words: string[] = [];
    for await (const { data } of there) if (words.push(String(data)) === 2) break;
    words.push(String((await there.receive()).data));
    expect(words).toEqual(['a', 'b', 'c']);
  });
});

test('return() of an iterator ends its next() that waits, which takes nothing', async () => {
  await taskGroup(async () => {
    const [here, there] = await pair();
    const iterator = there[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return!();
    expect(await next).toEqual({ done: true, value: undefined });
    await here.send('for the next', there.address.port);
    expect(String((await there.receive()).data)).toBe('for the next');
  });
});

test('what nobody receives is kept up to 1024 packets, then dropped', async () => {
  await taskGroup(async () => {
    const create = jest.spyOn(dgram, 'createSocket');
    const socket = await openUdp({ host });
    const [made] = create.mock.results;
    create.mockRestore();
    for (let at = 0; at < 1100; at += 1) {
      (made!.value as dgram.Socket).emit('message', Buffer.from(String(at)), {
        address: host,
        port: 1,
      });
    }
    for (let at = 0; at < 1024; at += 1) {
      expect(String((await socket.receive()).data)).toBe(String(at));
    }
    expect(await moveOnAfter(10, () => socket.receive())).toBeUndefined();
  });
});

test('a receive that is cancelled takes no packet; `{ signal }` too', async () => {
  await taskGroup(async () => {
    const [here, there] = await pair();
    const scope = new CancelScope();
    const receiving = scope.run(() => there.receive());
    await sleep(0);
    scope.cancel();
    expect(await receiving).toBeUndefined();
    const controller = new AbortController();
    const again = there.receive({ signal: controller.signal });
    controller.abort('stop');
    await expect(again).rejects.toBe('stop');
    await expect(
      here.send('x', there.address.port, host, { signal: AbortSignal.abort('no') }),
    ).rejects.toBe('no');
    await here.send('kept', there.address.port, host);
    expect(String((await there.receive()).data)).toBe('kept');
  });
});

test('two receives at a time: the second is refused', async () => {
  await taskGroup(async (group) => {
    const [here, there] = await pair();
    const first = group.spawn(() => there.receive());
    await sleep(0);
    await expect(there.receive()).rejects.toMatchObject({ name: 'BusyResourceError' });
    await here.send('one', there.address.port, host);
    expect(String((await first).data)).toBe('one');
  });
});

test('closed: who waits is woken, everything is refused, the port is free', async () => {
  await taskGroup(async (group) => {
    const [, there] = await pair();
    const closed = { name: 'ClosedResourceError' };
    const receive = group.spawn(() => there.receive().catch((error: unknown) => error));
    await sleep(0);
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await expect(there.close()).rejects.toBe(scope.reason);
    });
    expect(await receive).toMatchObject(closed);
    await expect(there.receive()).rejects.toMatchObject(closed);
    await expect(there.send('x', 1)).rejects.toMatchObject(closed);
    await there.close();
    await openUdp({ host, port: there.address.port });
  });
});

test('closed while the name of the other end is looked up: who sends is woken', async () => {
  await taskGroup(async (group) => {
    const [here, there] = await pair();
    const sends = [1, 2].map(() =>
      group.spawn(() => here.send('x', there.address.port, 'localhost').catch((e: unknown) => e)),
    );
    await Promise.resolve();
    await here.close();
    for (const send of sends) {
      const outcome = await timeout(400, () => send.join());
      expect(outcome).toMatchObject({
        name: 'ClosedResourceError',
        message: expect.stringMatching(/^send: /) as string,
      });
    }
  });
});

test('is closed with the group around', async () => {
  let socket: UdpSocket | undefined;
  await taskGroup(async () => {
    socket = await openUdp({ host });
  });
  await expect(socket!.receive()).rejects.toMatchObject({ name: 'ClosedResourceError' });
});

test('a port that is taken, a packet that is too big: Node’s own errors', async () => {
  await taskGroup(async () => {
    const [here, there] = await pair();
    await expect(openUdp({ host, port: here.address.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await expect(here.send(new Uint8Array(70_000), there.address.port, host)).rejects.toMatchObject(
      { code: 'EMSGSIZE' },
    );
    await here.send('ok', there.address.port, host);
    expect(String((await there.receive()).data)).toBe('ok');
  });
});

test('shows in the task tree what it waits for', async () => {
  let tree = '';
  await taskGroup(async (group) => {
    const socket = await openUdp({ host });
    const task = group.spawn(() => socket.receive());
    tree = formatTaskTree();
    task.cancel();
  });
  expect(tree).toMatch(/receive at the UDP socket 127\.0\.0\.1:\d+/u);
});

test.each([
  [3, 'TypeError', 'options is 3'],
  [{ port: 70_000 }, 'RangeError', 'port is 70000'],
  [{ host: 1 }, 'TypeError', 'host is 1'],
  [{ remote: {} }, 'TypeError', 'remote.host is undefined'],
  [{ remote: { host, port: 0 } }, 'RangeError', 'remote.port is 0'],
  [{ signal: 1 }, 'TypeError', 'signal is 1'],
])('openUdp refuses %j', async (options, name, message) => {
  await expect(openUdp(options as never)).rejects.toMatchObject({
    name,
    message: expect.stringContaining(`openUdp: ${message}`) as string,
  });
});

test('send refuses what is no data, no port, no host', async () => {
  await taskGroup(async () => {
    const socket = await openUdp({ host });
    await expect(socket.send(3 as never, 1)).rejects.toThrow(/send: data is 3/u);
    await expect(socket.send('x')).rejects.toThrow(/send: port is undefined/u);
    await expect(socket.send('x', 0)).rejects.toThrow(/send: port is 0/u);
    await expect(socket.send('x', 1, 1 as never)).rejects.toThrow(/send: host is 1/u);
  });
});
