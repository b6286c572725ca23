// Connections that come and go: opened in batches over loopback to an echo server, half of them cancelled at a random
// moment. Fails if a socket, a listener on the signal they share, a timer or memory is left.
//
//   node --expose-gc bench/dist/load/soak-connections.js [count, default 50000] [seed, default 1]
import { CancelScope, moveOnAfter, run, sleep, taskGroup } from '@ambit/core';
import { connectTcp, listenTcp } from '@ambit/io';
import type { TcpAddress } from '@ambit/io';
import { getEventListeners } from 'node:events';

const BATCH = 200;
const count = Number(process.argv[2] ?? 50_000);
const seed = Number(process.argv[3] ?? 1);

/** mulberry32: the same numbers for the same seed. */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Left {
  readonly sockets: number;
  readonly timers: number;
  readonly listeners: number;
  readonly heap: number;
}

async function leftNow(signal: AbortSignal): Promise<Left> {
  for (let round = 0; round < 4; round += 1) {
    await sleep(20);
    globalThis.gc?.();
  }
  const active = process.getActiveResourcesInfo();
  return {
    sockets: active.filter((name) => /TCP|Connect/u.test(name)).length,
    timers: active.filter((name) => name === 'Timeout').length,
    listeners: getEventListeners(signal, 'abort').length,
    heap: process.memoryUsage().heapUsed,
  };
}

const outcomes = { echoed: 0, cancelled: 0, failed: 0 };

/** One client: connects, asks, is answered, and closes; or is cancelled at some point of that. */
async function visit(to: TcpAddress, random: () => number, signal: AbortSignal): Promise<void> {
  const isCut = random() < 0.5;
  const [cutAfter, size] = [random() * 8, 1 + Math.floor(random() * 20_000)];
  const scope = new CancelScope({ signal, timeout: isCut ? cutAfter : Infinity });
  await scope.run(async () => {
    await taskGroup(async () => {
      const stream = await connectTcp({ ...to, signal });
      await stream.send(new Uint8Array(size));
      for (let left = size; left > 0;)
        left -= (await stream.receive(left, { signal }))?.length ?? left;
      outcomes.echoed += 1;
      // Half of them leave it to the group.
      if (random() < 0.5) await stream.close();
    });
  });
  if (scope.cancelCaught) outcomes.cancelled += 1;
}

async function visitAll(to: TcpAddress, total: number, signal: AbortSignal): Promise<void> {
  const random = randomFrom(seed);
  for (let done = 0; done < total; done += BATCH) {
    await taskGroup((group) => {
      for (let at = 0; at < Math.min(BATCH, total - done); at += 1) {
        group.spawn(() => visit(to, random, signal));
      }
    });
  }
}

await run(async (group) => {
  const { signal } = new AbortController();
  const listener = await listenTcp({ port: 0, host: '127.0.0.1', backlog: 1024 });
  const serving = group.spawn(() =>
    listener.serve(
      async (stream) => {
        for await (const piece of stream) await stream.send(piece);
      },
      // Clients that are cancelled reset their connections.
      { onError: () => (outcomes.failed += 1) },
    ),
  );
  // What is made once is made by then.
  await visitAll(listener.address, 2000, signal);
  const before = await leftNow(signal);
  const start = performance.now();
  await visitAll(listener.address, count, signal);
  const seconds = (performance.now() - start) / 1000;
  const after = await leftNow(signal);
  console.log(
    `${String(count)} connections in ${seconds.toFixed(1)} s, seed ${String(seed)}`,
    outcomes,
  );
  console.log('before', before);
  console.log('after ', after);
  const isClean =
    after.sockets === before.sockets &&
    after.timers <= before.timers &&
    after.listeners === 0 &&
    (globalThis.gc === undefined || after.heap - before.heap < 1_000_000);
  const closed = await moveOnAfter(5000, async () => {
    await listener.close();
    await serving;
    return true;
  });
  console.log(isClean && closed === true ? 'nothing is left' : 'SOMETHING IS LEFT');
  if (!isClean || closed !== true) process.exitCode = 1;
});
