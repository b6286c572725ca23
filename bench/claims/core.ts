// What lifetimes cost, side by side with what people use today.
// @ambit/core is loaded, so its AsyncLocalStorage is active for all of them.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  CancelScope,
  concurrentMap,
  gather,
  race,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
} from '@ambit/core';
import * as abortControllerX from 'abort-controller-x';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as effection from 'effection';
import pLimit from 'p-limit';
import pMap from 'p-map';
import PQueue from 'p-queue';
import pTimeout from 'p-timeout';
import { contest, inTurn } from '../contest.ts';
import type { Contender } from '../contest.ts';
import { bareGroup, inBareScope } from '../load/bare-group.ts';
import type { BareTask } from '../load/bare-group.ts';

const MINUTE = 60_000;
const caller = new AbortController().signal;
const AT_ONCE = 16;
// Effection takes 50 to 100 µs for what takes others 1: it does a part of the jobs.
const SLOW = 0.05;
const isOld = process.versions.node.startsWith('20.');

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

type Prepare = Contender['prepare'];

const storage = new AsyncLocalStorage<object>();

/** With a value of its own, as each task has its scope: a library by which code knows its task anywhere cannot take less. */
function valued<T>(fn: () => Promise<T>): Promise<T> {
  return storage.run({}, fn);
}

const VALUED_RACE = 'abort-controller-x race, an AsyncLocalStorage value each';
const SCOPE_BY_HAND = 'a scope by hand, without a timer';
const VALUED_WORK = 'no limit, an AsyncLocalStorage value each';
const BY_HAND = 'a group by hand';
const VALUED = 'Promise.all, an AsyncLocalStorage value each';
const valuedWork = (): Promise<number> => valued(work);

// The same function for all.
const effectWork = Effect.promise(work);

