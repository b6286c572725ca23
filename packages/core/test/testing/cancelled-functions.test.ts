import {
  any,
  asCompleted,
  circuitBreaker,
  concurrentForEach,
  concurrentMap,
  defineResource,
  Future,
  gather,
  gatherSettled,
  getRunningLoop,
  idleTimeout,
  moveOnAfter,
  moveOnAt,
  race,
  ResourceStack,
  retry,
  shield,
  sleep,
  sleepUntil,
  supervise,
  taskGroup,
  timeout,
  timeoutAt,
  use,
  wait,
  waitFor,
} from '@ambit/core';
import { abortable, execute, fromAbortable, proactiveRetry, withSignal } from '@ambit/core/abort';
import {
  batch,
  buffer,
  closing,
  interval,
  mapConcurrent,
  merge,
  safe,
  timeoutEach,
  zip,
} from '@ambit/core/iter';
import { cancelEverywhere } from '@ambit/core/testing';

/** Work that counts itself while it is there, with cleanup that waits. */
class Site {
  live = 0;

  readonly work = (): Promise<number> => this.workFor(2);

  readonly workFor = async (ms: number): Promise<number> => {
    this.live += 1;
    try {
      await sleep(ms);
      return ms;
    } finally {
      await shield(() => sleep(1));
      this.live -= 1;
    }
  };

  async *source(count = 3): AsyncGenerator<number, undefined, undefined> {
    this.live += 1;
    try {
      for (let at = 0; at < count; at += 1) {
        await sleep(1);
        yield at;
      }
    } finally {
      await shield(() => sleep(1));
      this.live -= 1;
    }
  }

  readonly fail = async (): Promise<never> => {
    await this.workFor(1);
    throw new Error('on purpose');
  };
}

async function exhaust(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of items) await sleep(1);
}

/** A failure of the work comes out, also if the function was cancelled: it is not lost. */
const quietly = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => {
    if (!String(error).includes('on purpose')) throw error;
  });

type Case = (site: Site) => Promise<unknown>;

const cases: Record<string, Case> = {
  taskGroup: ({ work, workFor }) =>
    taskGroup(async (group) => {
      group.spawn(work);
      group.spawn(() => workFor(50), { daemon: true });
      await group.spawn(() => taskGroup((inner) => void inner.spawn(work)));
    }),
  'taskGroup with a limit': ({ work }) =>
    taskGroup(
      (group) => {
        for (let at = 0; at < 3; at += 1) group.spawn(work);
      },
      { limit: 1 },
    ),
  'a group that fails': ({ work, workFor, fail }) =>
    quietly(gather([work, fail, () => workFor(20)])),
  'Task.join and Task.stop': ({ work, workFor }) =>
    taskGroup(async (group) => {
      await group.spawn(work).join();
      await group.spawn(() => workFor(50)).stop();
    }),
  'TaskGroup.start': ({ work }) =>
    taskGroup(async (group) => {
      const started = await group.start(async (_task, ready: (value: number) => void) => {
        await sleep(1);
        ready(7);
        await work();
      });
      expect(started).toBe(7);
    }),
  gather: ({ work, workFor }) => gather({ a: work, b: () => workFor(3) }),
  gatherSettled: ({ work, fail }) => quietly(gatherSettled([work, fail])),
  race: ({ work, workFor }) => race([work, () => workFor(5)]),
  any: ({ work, workFor, fail }) => quietly(any([fail, work, () => workFor(9)])),
  wait: ({ work, workFor }) =>
    taskGroup(async (group) => {
      await wait([group.spawn(work), group.spawn(() => workFor(3))]);
    }),
  asCompleted: ({ work, workFor }) => exhaust(asCompleted([work, () => workFor(4)])),
  concurrentMap: ({ workFor }) => concurrentMap([1, 2, 3], (ms) => workFor(ms), { limit: 2 }),
  'concurrentMap of a source': (site) =>
    concurrentMap(site.source(), (ms) => site.workFor(ms), { limit: 2 }),
  concurrentForEach: (site) => concurrentForEach(site.source(), () => site.work(), { limit: 2 }),
  timeout: ({ work }) => quietly(timeout(50, () => work())),
  timeoutAt: ({ work }) => timeoutAt(getRunningLoop().now() + 50, () => work()),
  moveOnAfter: ({ workFor }) => moveOnAfter(2, () => workFor(5)),
  moveOnAt: ({ workFor }) => moveOnAt(getRunningLoop().now() + 2, () => workFor(5)),
  waitFor: ({ work }) =>
    taskGroup(async (group) => {
      await waitFor(group.spawn(work), 50);
    }),
  idleTimeout: ({ work }) =>
    idleTimeout(20, async (clock) => {
      await work();
      clock.touch();
      await work();
    }),
  retry: ({ fail }) => quietly(retry(fail, { attempts: 3 })),
  supervise: ({ work }) => moveOnAfter(20, () => supervise(() => work(), { restart: 'always' })),
  circuitBreaker: ({ work }) => circuitBreaker(() => work())(),
  shield: ({ work }) => shield(() => work()),
  use: ({ workFor }) => {
    const resource = defineResource(async function* () {
      await workFor(1);
      yield 3;
      await workFor(1);
    });
    return use(resource(), (value) => sleep(value));
  },
  ResourceStack: async ({ work, workFor }) => {
    await using stack = new ResourceStack();
    stack.defer(() => workFor(1));
    await work();
    stack.defer(() => workFor(1));
    await sleep(1);
  },
  'Future.wait': async ({ work }) => {
    const future = new Future<number>();
    await taskGroup(async (group) => {
      group.spawn(async () => {
        future.resolve(await work());
      });
      await future.wait();
    });
  },
  sleepUntil: () => sleepUntil(getRunningLoop().now() + 5),
  'abortable, withSignal, execute, fromAbortable': async ({ work }) => {
    await abortable(sleep(1));
    await withSignal(() => work());
    await execute<void>((resolve) => {
      const timer = getRunningLoop().callLater(1, () => {
        resolve();
      });
      return () => {
        timer.cancel();
      };
    });
    await fromAbortable((_signal: AbortSignal) => work())();
  },
  proactiveRetry: ({ workFor }) => proactiveRetry(() => workFor(5), { baseMs: 2, maxAttempts: 3 }),
  batch: (site) => exhaust(batch(site.source(5), { size: 2, within: 5 })),
  buffer: (site) => exhaust(buffer(site.source(), 2)),
  closing: async (site) => {
    await using items = closing(site.source());
    await items.next();
    await sleep(1);
  },
  interval: async () => {
    let count = 0;
    for await (const _ of interval(2)) {
      count += 1;
      if (count === 3) break;
    }
  },
  mapConcurrent: (site) => exhaust(mapConcurrent(site.source(), () => site.work(), { limit: 2 })),
  merge: (site) => exhaust(merge(site.source(), site.source())),
  safe: (site) => exhaust(safe(() => site.source())()),
  timeoutEach: (site) => exhaust(timeoutEach(site.source(), 50)),
  zip: (site) => exhaust(zip(site.source(), site.source())),
};

test.each(Object.entries(cases))('%s leaves nothing, wherever it is cancelled', async (_, body) => {
  const report = await cancelEverywhere(async (attempt) => {
    const site = new Site();
    await attempt(() => body(site));
    expect(site.live).toBe(0);
  });
  expect(report.isComplete).toBe(true);
  expect(report.checkpoints).toBeGreaterThan(0);
});
