// What waiting for each other costs, side by side with what people use today.
import { channel, Event, Lock, Queue, Semaphore } from '@ambit/sync';
import { Mutex } from 'async-mutex';
import { Sema } from 'async-sema';
import * as Effect from 'effect/Effect';
import * as EffectQueue from 'effect/Queue';
import pLimit from 'p-limit';
import { contest, inTurn } from '../contest.ts';
import { bareGroup } from '../load/bare-group.ts';
import { BareLock } from '../load/bare-lock.ts';

const CONTENDERS = 100;
const CAPACITIES = [16, 1024];
const LOCK_BY_HAND = 'a lock by hand';
const BY_HAND = 'an array, by hand';

/** Does a job a number of times, with a number of tasks at a time. */
function together(job: () => Promise<unknown>): (count: number) => () => Promise<unknown> {
  return (count) => () =>
    Promise.all(Array.from({ length: CONTENDERS }, inTurn(job)(count / CONTENDERS)));
}

const lock = new Lock();
const bareLock = new BareLock();
const sema = new Sema(1);
const mutex = new Mutex();

async function withLock(): Promise<void> {
  const held = await lock.acquire();
  held[Symbol.dispose]();
}

async function withBareLock(): Promise<void> {
  const held = await bareLock.acquire();
  held[Symbol.dispose]();
}

/** In a group by hand, whose waits can be cancelled. */
function inBareGroup(
  prepare: (count: number) => () => Promise<unknown>,
): (count: number) => () => Promise<unknown> {
  return (count) => () => bareGroup(prepare(count));
}

async function withSema(): Promise<void> {
  await sema.acquire();
  sema.release();
}

async function withMutex(): Promise<void> {
  const release = await mutex.acquire();
  release();
}

await contest({
  title: 'Acquire and release a lock that nobody else wants',
  count: 200_000,
  contenders: [
    { name: 'Lock', prepare: inTurn(withLock) },
    { name: 'async-sema', prepare: inTurn(withSema) },
    { name: 'async-mutex', prepare: inTurn(withMutex) },
    { name: LOCK_BY_HAND, outside: true, prepare: inBareGroup(inTurn(withBareLock)) },
  ],
  aims: [
    { against: 'async-sema', atMost: 1.3, bare: LOCK_BY_HAND },
    { against: 'async-mutex', atMost: 1 / 5 },
  ],
});

await contest({
  title: `Acquire and release a lock that ${CONTENDERS} want`,
  count: 200_000,
  contenders: [
    { name: 'Lock', prepare: together(withLock) },
    { name: 'async-mutex', prepare: together(withMutex) },
    { name: 'async-sema', prepare: together(withSema) },
    { name: LOCK_BY_HAND, outside: true, prepare: inBareGroup(together(withBareLock)) },
  ],
  aims: [
    { against: 'async-sema', atMost: 1.3, bare: LOCK_BY_HAND },
    { against: 'async-mutex', atMost: 1 / 2 },
  ],
});

const PERMITS = 10;
const semaphore = new Semaphore(PERMITS);
const semaOfTen = new Sema(PERMITS);
const limit = pLimit(PERMITS);

await contest({
  title: `${PERMITS} permits that ${CONTENDERS} want`,
  count: 100_000,
  contenders: [
    { name: 'Semaphore', prepare: together(() => semaphore.run(work)) },
    { name: 'async-sema', prepare: together(underSema) },
    { name: 'p-limit', prepare: together(() => limit(work)) },
  ],
  aims: [
    { against: 'async-sema', atMost: 1.3 },
    { against: 'p-limit', atMost: 1 },
  ],
});

async function work(): Promise<void> {
  await Promise.resolve();
}

async function underSema(): Promise<void> {
  await semaOfTen.acquire();
  try {
    await work();
  } finally {
    semaOfTen.release();
  }
}

for (const capacity of CAPACITIES) {
  // As long-lived as a program's queues: one for all rounds.
  const queue = new Queue<number>({ capacity });
  const effectQueue = await Effect.runPromise(EffectQueue.bounded<number>(capacity));
  await contest({
    title: `Put into a queue of ${capacity}, and get`,
    count: 100_000,
    contenders: [
      { name: 'Queue', prepare: (count) => () => through(queue, count) },
      { name: 'Effect', prepare: (count) => () => throughEffect(effectQueue, count) },
      { name: BY_HAND, prepare: (count) => () => throughArray(capacity, count) },
    ],
    aims: [{ against: 'Effect', atMost: 1 / 2, bare: BY_HAND }],
  });
}

await contest({
  title: 'Send through a channel of 16, and receive',
  count: 100_000,
  contenders: [
    { name: 'channel', prepare: (count) => () => throughChannel(count) },
    { name: 'a TransformStream', prepare: (count) => () => throughWebStream(count) },
  ],
});

// As long-lived as the queues above.
const ends = channel<number>(0);
const effectSlot = await Effect.runPromise(EffectQueue.bounded<number>(1));

