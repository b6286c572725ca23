// What is kept for each thing that lives, with nothing else going on: bytes of the heap.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import { CancelScope, sleep, sleepForever, taskGroup } from '@ambit/core';
import { Lock, Queue } from '@ambit/sync';
import { Mutex } from 'async-mutex';
import { Sema } from 'async-sema';
import * as Effect from 'effect/Effect';
import * as EffectQueue from 'effect/Queue';
import * as effection from 'effection';
import { weigh } from '../contest.ts';
import { bareGroup, bareWait } from '../load/bare-group.ts';

const COUNT = 50_000;
const FEWER = 5_000;
// Outside of all that is weighed. It has to be kept, for with it goes what waits for it.
const NEVER = new Promise(nothing);
const BY_HAND = 'a group by hand';
const bareStorage = new AsyncLocalStorage<unknown>();

/** Bytes for each of those that `make` makes and returns, or keeps alive by other means. */
async function bytesOfEach(count: number, make: (count: number) => unknown): Promise<number> {
  // The first ones compile code, which stays.
  const kept = [await make(count / 10)];
  const before = heapInUse();
  kept.push(await make(count));
  const bytes = (heapInUse() - before) / count;
  if (kept.length !== 2) throw new Error('what is weighed has to be kept');
  return bytes;
}

