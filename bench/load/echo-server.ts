// An echo server that tells its port, and then, whenever it is asked, what memory it takes:
//
//   fork('echo-server.js', ['node:net' | 'node:net, async' | 'node:net, the same by hand' | '@ambit/io'])
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { run } from '@ambit/core';
import { listenTcp } from '@ambit/io';
import { serveBare } from './bare-connection.ts';
import { bareGroup } from './bare-group.ts';

const HOST = '127.0.0.1';

const servers: Record<string, () => Promise<void>> = {
  'node:net': async () => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (piece) => socket.write(piece)).on('end', () => socket.end());
    });
    server.listen(0, HOST);
    await once(server, 'listening');
    process.send?.((server.address() as AddressInfo).port);
  },
  // An async function for each connection, which awaits each piece.
  'node:net, async': async () => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      void answer(socket);
    });
    server.listen(0, HOST);
    await once(server, 'listening');
    process.send?.((server.address() as AddressInfo).port);
  },
  // The same with what ours promises: a task each, that can be cancelled by itself, and whose end is heard.
  'node:net, the same by hand': () =>
    bareGroup(async (group) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        serveBare(group, socket);
      });
      server.listen(0, HOST);
      await once(server, 'listening');
      process.send?.((server.address() as AddressInfo).port);
      await once(server, 'close');
    }),
  '@ambit/io': () =>
    run(async () => {
      const listener = await listenTcp({ port: 0, host: HOST });
      process.send?.(listener.address.port);
      await listener.serve(async (stream) => {
        for await (const piece of stream) await stream.send(piece);
      });
    }),
};

async function answer(socket: Socket): Promise<void> {
  let tell: ((piece?: Buffer) => void) | undefined;
  const wake = (piece?: Buffer): void => tell?.(piece);
  socket.on('error', () => undefined);
  socket
    .on('data', wake)
    .on('end', wake)
    .on('close', () => wake());
  for (;;) {
    const piece = await new Promise<Buffer | undefined>((resolve) => (tell = resolve));
    if (piece === undefined) break;
    socket.write(piece);
  }
  socket.end();
}

function answerForMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('message', () => {
    void (async () => {
      for (let round = 0; round < 4; round += 1) {
        collect();
        await setTimeout(50);
      }
      const { heapUsed, external, rss } = process.memoryUsage();
      process.send?.({ heap: heapUsed + external, resident: rss });
    })();
  });
}

const start = servers[process.argv[2] ?? ''];
if (start === undefined) throw new Error(`name a server: ${Object.keys(servers).join(', ')}`);
process.on('disconnect', () => process.exit());
answerForMemory();
await start();
