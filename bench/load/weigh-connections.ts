import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export interface Memory {
  /** Bytes of the heap, and of what hangs on it outside. */
  readonly heap: number;
  readonly resident: number;
}

export interface Weight {
  /** Seconds that all of them took to connect, and to get their first answer. */
  readonly seconds: number;
  /** Of each connection, in the server. */
  readonly each: Memory;
  /** What the server has more than before, once those have left. */
  readonly left: Memory;
}

/**
 * As many come first, and stay. Among them bytecode, feedback and compiled code are made, and the tables of the server grow: that is
 * done once in a process, and looks like 0.3 kB of each connection if it is shared out among 2,000 of ours.
 */
const BEFORE = 1000;

/** What `count` further idle connections, each after one question and answer, take in an echo server of that kind. */
export async function weighConnections(kind: string, count: number): Promise<Weight> {
  const server = fork(new URL('echo-server.js', import.meta.url), [kind], { execArgv: [] });
  const [port] = (await once(server, 'message')) as [number];
  const first = await connectAll(port, BEFORE);
  const before = await memoryOf(server);
  const start = performance.now();
  const sockets = await connectAll(port, count);
  const seconds = (performance.now() - start) / 1000;
  const during = await memoryOf(server);
  for (const socket of sockets) socket.destroy();
  await setTimeout(200);
  const after = await memoryOf(server);
  for (const socket of first) socket.destroy();
  server.disconnect();
  await once(server, 'exit');
  return {
    seconds,
    each: {
      heap: (during.heap - before.heap) / count,
      resident: (during.resident - before.resident) / count,
    },
    left: { heap: after.heap - before.heap, resident: after.resident - before.resident },
  };
}

async function memoryOf(server: ChildProcess): Promise<Memory> {
  server.send('memory');
  return ((await once(server, 'message')) as [Memory])[0];
}

async function connectAll(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(250, count - sockets.length) }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.write('x');
      await once(socket, 'data');
      return socket;
    });
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}