function heapInUse(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function many<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

await weigh({
  title: 'A task that waits',
  unit: 'bytes',
  contenders: [
    { name: 'taskGroup', weigh: () => bytesOfTask(() => sleepForever()) },
    { name: BY_HAND, weigh: bytesOfTaskByHand },
    { name: 'AsyncLocalStorage, a promise', weigh: () => bytesOfEach(COUNT, bareWaits) },
    { name: 'an async function, AbortController', weigh: () => bytesOfEach(COUNT, abortable) },
    { name: 'Effect', weigh: () => bytesOfEach(COUNT, parkedFibers) },
    { name: 'effection', weigh: () => bytesOfEach(FEWER, parkedOperations) },
  ],
  aims: [{ atMost: 700, bare: BY_HAND }],
});

async function bytesOfTaskByHand(): Promise<number> {
  let bytes = 0;
  await bareGroup(async (group) => {
    bytes = await bytesOfEach(COUNT, (count) => {
      for (let at = 0; at < count; at += 1) group.spawn(() => bareWait('sleepForever').promise);
    });
    group.scope.cancel(new Error('weighed'));
  });
  return bytes;
}

/** In a scope, as a program's tasks are: an AsyncLocalStorage is active. */
async function bytesOfTask(body: () => Promise<unknown>): Promise<number> {
  const scope = new CancelScope();
  let bytes = 0;
  await scope.run(() =>
    taskGroup(async (group) => {
      bytes = await bytesOfEach(COUNT, (count) => {
        for (let at = 0; at < count; at += 1) group.spawn(() => body());
      });
      scope.cancel();
    }),
  );
  return bytes;
}

/**
 * What no library can be below that ends a wait both ways, in an ambient value of its own, and hears of the end: no object is for it alone.
 * Two functions in an array take 16 bytes of it.
 */
function bareWaits(count: number): unknown {
  const wakers: ((value: never) => void)[] = [];
  const body = (): unknown => new Promise((...both) => wakers.push(...both)).then(nothing, nothing);
  for (let at = 0; at < count; at += 1) bareStorage.run(NEVER, body);
  return wakers;
}

function nothing(): void {
  // What the end of a wait does is not weighed.
}

function abortable(count: number): unknown {
  return many(count, () => {
    const controller = new AbortController();
    const wait = new Promise((_, reject) => {
      controller.signal.addEventListener('abort', () => {
        reject(controller.signal.reason as Error);
      });
    });
    return [controller, wait.catch(() => undefined)];
  });
}

function parkedFibers(count: number): unknown {
  return many(count, () => Effect.runFork(Effect.never));
}

async function parkedOperations(count: number): Promise<unknown> {
  const roots = many(count, () => effection.run(() => effection.suspend()));
  await new Promise(setImmediate);
  return roots;
}

const AN_HOUR = 3_600_000;

await weigh({
  title: 'A task that sleeps',
  unit: 'bytes',
  contenders: [
    { name: 'taskGroup, sleep', weigh: () => bytesOfTask(() => sleep(AN_HOUR)) },
    { name: 'node:timers/promises, AbortController', weigh: abortableSleeps },
  ],
});

async function abortableSleeps(): Promise<number> {
  const controllers: AbortController[] = [];
  const bytes = await bytesOfEach(COUNT, (count) =>
    many(count, () => {
      const controller = new AbortController();
      controllers.push(controller);
      return setTimeout(AN_HOUR, undefined, { signal: controller.signal }).catch(nothing);
    }),
  );
  for (const controller of controllers) controller.abort();
  return bytes;
}

await weigh({
  title: 'A scope that is open',
  unit: 'bytes',
  contenders: [
    { name: 'CancelScope', weigh: () => bytesOfEach(COUNT, openScopes) },
    { name: 'AsyncLocalStorage, then', weigh: () => bytesOfEach(COUNT, bareScopes) },
    // Each more listener of a signal looks at all others first.
    { name: 'AbortController, listening to another', weigh: () => bytesOfEach(FEWER, linked) },
    { name: 'AbortSignal.any', weigh: () => bytesOfEach(FEWER, composed) },
  ],
  aims: [{ atMost: 500 }],
});

await weigh({
  title: 'A scope that is open, and a wait in it',
  unit: 'bytes',
  contenders: [
    { name: 'CancelScope', weigh: () => bytesOfEach(COUNT, waitingScopes) },
    { name: 'AsyncLocalStorage, a promise', weigh: () => bytesOfEach(COUNT, bareWaits) },
  ],
});

function openScopes(count: number): unknown {
  return many(count, () => {
    const scope = new CancelScope();
    void scope.run(() => NEVER);
    return scope;
  });
}

function bareScopes(count: number): unknown {
  return many(count, () => bareStorage.run(NEVER, () => NEVER.then(nothing, nothing)));
}

function waitingScopes(count: number): unknown {
  return many(count, () => {
    const scope = new CancelScope();
    void scope.run(() => sleepForever());
    return scope;
  });
}

function linked(count: number): unknown {
  const parent = new AbortController();
  const linkedOnes = many(count, () => {
    const controller = new AbortController();
    parent.signal.addEventListener('abort', () => {
      controller.abort(parent.signal.reason);
    });
    return controller;
  });
  return [parent, linkedOnes];
}

function composed(count: number): unknown {
  const parent = new AbortController();
  const composedOnes = many(count, () => {
    const signal = AbortSignal.any([parent.signal]);
    signal.addEventListener('abort', () => undefined);
    return signal;
  });
  return [parent, composedOnes];
}

await weigh({
  title: 'A lock that is free',
  unit: 'bytes',
  contenders: [
    { name: 'Lock', weigh: () => bytesOfEach(COUNT, (count) => many(count, () => new Lock())) },
    {
      name: 'async-mutex',
      weigh: () => bytesOfEach(COUNT, (count) => many(count, () => new Mutex())),
    },
    {
      name: 'async-sema',
      weigh: () => bytesOfEach(COUNT, (count) => many(count, () => new Sema(1))),
    },
  ],
});

await weigh({
  title: 'A queue that is empty',
  unit: 'bytes',
  contenders: [
    { name: 'Queue', weigh: () => bytesOfEach(COUNT, (count) => many(count, () => new Queue())) },
    { name: 'Effect', weigh: () => bytesOfEach(COUNT, effectQueues) },
  ],
});

async function effectQueues(count: number): Promise<unknown> {
  return Promise.all(many(count, () => Effect.runPromise(EffectQueue.bounded<number>(16))));
}
