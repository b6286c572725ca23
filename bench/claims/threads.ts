// What a call in a worker thread costs: one after the other, many at a time, and with bytes that are handed over.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { run } from '@ambit/core';
import { toThread, WorkerPool } from '@ambit/io';
import { contest } from '../contest.ts';
import { BareThread } from '../load/bare-thread.ts';

const work = new URL('../load/thread.js', import.meta.url);
/** Its threads sleep in their loops, as ours do: timers and sockets of the functions go on between calls. */
const LETS_GO = { atomics: 'disabled' } as const;

const BARE = 'postMessage, the stack of the caller, AsyncLocalStorage';
const KEPT_ALIVE = 'Piscina, its threads sleep in their loops';

await contest({
  title: 'Call a function in a worker thread',
  // The start of the thread, which each round has, is a twentieth of it.
  count: 10_000,
  passes: 2,
  rate: 'calls',
  contenders: [
    { name: 'toThread', prepare: inThread },
    { name: 'Piscina', prepare: byPiscina({}) },
    { name: KEPT_ALIVE, prepare: byPiscina(LETS_GO) },
    { name: 'postMessage by hand', prepare: byHand },
    // What no library with these can be below.
    { name: BARE, prepare: byBareThread },
  ],
  aims: [
    { against: 'postMessage by hand', atMost: 2, bare: BARE },
    { against: 'Piscina', atMost: 1, bare: BARE },
    { against: KEPT_ALIVE, atMost: 1, bare: BARE },
  ],
});

function inThread(count: number): () => Promise<unknown> {
  return () =>
    run(async () => {
      for (let at = 0; at < count; at += 1) await toThread(work, 'increment', at);
    });
}

function byPiscina(options: object): (count: number) => () => Promise<unknown> {
  return (count) => async () => {
    const settings = { filename: work.href, name: 'increment', maxThreads: 1, ...options };
    const pool = new Piscina(settings);
    for (let at = 0; at < count; at += 1) await pool.run(at);
    await pool.destroy();
  };
}

function byHand(count: number): () => Promise<unknown> {
  return async () => {
    const worker = new Worker(work);
    for (let at = 0; at < count; at += 1) {
      worker.postMessage(at);
      await once(worker, 'message');
    }
    await worker.terminate();
  };
}

function byBareThread(count: number): () => Promise<unknown> {
  return async () => {
    const thread = new BareThread();
    for (let at = 0; at < count; at += 1) await thread.call(work.href, 'increment', [at]);
    await thread.end();
  };
}

const AT_A_TIME = 1000;
const threads = availableParallelism();

await contest({
  title: 'Call a function in worker threads, 1,000 calls at a time',
  count: 10_000,
  passes: 2,
  rate: 'calls',
  contenders: [
    { name: 'toThread', prepare: allInThreads },
    { name: 'Piscina', prepare: allByPiscina({}) },
    { name: KEPT_ALIVE, prepare: allByPiscina(LETS_GO) },
  ],
  aims: [{ against: 'Piscina', atMost: 1 }],
});

/** Calls a function `count` times, 1,000 at a time. */
async function inBatches(count: number, call: (at: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < count; at += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, index) => call(at + index)));
  }
}

function allInThreads(count: number): () => Promise<unknown> {
  return () => run(() => inBatches(count, (at) => toThread(work, 'increment', at)));
}

function allByPiscina(options: object): (count: number) => () => Promise<unknown> {
  return (count) => async () => {
    const settings = { filename: work.href, name: 'increment', ...options };
    const pool = new Piscina({ ...settings, minThreads: threads, maxThreads: threads });
    await inBatches(count, (at) => pool.run(at));
    await pool.destroy();
  };
}

const SIZE = 4 * 1024 * 1024;

await contest({
  title: 'Hand 4 MiB over to a worker thread',
  count: 200,
  rate: 'calls',
  contenders: [
    { name: 'WorkerPool, transfer', prepare: transferred(true) },
    { name: 'WorkerPool, a copy', prepare: transferred(false) },
    { name: 'Piscina, transferList', prepare: transferredByPiscina },
  ],
  aims: [{ against: 'WorkerPool, a copy', atMost: 0.6 }],
});

function transferred(isMoved: boolean): (count: number) => () => Promise<unknown> {
  return (count) => async () => {
    await using pool = new WorkerPool({ size: 1 });
    for (let at = 0; at < count; at += 1) {
      const buffer = new ArrayBuffer(SIZE);
      await pool.run(work, 'lengthOf', [buffer], isMoved ? { transfer: [buffer] } : {});
    }
  };
}

function transferredByPiscina(count: number): () => Promise<unknown> {
  return async () => {
    const pool = new Piscina({ filename: work.href, name: 'lengthOf', maxThreads: 1 });
    for (let at = 0; at < count; at += 1) {
      const buffer = new ArrayBuffer(SIZE);
      await pool.run(buffer, { transferList: [buffer] });
    }
    await pool.destroy();
  };
}
