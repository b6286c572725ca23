import { CancelScope, sleep, taskGroup } from '@ambit/core';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { NodeByteStream } from '../../src/streams/node-stream.ts';

async function pair(): Promise<{ here: NodeByteStream; there: Socket; [Symbol.dispose](): void }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  const [there] = (await once(server, 'connection')) as [Socket];
  const here = new NodeByteStream({ label: 'the socket', readable: socket, writable: socket });
  return {
    here,
    there,
    [Symbol.dispose]: () => {
      there.destroy();
      server.close();
    },
  };
}

test('sends, receives, and ends in both directions', async () => {
  using ends = await pair();
  const { here, there } = ends;
  await here.send('hello');
  expect(String((await once(there, 'data'))[0])).toBe('hello');
  there.end('you');
  expect(String(await here.receive(2))).toBe('yo');
  expect(String(await here.receive())).toBe('u');
  expect(await here.receive()).toBeUndefined();
  expect(await here.receive()).toBeUndefined();
  await here.sendEof();
  await once(there, 'end');
  await here.close();
});

test('what is still open is closed with the group around', async () => {
  let ends: Awaited<ReturnType<typeof pair>> | undefined;
  await taskGroup(async () => {
    ends = await pair();
  });
  expect(ends?.there.destroyed).toBe(false);
  await expect(ends?.here.receive()).rejects.toThrow('is closed at this end');
  ends?.[Symbol.dispose]();
});

describe('a goodbye that comes to no end', () => {
  const endless = (): NodeByteStream => {
    const writable = new Writable({
      write: (_chunk, _encoding, done) => done(),
      final: () => undefined,
    });
    return new NodeByteStream({ label: 'the pipe', writable });
  };

  test('is given up after a second', async () => {
    const stream = endless();
    const before = performance.now();
    await stream.close();
    expect(performance.now() - before).toBeGreaterThan(990);
    expect(performance.now() - before).toBeLessThan(2500);
    await expect(stream.send('x')).rejects.toMatchObject({ name: 'ClosedResourceError' });
  });

  test('is given up when the scope is cancelled', async () => {
    const stream = endless();
    const scope = new CancelScope();
    let isOver = false;
    const closing = scope.run(() => stream.close()).finally(() => (isOver = true));
    await sleep(30);
    expect(isOver).toBe(false);
    scope.cancel();
    expect(await closing).toBeUndefined();
    await expect(stream.send('x')).rejects.toMatchObject({ name: 'ClosedResourceError' });
  });
});

describe('bytes that come while no receive waits (I4)', () => {
  const slow = (): { source: Readable; stream: NodeByteStream } => {
    const source = new Readable({ highWaterMark: 4, read: () => undefined });
    return { source, stream: new NodeByteStream({ label: 'the source', readable: source }) };
  };

  test('stay in the stream, in order, and hold up the other end', async () => {
    const { source, stream } = slow();
    const first = stream.receive();
    expect(source.push('a')).toBe(true);
    expect(String(await first)).toBe('a');
    expect(source.push('bc')).toBe(true);
    expect(source.push('defg')).toBe(false);
    expect(source.readableLength).toBe(6);
    expect(String(await stream.receive(1))).toBe('b');
    // At once, or in the pieces that came.
    let rest = '';
    while (rest.length < 5) rest += String(await stream.receive());
    expect(rest).toBe('cdefg');
    source.push(null);
    expect(await stream.receive()).toBeUndefined();
  });

  test('come to the next receive if the one that waited was cancelled', async () => {
    const { source, stream } = slow();
    const scope = new CancelScope();
    const cut = scope.run(() => stream.receive());
    scope.cancel();
    source.push('ab');
    expect(await cut).toBeUndefined();
    expect(String(await stream.receive())).toBe('ab');
  });

  test('come to the receive although other code listens for "readable"', async () => {
    const { source, stream } = slow();
    source.on('readable', () => undefined);
    const first = stream.receive();
    await sleep(1);
    source.push('ab');
    expect(String(await first)).toBe('ab');
  });
});

test('return() of one iterator does not end the wait of another, nor that of a receive', async () => {
  const source = new Readable({ read: () => undefined });
  const stream = new NodeByteStream({ label: 'the source', readable: source });
  const [one, other] = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()];
  const next = one.next();
  expect(await other.return?.()).toEqual({ done: true, value: undefined });
  source.push('a');
  expect(await next).toEqual({ done: false, value: Buffer.from('a') });
  const received = stream.receive();
  await one.return?.();
  source.push('b');
  expect(String(await received)).toBe('b');
  expect(await one.next()).toEqual({ done: true, value: undefined });
});

test('a send is over at once if the stream has passed the bytes on, else when it has', async () => {
  const waiting: (() => void)[] = [];
  const written: string[] = [];
  const writable = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk));
      if (String(chunk) === 'now') done();
      else waiting.push(done);
    },
  });
  const stream = new NodeByteStream({ label: 'the sink', writable });
  await stream.send('now');
  let isOver = false;
  const later = stream.send('later').then(() => (isOver = true));
  await sleep(1);
  expect(isOver).toBe(false);
  waiting.shift()?.();
  await later;
  const scope = new CancelScope();
  const cut = scope.run(() => stream.send('cut'));
  scope.cancel();
  await cut;
  isOver = false;
  const after = stream.send('after').then(() => (isOver = true));
  waiting.shift()?.();
  await sleep(1);
  expect(isOver).toBe(false);
  waiting.shift()?.();
  await after;
  expect(written).toEqual(['now', 'later', 'cut', 'after']);
});
