import { getRunningLoop, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { RateLimiter } from '@ambit/sync';
import fc from 'fast-check';

const now = () => getRunningLoop().now();

describe('configure()', () => {
  test('a faster rate serves those who wait by the new one', () =>
    testRun(async (group) => {
      const limiter = new RateLimiter({ permits: 1, per: 1000 });
      const log: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        group.spawn(() => limiter.acquire().then(() => log.push(`${name} at ${now()}`)));
      }
      await sleep(100);
      limiter.configure({ per: 200 });
      await group.join();
      // a tenth had grown of the second permit
      expect(log).toEqual(['a at 0', 'b at 280', 'c at 480']);
    }));

  test('a slower rate keeps what has been saved up, as far as there is room', () =>
    testRun(async () => {
      const limiter = new RateLimiter({ permits: 10, per: 100 });
      limiter.tryAcquire(4);
      limiter.configure({ permits: 8 });
      expect(limiter.available).toBe(6);
      limiter.configure({ permits: 2 });
      expect(limiter.available).toBe(2);
      limiter.configure({ permits: 20 });
      expect(limiter.available).toBe(2);
      await sleep(5);
      expect(limiter.available).toBe(3);
      limiter.configure({ burst: 2, per: 1000 });
      limiter.configure({ permits: 5 });
      await sleep(10_000);
      expect(limiter.available).toBe(2);
    }));

  test('a caller that waits for more than the new burst gets a RangeError, and holds back no other', () =>
    testRun(async (group) => {
      const limiter = new RateLimiter({ permits: 4, per: 400 });
      limiter.tryAcquire(4);
      const large = expect(limiter.acquire({ permits: 4 })).rejects.toThrow(
        'permits is 4, more than the rate limiter hands out at once (2)',
      );
      const small = group.spawn(() => limiter.acquire().then(now));
      limiter.configure({ burst: 2 });
      await large;
      expect(await small).toBe(100);
    }));

  test.each([
    [{ permits: 0 }, RangeError],
    [{ per: NaN }, RangeError],
    [{ per: '1' }, TypeError],
    [{ permits: 5, burst: 0.5 }, RangeError],
    [null, TypeError],
  ])('%j is an error, and nothing changes', (options, error) => {
    const limiter = new RateLimiter({ permits: 3, per: 100 });
    expect(() => limiter.configure(options as never)).toThrow(error);
    expect(limiter.available).toBe(3);
  });
});

describe('pauseUntil()', () => {
  test('nobody gets anything before the instant; permits go on growing', () =>
    testRun(async (group) => {
      const limiter = new RateLimiter({ permits: 2, per: 100 });
      limiter.tryAcquire(2);
      limiter.pauseUntil(500);
      limiter.pauseUntil(300);
      const log: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        group.spawn(() => limiter.acquire().then(() => log.push(`${name} at ${now()}`)));
      }
      await sleep(450);
      expect(limiter.tryAcquire()).toBe(false);
      expect(limiter.statistics()).toEqual({ available: 0, waiting: 3, peak: 3 });
      await group.join();
      expect(log).toEqual(['a at 500', 'b at 500', 'c at 550']);
    }));

  test('holds up those who wait already, one of them cancelled or not', () =>
    testRun(async (group) => {
      const limiter = new RateLimiter({ permits: 1, per: 100 });
      limiter.tryAcquire();
      const first = group.spawn(() => limiter.acquire());
      const second = group.spawn(() => limiter.acquire().then(now));
      await sleep(50);
      limiter.pauseUntil(1000);
      await first.stop();
      expect(await second).toBe(1000);
    }));

  test('an instant in the past does nothing; what is no instant is an error', () =>
    testRun(() => {
      const limiter = new RateLimiter({ permits: 1, per: 100 });
      limiter.pauseUntil(-Infinity);
      limiter.pauseUntil(0);
      expect(() => limiter.pauseUntil(NaN)).toThrow(RangeError);
      expect(() => limiter.pauseUntil('later' as never)).toThrow(TypeError);
      expect(limiter.tryAcquire()).toBe(true);
    }));
});

describe("window: 'sliding'", () => {
  test('the next permit comes when the first one is old enough, and as many as were taken then', () =>
    testRun(async (group) => {
      const limiter = new RateLimiter({ permits: 3, per: 100, window: 'sliding' });
      limiter.tryAcquire(2);
      await sleep(60);
      limiter.tryAcquire();
      expect(limiter.available).toBe(0);
      const log: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        group.spawn(() => limiter.acquire().then(() => log.push(`${name} at ${now()}`)));
      }
      await group.join();
      expect(log).toEqual(['a at 100', 'b at 100', 'c at 160']);
    }));

  test('never more than permits in any per, whatever is asked for when, and nobody later than need be', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ pause: fc.nat(80), permits: fc.integer({ min: 1, max: 3 }) }), {
          maxLength: 30,
        }),
        (asks) =>
          testRun(async (group) => {
            const limiter = new RateLimiter({ permits: 3, per: 100, window: 'sliding' });
            const taken: { at: number; asked: number; permits: number }[] = [];
            for (const { pause, permits } of asks) {
              await sleep(pause);
              const asked = now();
              group.spawn(async () => {
                await limiter.acquire({ permits });
                taken.push({ at: now(), asked, permits });
              });
            }
            await group.join();
            const within = (from: number, to: number, count = taken.length) =>
              taken
                .slice(0, count)
                .reduce((sum, { at, permits }) => (at > from && at <= to ? sum + permits : sum), 0);
            for (const [index, { at, asked, permits }] of taken.entries()) {
              expect(within(at - 100, at)).toBeLessThanOrEqual(3);
              const previous = taken[index - 1]?.at ?? 0;
              // Just before it there was no room, or another one was first, or it had not come.
              const couldBefore = within(at - 101, at - 1, index) + permits <= 3;
              expect(couldBefore && asked < at && previous < at).toBe(false);
            }
          }),
      ),
      { numRuns: 60 },
    ));

  test('a cancelled caller has taken nothing', () =>
    testRun(async (group) => {
      const limiter = new RateLimiter({ permits: 2, per: 100, window: 'sliding' });
      limiter.tryAcquire();
      const large = group.spawn(() => limiter.acquire({ permits: 2 }));
      const small = group.spawn(() => limiter.acquire().then(now));
      await settle();
      await large.stop();
      expect(await small).toBe(0);
    }));

  test('configure() looks at what was handed out', () =>
    testRun(async (group) => {
      const limiter = new RateLimiter({ permits: 4, per: 100, window: 'sliding' });
      limiter.tryAcquire(4);
      limiter.configure({ permits: 2, per: 200 });
      const next = group.spawn(() => limiter.acquire().then(now));
      expect(await next).toBe(200);
      expect(() => limiter.configure({ burst: 3 })).toThrow('burst is 3, more than permits (2)');
    }));

  test('outlives a run()', async () => {
    const limiter = new RateLimiter({ permits: 1, per: 100, window: 'sliding' });
    await testRun(async () => {
      await sleep(1000);
      limiter.tryAcquire();
      await sleep(60);
    });
    await testRun(async () => {
      expect(limiter.tryAcquire()).toBe(false);
      await limiter.acquire();
      expect(now()).toBe(40);
    });
  });

  test('another word is an error', () => {
    const options = { permits: 1, per: 1, window: 'fixed' as never };
    expect(() => new RateLimiter(options)).toThrow("give 'bucket' or 'sliding'");
  });
});