function* effectionWork(): effection.Operation<number> {
  return yield* effection.call(work);
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** A function that many call at once. */
type Work = () => Promise<number>;

for (const size of [100, 100_000]) {
  const many = size > 100;
  const workOf = many ? together : (): Work => work;
  const batches = (batch: (work: Work, size: number) => Promise<unknown>, most = size): Prepare =>
    inBatches(most, () => batch(workOf(most), most));
  await contest({
    title: many ? 'Spawn tasks and join them, all alive at once' : 'Spawn tasks and join them',
    count: 100_000,
    contenders: [
      { name: 'taskGroup', prepare: batches(spawn) },
      { name: 'Promise.all', prepare: batches((fn, count) => Promise.all(times(count, fn))) },
      {
        name: VALUED,
        prepare: batches((fn, count) => Promise.all(times(count, () => valued(fn)))),
      },
      { name: BY_HAND, outside: true, prepare: batches(spawnByHand) },
      { name: 'Effect.forEach', prepare: batches(effectForEach) },
      { name: 'Effect.forkChild', prepare: batches(effectFork) },
      { name: 'effection', part: SLOW, prepare: batches(effectionSpawn, Math.min(size, 5000)) },
    ],
    aims: [
      { against: 'Promise.all', atMost: many && !isOld ? 10 : 3, bare: BY_HAND },
      { against: VALUED, atMost: 2 },
      { against: 'Effect.forEach', atMost: 1 / 2, bare: BY_HAND },
      { against: 'Effect.forkChild', atMost: 1, bare: BY_HAND },
      { against: 'effection', atMost: 1 / 40 },
    ],
  });
}

/** What `size` call, and all of them wait for the last: some libraries would else end the first ones before they begin the last. */
function together(size: number): Work {
  let missing = size;
  let open: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return async () => {
    missing -= 1;
    if (missing === 0) open?.();
    await gate;
    return 1;
  };
}

/** Runs batches of `size` tasks, one after the other. */
function inBatches(size: number, batch: () => Promise<unknown>): Prepare {
  return (count) => async () => {
    for (let done = 0; done < count; done += size) await batch();
  };
}

function spawn(fn: Work, count: number): Promise<unknown> {
  return taskGroup((group) => {
    for (let at = 0; at < count; at += 1) group.spawn(fn);
  });
}

function spawnByHand(fn: Work, count: number): Promise<unknown> {
  return bareGroup((group) => {
    for (let at = 0; at < count; at += 1) group.spawn(fn);
  });
}

function effectForEach(fn: Work, count: number): Promise<unknown> {
  const effect = Effect.promise(fn);
  return Effect.runPromise(
    Effect.forEach(
      times(count, () => 0),
      () => effect,
      { concurrency: 'unbounded', discard: true },
    ),
  );
}

function effectFork(fn: Work, count: number): Promise<unknown> {
  const effect = Effect.promise(fn);
  const program = Effect.gen(function* () {
    const fibers: Fiber.Fiber<number>[] = [];
    for (let at = 0; at < count; at += 1) fibers.push(yield* Effect.forkChild(effect));
    for (const fiber of fibers) yield* Fiber.join(fiber);
  });
  return Effect.runPromise(program);
}

async function effectionSpawn(fn: Work, count: number): Promise<unknown> {
  return effection.run(function* () {
    const tasks: effection.Task<number>[] = [];
    for (let at = 0; at < count; at += 1) {
      tasks.push(yield* effection.spawn(() => effection.call(fn)));
    }
    for (const task of tasks) yield* task;
  });
}

async function gatherByHand(): Promise<unknown> {
  const tasks: BareTask[] = [];
  await bareGroup((group) => {
    for (let at = 0; at < TEN; at += 1) tasks.push(group.spawn(work));
  });
  return tasks.map(({ result }) => result);
}

const TEN = 10;
const effectTen = Effect.all(
  times(TEN, () => effectWork),
  { concurrency: 'unbounded' },
);

await contest({
  title: `Gather ${TEN}`,
  count: 10_000,
  contenders: [
    { name: 'gather', prepare: inTurn(() => gather(times(TEN, () => work))) },
    { name: 'Promise.all', prepare: inTurn(() => Promise.all(times(TEN, work))) },
    { name: VALUED, prepare: inTurn(() => Promise.all(times(TEN, valuedWork))) },
    { name: BY_HAND, outside: true, prepare: inTurn(gatherByHand) },
    { name: 'Effect.all', prepare: inTurn(() => Effect.runPromise(effectTen)) },
    {
      name: 'effection.all',
      part: SLOW,
      prepare: inTurn(async () =>
        effection.run(() => effection.all(times(TEN, () => effectionWork()))),
      ),
    },
    {
      name: 'abort-controller-x all',
      prepare: inTurn(() =>
        abortControllerX.all(new AbortController().signal, () => times(TEN, work)),
      ),
    },
  ],
  aims: [
    { against: 'Promise.all', atMost: 2.5, bare: BY_HAND },
    { against: VALUED, atMost: 2 },
    { against: 'Effect.all', atMost: 1 },
  ],
});

await contest({
  title: `Map, ${AT_ONCE} at a time`,
  count: 50_000,
  contenders: [
    {
      name: 'concurrentMap',
      prepare: (count) => () =>
        concurrentMap(
          times(count, () => 0),
          work,
          { limit: AT_ONCE },
        ),
    },
    {
      name: 'p-map',
      prepare: (count) => () =>
        pMap(
          times(count, () => 0),
          work,
          { concurrency: AT_ONCE },
        ),
    },
    { name: 'p-limit', prepare: throughPLimit },
    { name: 'p-queue', prepare: throughPQueue },
    {
      name: 'Effect.forEach',
      prepare: (count) => () =>
        Effect.runPromise(
          Effect.forEach(
            times(count, () => 0),
            () => effectWork,
            { concurrency: AT_ONCE },
          ),
        ),
    },
    { name: 'Promise.all, no limit', prepare: (count) => () => Promise.all(times(count, work)) },
  ],
  aims: [{ against: 'p-map', atMost: 1 }],
});

function throughPLimit(count: number): () => Promise<unknown> {
  const limit = pLimit(AT_ONCE);
  return () => Promise.all(times(count, () => limit(work)));
}

function throughPQueue(count: number): () => Promise<unknown> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  return () => Promise.all(times(count, () => queue.add(work)));
}

const effectTimeout = Effect.timeout(effectWork, MINUTE);

await contest({
  title: 'A time limit around a short operation',
  count: 50_000,
  contenders: [
    { name: 'timeout', prepare: inTurn(() => timeout(MINUTE, work)) },
    { name: 'p-timeout', prepare: inTurn(() => pTimeout(work(), { milliseconds: MINUTE })) },
    { name: 'AbortSignal.any + timeout', prepare: inTurn(underSignal) },
    { name: 'Effect.timeout', prepare: inTurn(() => Effect.runPromise(effectTimeout)) },
    { name: 'no limit', prepare: inTurn(work) },
    { name: VALUED_WORK, prepare: inTurn(valuedWork) },
    { name: SCOPE_BY_HAND, outside: true, prepare: scopesByHand },
  ],
  aims: [
    { against: 'p-timeout', atMost: 1 / 10, bare: SCOPE_BY_HAND },
    { against: 'AbortSignal.any + timeout', atMost: 1 / 10, bare: SCOPE_BY_HAND },
  ],
});

/** What can be cancelled by itself, and never is: a limit without its timer. */
function scopesByHand(count: number): () => Promise<unknown> {
  return () => bareGroup(inTurn(() => inBareScope(work))(count));
}

async function underSignal(): Promise<void> {
  const signal = AbortSignal.any([caller, AbortSignal.timeout(MINUTE)]);
  await work();
  signal.throwIfAborted();
}

const effectRace = Effect.raceFirst(effectWork, Effect.never);

