// What a round trip costs through a connection, and what an idle connection keeps.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { CancelScope, taskGroup } from '@ambit/core';
import { connectTcp, listenTcp } from '@ambit/io';
import { contest, weigh } from '../contest.ts';
import { BareConnection, serveBare } from '../load/bare-connection.ts';
import { bareGroup } from '../load/bare-group.ts';
import { weighConnections } from '../load/weigh-connections.ts';

const HOST = '127.0.0.1';
const piece = new Uint8Array(64);

await contest({
  title: 'Echo 64 bytes over a TCP connection, both ends in this process',
  count: 10_000,
  rate: 'round trips',
  contenders: [
    { name: '@ambit/io', prepare: echo },
    { name: 'node:net', prepare: bareEcho },
    // Each end awaits each piece.
    { name: 'node:net, a promise for each piece', prepare: awaitedEcho },
    // What no library can be below that gives what ours does.
    { name: 'node:net, the same by hand', prepare: echoByHand },
  ],
  aims: [{ against: 'node:net', atMost: 1.15, bare: 'node:net, the same by hand' }],
  width: 1.4,
});

function echo(count: number): () => Promise<unknown> {
  return () =>
    taskGroup(async (group) => {
      const listener = await listenTcp({ port: 0, host: HOST });
      const serving = new CancelScope();
      group.spawn(() =>
        serving.run(() =>
          listener.serve(async (stream) => {
            for await (const data of stream) await stream.send(data);
          }),
        ),
      );
      const { port } = listener.address as { port: number };
      const stream = await connectTcp({ host: HOST, port });
      for (let at = 0; at < count; at += 1) {
        await stream.send(piece);
        for (let missing = piece.length; missing > 0;) {
          missing -= (await stream.receive())?.length ?? missing;
        }
      }
      await stream.close();
      serving.cancel();
    });
}

function bareEcho(count: number): () => Promise<unknown> {
  return async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, HOST);
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, HOST);
    await new Promise<void>((resolve) => {
      bounce(socket, count, resolve);
    });
    socket.destroy();
    server.close();
    await once(server, 'close');
  };
}

function awaitedEcho(count: number): () => Promise<unknown> {
  return async () => {
    const answer = async (socket: Socket): Promise<void> => {
      const next = pieces(socket);
      for (let data = await next(); data !== undefined; data = await next()) socket.write(data);
      socket.destroy();
    };
    const server = createServer((socket) => void answer(socket)).listen(0, HOST);
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, HOST);
    const next = pieces(socket);
    for (let at = 0; at < count; at += 1) {
      socket.write(piece);
      for (let missing = piece.length; missing > 0;) missing -= (await next())?.length ?? missing;
    }
    socket.destroy();
    server.close();
    await once(server, 'close');
  };
}

function echoByHand(count: number): () => Promise<unknown> {
  return () =>
    bareGroup(async (group) => {
      const server = createServer((socket) => {
        serveBare(group, socket);
      }).listen(0, HOST);
      await once(server, 'listening');
      const stream = new BareConnection(connect((server.address() as AddressInfo).port, HOST));
      for (let at = 0; at < count; at += 1) {
        await stream.send(piece);
        for (let missing = piece.length; missing > 0;) {
          missing -= ((await stream.receive()) as Buffer | undefined)?.length ?? missing;
        }
      }
      await stream.close();
      server.close();
      await once(server, 'close');
    });
}

/** Returns a function that waits for a piece; undefined at the end. */
function pieces(socket: Socket): () => Promise<Buffer | undefined> {
  const came: Buffer[] = [];
  let isOver = false;
  let tell: ((data: Buffer | undefined) => void) | undefined;
  const wake = (data?: Buffer): void => {
    const waiting = tell;
    tell = undefined;
    if (waiting !== undefined) waiting(data);
    else if (data !== undefined) came.push(data);
  };
  socket.on('data', wake).once('close', () => {
    isOver = true;
    wake();
  });
  return () => {
    if (came.length > 0 || isOver) return Promise.resolve(came.shift());
    return new Promise((resolve) => {
      tell = resolve;
    });
  };
}

function bounce(socket: Socket, count: number, done: () => void): void {
  let trips = 0;
  let missing = piece.length;
  socket.on('data', (data) => {
    missing -= data.length;
    if (missing > 0) return;
    trips += 1;
    missing = piece.length;
    if (trips === count) done();
    else socket.write(piece);
  });
  socket.write(piece);
}

// Each is a task that waits to receive. With those that come first few enough for a machine that allows 4,096 open files.
const CONNECTIONS = 2000;

async function bytesOfConnection(kind: string): Promise<number> {
  return (await weighConnections(kind, CONNECTIONS)).each.heap;
}

await weigh({
  title: 'An idle connection to a server',
  unit: 'bytes',
  contenders: ['@ambit/io', 'node:net', 'node:net, async', 'node:net, the same by hand'].map(
    (name) => ({
      name,
      weigh: () => bytesOfConnection(name),
    }),
  ),
  aims: [{ atMost: 2500, bare: 'node:net, the same by hand' }],
  width: 1.2,
});