await contest({
  title: 'Hand over through a channel of 0',
  count: 100_000,
  contenders: [
    { name: 'channel', prepare: (count) => () => handOverBy(ends, count) },
    { name: 'Effect, a queue of 1', prepare: (count) => () => throughEffect(effectSlot, count) },
    { name: 'a promise each, by hand', prepare: (count) => () => handOver(count) },
  ],
  aims: [{ against: 'Effect, a queue of 1', atMost: 2 / 3 }],
});

async function throughChannel(count: number): Promise<void> {
  const [sender, receiver] = channel<number>(16);
  const send = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) await sender.send(at);
    sender.close();
  };
  const receive = async (): Promise<void> => {
    for await (const _item of receiver);
  };
  await Promise.all([send(), receive()]);
}

async function handOverBy(
  [sender, receiver]: ReturnType<typeof channel<number>>,
  count: number,
): Promise<void> {
  const send = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) await sender.send(at);
  };
  const receive = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) await receiver.receive();
  };
  await Promise.all([send(), receive()]);
}

/** What two async functions cannot do without: a promise for the one that waits. */
async function handOver(count: number): Promise<void> {
  let offer: (() => void) | undefined;
  let wake: (() => void) | undefined;
  const send = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) {
      await new Promise<void>((taken) => {
        offer = taken;
        wake?.();
      });
    }
  };
  const receive = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) {
      if (offer === undefined) await new Promise<void>((offered) => (wake = offered));
      wake = undefined;
      const taken = offer as (() => void) | undefined;
      offer = undefined;
      taken?.();
    }
  };
  await Promise.all([send(), receive()]);
}

async function throughWebStream(count: number): Promise<void> {
  const room = new CountQueuingStrategy({ highWaterMark: 16 });
  const { writable, readable } = new TransformStream<number, number>(undefined, room);
  const writer = writable.getWriter();
  const send = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) {
      await writer.ready;
      await writer.write(at);
    }
    await writer.close();
  };
  const receive = async (): Promise<void> => {
    for await (const _item of readable);
  };
  await Promise.all([send(), receive()]);
}

function through(queue: Queue<number>, count: number): Promise<unknown> {
  const put = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) await queue.put(at);
  };
  const get = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) await queue.get();
  };
  return Promise.all([put(), get()]);
}

/** What two async functions cannot do without: a promise for each call, since a call may have to wait. Nothing ends such a wait. */
function throughArray(capacity: number, count: number): Promise<unknown> {
  const items: number[] = [];
  let wake: (() => void) | undefined;
  const untilOther = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const wakeOther = (): void => {
    wake?.();
    wake = undefined;
  };
  const put = async (item: number): Promise<void> => {
    if (items.length === capacity) await untilOther();
    items.push(item);
    wakeOther();
  };
  const get = async (): Promise<number | undefined> => {
    if (items.length === 0) await untilOther();
    const item = items.shift();
    wakeOther();
    return item;
  };
  const send = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) await put(at);
  };
  const receive = async (): Promise<void> => {
    for (let at = 0; at < count; at += 1) await get();
  };
  return Promise.all([send(), receive()]);
}

function throughEffect(queue: EffectQueue.Queue<number>, count: number): Promise<unknown> {
  const put = Effect.gen(function* () {
    for (let at = 0; at < count; at += 1) yield* EffectQueue.offer(queue, at);
  });
  const get = Effect.gen(function* () {
    for (let at = 0; at < count; at += 1) yield* EffectQueue.take(queue);
  });
  return Effect.runPromise(Effect.all([put, get], { concurrency: 2 }));
}

await contest({
  title: 'Wake those who wait for one event',
  count: 1_000_000,
  contenders: [
    { name: 'Event', prepare: eventWaiters },
    { name: 'a promise each', prepare: bareWaiters },
    { name: 'a promise each, in a Set', prepare: waitersInSet },
  ],
  aims: [{ against: 'a promise each', atMost: 1, bare: 'a promise each, in a Set' }],
});

function eventWaiters(count: number): () => Promise<unknown> {
  const event = new Event();
  return wakeAll(
    count,
    () => event.wait(),
    () => event.set(),
  );
}

function bareWaiters(count: number): () => Promise<unknown> {
  const resolvers: (() => void)[] = [];
  return wakeAll(
    count,
    () => new Promise<void>((resolve) => resolvers.push(resolve)),
    () => {
      for (const resolve of resolvers) resolve();
    },
  );
}

/** As they are where one of them may stop waiting: what a cancellation needs. */
function waitersInSet(count: number): () => Promise<unknown> {
  const waiting = new Set<() => void>();
  return wakeAll(
    count,
    () => new Promise<void>((resolve) => waiting.add(resolve)),
    () => {
      for (const resolve of waiting) {
        waiting.delete(resolve);
        resolve();
      }
    },
  );
}

/** Made ready, they wait; what is measured is how they are woken and go on. */
function wakeAll(
  count: number,
  wait: () => Promise<void>,
  wake: () => void,
): () => Promise<unknown> {
  const waiters = Array.from({ length: count }, wait);
  return () => {
    wake();
    return Promise.all(waiters);
  };
}