await contest({
  title: 'Race one that ends against one that has to be stopped',
  count: 20_000,
  contenders: [
    { name: 'race', prepare: inTurn(() => race([work, () => sleepForever()])) },
    { name: 'Effect.raceFirst', prepare: inTurn(() => Effect.runPromise(effectRace)) },
    {
      name: 'effection.race',
      part: SLOW,
      prepare: inTurn(async () =>
        effection.run(() => effection.race([effectionWork(), effection.suspend()])),
      ),
    },
    {
      name: 'abort-controller-x race',
      prepare: inTurn(() =>
        abortControllerX.race(new AbortController().signal, (signal) => [
          work(),
          abortControllerX.forever(signal),
        ]),
      ),
    },
    {
      name: VALUED_RACE,
      prepare: inTurn(() =>
        abortControllerX.race(new AbortController().signal, (signal) => [
          valued(work),
          valued(() => abortControllerX.forever(signal)),
        ]),
      ),
    },
    {
      name: 'Promise.race, nobody stopped',
      prepare: inTurn(() => Promise.race([work(), new Promise<never>(() => undefined)])),
    },
  ],
  aims: [{ against: 'abort-controller-x race', atMost: 1, bare: VALUED_RACE }],
});

await contest({
  title: 'Cancel sleepers and wait for their end',
  count: 100_000,
  contenders: [
    { name: 'a scope around them', prepare: cancelScope },
    { name: 'an AbortController each', prepare: abortEach },
    { name: 'Effect', prepare: interruptEffects },
    { name: 'effection', part: SLOW, prepare: haltOperations },
  ],
  aims: [{ against: 'an AbortController each', atMost: 1 / 5 }],
});

function cancelScope(count: number): () => Promise<unknown> {
  const scope = new CancelScope();
  const ended = scope.run(() =>
    taskGroup((group) => {
      for (let at = 0; at < count; at += 1) group.spawn(() => sleep(MINUTE));
    }),
  );
  return () => {
    scope.cancel();
    return ended;
  };
}

function abortEach(count: number): () => Promise<unknown> {
  const controllers = times(count, () => new AbortController());
  const ended = Promise.allSettled(controllers.map(({ signal }) => abortableSleep(signal)));
  return () => {
    for (const controller of controllers) controller.abort();
    return ended;
  };
}

function abortableSleep(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, MINUTE);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}

function interruptEffects(count: number): () => Promise<unknown> {
  const sleepers = Effect.forEach(
    times(count, () => 0),
    () => Effect.sleep(MINUTE),
    {
      concurrency: 'unbounded',
      discard: true,
    },
  );
  const fiber = Effect.runFork(sleepers);
  return () => Effect.runPromise(Fiber.interrupt(fiber));
}

function haltOperations(count: number): () => Promise<unknown> {
  const root = effection.run(function* () {
    const sleepers: unknown[] = [];
    while (sleepers.length < count) {
      sleepers.push(yield* effection.spawn(() => effection.sleep(MINUTE)));
    }
    yield* effection.suspend();
  });
  root.catch(() => undefined);
  return async () => {
    await root.halt();
  };
}

const DEPTH = 10;

await contest({
  title: `${DEPTH} scopes, one in the other`,
  count: 10_000,
  contenders: [
    { name: 'CancelScope', prepare: inTurn(() => nestedScopes(DEPTH)) },
    { name: 'AbortController, linked by hand', prepare: inTurn(() => nestedLinks(caller, DEPTH)) },
    { name: 'AbortSignal.any', part: 0.1, prepare: inTurn(() => nestedAny(caller, DEPTH)) },
    { name: 'Effect.scoped', prepare: inTurn(() => Effect.runPromise(nestedEffects(DEPTH))) },
    {
      name: 'effection',
      part: SLOW,
      prepare: inTurn(async () => effection.run(() => nestedOperations(DEPTH))),
    },
  ],
});

async function nestedScopes(depth: number): Promise<unknown> {
  return depth === 0 ? work() : new CancelScope().run(() => nestedScopes(depth - 1));
}

async function nestedLinks(signal: AbortSignal, depth: number): Promise<unknown> {
  if (depth === 0) return work();
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', abort);
  try {
    return await nestedLinks(controller.signal, depth - 1);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function nestedAny(signal: AbortSignal, depth: number): Promise<unknown> {
  if (depth === 0) return work();
  return nestedAny(AbortSignal.any([signal, new AbortController().signal]), depth - 1);
}

function nestedEffects(depth: number): Effect.Effect<number> {
  return depth === 0 ? effectWork : Effect.scoped(Effect.suspend(() => nestedEffects(depth - 1)));
}

function* nestedOperations(depth: number): effection.Operation<unknown> {
  if (depth === 0) return yield* effectionWork();
  return yield* effection.scoped(() => nestedOperations(depth - 1));
}
