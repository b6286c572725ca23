// Whether what there is a lot of costs more, each: a million tasks, and scopes one in the other.
import { AsyncLocalStorage } from 'node:async_hooks';
import { CancelScope, taskGroup } from '@ambit/core';
import { contest } from '../contest.ts';
import type { Contender } from '../contest.ts';
import { bareGroup } from '../load/bare-group.ts';

const MILLION = 1_000_000;
const FEW = 10_000;

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

/** `batch`: begins a number of jobs that are all alive at once, and waits for them. */
function inBatches(name: string, size: number, batch: (size: number) => unknown): Contender {
  return {
    name,
    prepare: (count) => async () => {
      for (let done = 0; done < count; done += size) await batch(size);
    },
  };
}

const named = (size: number): string => `${size.toLocaleString('en')} at a time`;

function inGroupsOf(size: number): Contender {
  return inBatches(named(size), size, (count) => taskGroup((group) => spawn(group, count)));
}

function spawn(group: { spawn(fn: typeof work): unknown }, count: number): void {
  for (let at = 0; at < count; at += 1) group.spawn(work);
}

// With a value of its own, as each task has its scope.
const storage = new AsyncLocalStorage<object>();
const valuedWork = (): Promise<number> => storage.run({}, work);

const bareNamed = (size: number): string => `Promise.all, ${named(size)}`;
const valuedNamed = (size: number): string =>
  `the same ${size.toLocaleString('en')}, a stored value each`;

function bareOf(size: number): Contender {
  return inBatches(bareNamed(size), size, (length) => Promise.all(Array.from({ length }, work)));
}

function valuedOf(size: number): Contender {
  return inBatches(valuedNamed(size), size, (length) =>
    Promise.all(Array.from({ length }, valuedWork)),
  );
}

const byHandNamed = (size: number): string => `by hand, ${named(size)}`;

function byHandOf(size: number): Contender {
  const batch = (count: number): Promise<void> => bareGroup((group) => spawn(group, count));
  return { ...inBatches(byHandNamed(size), size, batch), outside: true };
}

await contest({
  title: 'Spawn and join ever more tasks',
  count: MILLION,
  contenders: [
    ...[MILLION, 100_000, FEW, 1000].map(inGroupsOf),
    ...[MILLION, FEW].flatMap((size) => [bareOf(size), valuedOf(size), byHandOf(size)]),
  ],
  // What lives longer is copied more often by the garbage collector: that is the platform's.
  aims: [
    {
      against: named(FEW),
      atMost: { of: bareNamed(MILLION), from: bareNamed(FEW) },
      bare: { of: byHandNamed(MILLION), from: byHandNamed(FEW) },
    },
    { against: named(FEW), atMost: { of: valuedNamed(MILLION), from: valuedNamed(FEW) } },
  ],
});

await contest({
  title: 'The same with a young generation that holds them',
  count: MILLION,
  contenders: [MILLION, FEW].map(inGroupsOf),
  aims: [{ against: named(FEW), atMost: 1.5 }],
  flags: ['--min-semi-space-size=2048', '--max-semi-space-size=2048'],
});

function inDepths(depth: number): Contender {
  return {
    name: `${depth.toLocaleString('en')} deep`,
    prepare: (count) => async () => {
      for (let done = 0; done < count; done += depth) await cancelFromOutside(depth);
    },
  };
}

/** Scopes one in the other, and the outermost cancelled. */
async function cancelFromOutside(depth: number): Promise<void> {
  const outermost = new CancelScope();
  let parent = outermost;
  for (let at = 1; at < depth; at += 1) {
    parent = new CancelScope({ parent });
    parent.onCancel(() => undefined);
  }
  await outermost.run(() => {
    outermost.cancel();
  });
}

await contest({
  title: 'Cancel scopes, one in the other',
  count: 100_000,
  contenders: [FEW, 1000, 100].map(inDepths),
  aims: [{ against: '100 deep', atMost: 2 }],
});
