// What an idle connection costs the server, next to a bare node:net one: so many connections to an echo server, each a
// task that waits to receive, after one question and answer.
//
//   node bench/dist/load/idle-connections.js [count, default 10000]
//
// Server and clients are processes of their own: each has to have a file for every connection (`ulimit -n`).
import { run } from '@ambit/core';
import { listenTcp } from '@ambit/io';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

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
    await once(process, 'disconnect');
    process.exit();
  },
  '@ambit/io': () =>
    run(async () => {
      const listener = await listenTcp({ port: 0, host: HOST });
      process.send?.(listener.address.port);
      process.on('disconnect', () => process.exit());
      await listener.serve(async (stream) => {
        for await (const piece of stream) await stream.send(piece);
      });
    }),
};

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

async function answerForMemory(): Promise<void> {
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
  await Promise.resolve();
}

async function memoryOf(server: ChildProcess): Promise<Memory> {
  server.send('memory');
  return ((await once(server, 'message')) as [Memory])[0];
}

async function connectAll(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(250, count - sockets.length) }, async () => {
      const socket = connect(port, HOST);
      socket.write('x');
      await once(socket, 'data');
      return socket;
    });
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

async function measure(kind: string, count: number): Promise<void> {
  const server = fork(new URL(import.meta.url), ['serve', kind]);
  const [port] = (await once(server, 'message')) as [number];
  // What is made once is made by then.
  for (const socket of await connectAll(port, 500)) socket.destroy();
  await setTimeout(100);
  const before = await memoryOf(server);
  const start = performance.now();
  const sockets = await connectAll(port, count);
  const seconds = (performance.now() - start) / 1000;
  const after = await memoryOf(server);
  const each = (key: keyof Memory): string =>
    String(Math.round((after[key] - before[key]) / count));
  console.log(
    `${kind.padEnd(10)} ${String(count)} connections in ${seconds.toFixed(1)} s; each ${each('heap')} bytes of heap, ${each('resident')} resident`,
  );
  for (const socket of sockets) socket.destroy();
  await setTimeout(200);
  const end = await memoryOf(server);
  console.log(
    `${' '.repeat(10)} after the last has left ${String(end.heap - before.heap)} bytes more than before`,
  );
  server.disconnect();
  await once(server, 'exit');
}

const [, , mode, kind] = process.argv;
if (mode === 'serve') {
  await answerForMemory();
  await servers[kind ?? '']?.();
} else {
  for (const name of Object.keys(servers)) await measure(name, Number(mode ?? 10_000));
}
