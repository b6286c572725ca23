import { CancelScope, contextSnapshot, getRunningLoop, moveOnAfter, run, sleep } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { expectCheckpoint, settle, testRun, VirtualLoop } from '@ambit/core/testing';
import { RateLimiter } from '@ambit/sync';
import fc from 'fast-check';

const now = () => getRunningLoop().now();

function use(
  group: TaskGroup,
  limiter: RateLimiter,
  log: string[],
  name: string,
  permits = 1,
): void {
  group.spawn(async () => {
    await limiter.acquire({ permits });
    log.push(`${name} at ${now()}`);
  });
}

test('starts full; then they come one by one, in the order they were asked for', () =>
  testRun(async (group) => {
    const limiter = new RateLimiter({ permits: 2, per: 100 });
    const log: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) use(group, limiter, log, name);
    await settle();
    expect(limiter.statistics()).toMatchObject({ available: 0, waiting: 3 });
    await group.join();
    expect(log).toEqual(['a at 0', 'b at 0', 'c at 50', 'd at 100', 'e at 150']);
  }));

test('saves up to the burst while nobody asks', () =>
  testRun(async (group) => {
    const limiter = new RateLimiter({ permits: 10, per: 1000, burst: 3 });
    expect(limiter.available).toBe(3);
    await limiter.acquire({ permits: 3 });
    await sleep(150);
    expect(limiter.available).toBe(1);
    await sleep(10_000);
    expect(limiter.available).toBe(3);
    const log: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) use(group, limiter, log, name);
    await group.join();
    expect(log).toEqual(['a at 10150', 'b at 10150', 'c at 10150', 'd at 10250']);
  }));

test('who asks for many holds back those behind, and gets them', () =>
  testRun(async (group) => {
    const limiter = new RateLimiter({ permits: 4, per: 400 });
    const log: string[] = [];
    use(group, limiter, log, 'two', 2);
    use(group, limiter, log, 'four', 4);
    use(group, limiter, log, 'one');
    await settle();
    expect(limiter.tryAcquire()).toBe(false);
    await group.join();
    expect(log).toEqual(['two at 0', 'four at 200', 'one at 300']);
  }));

test('who is cancelled has taken nothing, and holds back nobody any more', () =>
  testRun(async (group) => {
    const limiter = new RateLimiter({ permits: 4, per: 400 });
    await limiter.acquire({ permits: 3 });
    const log: string[] = [];
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => limiter.acquire({ permits: 4 })));
    use(group, limiter, log, 'one');
    await sleep(50);
    scope.cancel();
    await settle();
    expect(log).toEqual(['one at 50']);
    // The last one who waits takes the timer along: testRun would find it.
    expect(await moveOnAfter(1, () => limiter.acquire({ permits: 4 }))).toBe(undefined);
    expect(limiter.statistics()).toMatchObject({ available: 0, waiting: 0 });
    await limiter.acquire();
    expect(now()).toBe(100);
  }));

test.each([
  ['cancelled at its instant, before its turn', 100, 'before', ['b at 100', 'c at 200']],
  ['given its turn, then cancelled at that instant', 100, 'after', ['a at 100', 'b at 200']],
  ['given its turn, then cancelled a tick later', 100, 'a tick after', ['a at 100', 'b at 200']],
  ['cancelled an instant before', 99, 'before', ['b at 100', 'c at 200']],
])('%s: no permit is lost or doubled', (_, instant, when, expected) =>
  testRun(async (group) => {
    const limiter = new RateLimiter({ permits: 1, per: 100 });
    const log: string[] = [];
    const scope = new CancelScope();
    const cancelling = (): void => {
      getRunningLoop().callAt(instant, () => {
        if (when === 'a tick after') void Promise.resolve().then(() => scope.cancel());
        else scope.cancel();
      });
    };
    await limiter.acquire();
    if (when === 'before') cancelling();
    group.spawn(() =>
      scope.run(async () => {
        await limiter.acquire();
        log.push(`a at ${now()}`);
      }),
    );
    use(group, limiter, log, 'b');
    use(group, limiter, log, 'c');
    await settle();
    if (when !== 'before') cancelling();
    await sleep(250);
    expect(log).toEqual(expected);
    await group.join();
    expect(limiter.statistics()).toMatchObject({ available: 0, waiting: 0 });
  }),
);

test('tryAcquire never waits; run() begins when its turn has come', () =>
  testRun(async () => {
    const limiter = new RateLimiter({ permits: 1, per: 100 });
    expect([limiter.tryAcquire(), limiter.tryAcquire()]).toEqual([true, false]);
    expect(await limiter.run(() => now())).toBe(100);
    await expectCheckpoint(() => limiter.run(() => 1));
    await expect(limiter.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  }));

test('more than the burst at once is an error', () =>
  testRun(async () => {
    const limiter = new RateLimiter({ permits: 2, per: 100, name: 'api' });
    await expect(limiter.acquire({ permits: 3 })).rejects.toThrow(
      /rate limiter "api" hands out at once \(2\)/,
    );
    expect(() => limiter.tryAcquire(3)).toThrow(RangeError);
  }));

test('never more than burst and rate allow, and nobody later than need be', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        permits: fc.integer({ min: 1, max: 7 }),
        per: fc.integer({ min: 1, max: 1000 }),
      }),
      fc.array(fc.record({ after: fc.integer({ min: 0, max: 300 }), many: fc.boolean() }), {
        minLength: 1,
        maxLength: 30,
      }),
      ({ permits, per }, asked) =>
        testRun(async (group) => {
          const limiter = new RateLimiter({ permits, per });
          const taken: { at: number; count: number }[] = [];
          for (const { after, many } of asked) {
            await sleep(after);
            const count = many ? permits : 1;
            group.spawn(async () => {
              await limiter.acquire({ permits: count });
              taken.push({ at: now(), count });
            });
          }
          await group.join();
          // From any instant on: no more than the burst, and what has grown since.
          for (const [index, { at: from }] of taken.entries()) {
            let sum = 0;
            for (const { at, count } of taken.slice(index)) {
              sum += count;
              expect(sum).toBeLessThanOrEqual(permits + ((at - from) * permits) / per + 1e-6);
            }
          }
          const last = taken.at(-1)?.at ?? 0;
          const all = taken.reduce((sum, { count }) => sum + count, 0);
          const asking = asked.reduce((sum, { after }) => sum + after, 0);
          expect(last).toBeLessThanOrEqual(asking + (all * per) / permits + 1e-6);
        }),
    ),
    { numRuns: 60 },
  ));

const outside = contextSnapshot();

test('while somebody waits the clock is theirs, whoever looks at it', () =>
  testRun(async (group) => {
    const limiter = new RateLimiter({ permits: 1, per: 100 });
    await limiter.acquire();
    const log: string[] = [];
    use(group, limiter, log, 'a');
    await sleep(50);
    expect(outside(() => [limiter.available, limiter.tryAcquire()])).toEqual([0, false]);
    await sleep(1000);
    expect(log).toEqual(['a at 100']);
  }));

test('outlives a run(): what is to grow is carried over to the clock of the next', async () => {
  const limiter = new RateLimiter({ permits: 1, per: 100 });
  const first = new VirtualLoop();
  await run(
    async () => {
      await sleep(100_000);
      await limiter.acquire();
      await sleep(40);
    },
    { loop: first, signals: [] },
  );
  const second = new VirtualLoop();
  await run(() => limiter.acquire(), { loop: second, signals: [] });
  expect(second.now()).toBeCloseTo(60);
});
