import { CancelScope, sleep, taskGroup } from '@ambit/core';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Writable } from 'node:stream';
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
