import assert from 'node:assert/strict';
import * as dgram from 'node:dgram';
import { once } from 'node:events';
import * as net from 'node:net';
import { sleep } from '@ambit/core';
import { simulate } from '@ambit/io/testing';
import { knowsReusePort } from '../../src/reuse-port.ts';

async function listening(reusePort: boolean): Promise<net.Server> {
  const server = net.createServer().listen({ port: 80, reusePort } as net.ListenOptions);
  await once(server, 'listening');
  return server;
}

async function bound(reusePort: boolean): Promise<dgram.Socket> {
  const socket = dgram.createSocket({ type: 'udp4', reusePort } as dgram.SocketOptions);
  socket.bind(53);
  await once(socket, 'listening');
  return socket;
}

const inUse = { code: 'EADDRINUSE' };
const openings: [string, (reusePort: boolean) => Promise<net.Server | dgram.Socket>][] = [
  ['TCP', listening],
  ['UDP', bound],
];

test.each(openings)('a port of %s is for one that does not share it', (_name, open) =>
  simulate(async (network) => {
    await network.host('api').run(async () => {
      const first = await open(false);
      await assert.rejects(open(false), inUse);
      await assert.rejects(open(true), inUse);
      first.close();
      const second = await open(true);
      await assert.rejects(open(false), inUse);
      // Node before 22.12 ignores what it does not know, and does not share it.
      if (!knowsReusePort()) await assert.rejects(open(true), inUse);
      second.close();
      await open(false);
    });
  }),
);

if (knowsReusePort()) {
  test('connections are distributed to all that listen, and come to those that are left', () =>
    simulate(async (network) => {
      const api = network.host('api');
      const [first, second] = await api.run(() => Promise.all([listening(true), listening(true)]));
      const seen: string[] = [];
      first.on('connection', () => seen.push('first'));
      second.on('connection', () => seen.push('second'));
      await network.host('client').run(async () => {
        for (let count = 0; count < 4; count += 1) net.connect(80, 'api');
        await sleep(10);
        assert.deepEqual(seen.sort(), ['first', 'first', 'second', 'second']);
        first.close();
        seen.length = 0;
        for (let count = 0; count < 4; count += 1) net.connect(80, 'api');
        await sleep(10);
        assert.deepEqual(seen, ['second', 'second', 'second', 'second']);
      });
    }));

  test('packets of one sender come to one socket', () =>
    simulate(async (network) => {
      const sockets = await network.host('api').run(() => Promise.all([bound(true), bound(true)]));
      const seen = [0, 0];
      for (const [index, socket] of sockets.entries())
        socket.on('message', () => (seen[index]! += 1));
      await network.host('client').run(async () => {
        const [one, other] = [dgram.createSocket('udp4'), dgram.createSocket('udp4')];
        for (let count = 0; count < 3; count += 1) one.send('x', 53, 'api');
        await sleep(10);
        assert.deepEqual([...seen].sort(), [0, 3]);
        other.send('x', 53, 'api');
        await sleep(10);
        assert.deepEqual([...seen].sort(), [1, 3]);
      });
    }));
}
