// A deadline of somebody else that has passed by the clock, and which nobody has noticed so far, may let go of what a caller is about to wait
// for. That must not happen between the caller's look at the primitive and its place in line: nobody would wake it (I2, I4).
import { CancelScope, Future, gather } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { CapacityLimiter, KeyedLock, Lock } from '@ambit/sync';
import type { Guard } from '@ambit/sync';
import { allTogether, oneByOne } from '../support/primitives.ts';

/** Calls back in the cancellation of a scope whose deadline is this very instant. */
async function whenLate(now: number, callback: () => unknown): Promise<void> {
  const scope = new CancelScope();
  const over = new Future<void>();
  scope.onCancel(() => {
    callback();
    over.resolve();
  });
  void scope.run(() => over);
  await settle();
  scope.deadline = now;
}

// A barrier does not remember that it was reset.
const { 'Barrier, broken': _, ...remembering } = { ...oneByOne, ...allTogether };

describe.each(Object.entries(remembering))('%s', (_name, make) => {
  test('is not missed by a caller on its way, whom another deadline lets go', () =>
    testRun(async (_group, loop) => {
      const blocked = make();
      await settle();
      const told: string[] = [];
      await whenLate(loop.now(), () => {
        told.push('let go');
        blocked.letGo();
      });
      const giveBack = await blocked.wait();
      await giveBack();
      expect(told).toEqual(['let go']);
    }));

  test('is not waited for by a caller whose own deadline has passed', () =>
    testRun(async (_group, loop) => {
      const blocked = make();
      await settle();
      const scope = new CancelScope({ deadline: loop.now() });
      await scope.run(() => blocked.wait());
      expect([scope.cancelCaught, blocked.statistics().peak]).toEqual([true, 0]);
    }));
});

describe('a free key of a KeyedLock, taken by another deadline in the call that takes it,', () => {
  test('has one holder', () =>
    testRun(async (_group, loop) => {
      const keys = new KeyedLock<string>();
      const guards: (Guard | undefined)[] = [];
      await whenLate(loop.now(), () => guards.push(keys.tryAcquire('a')));
      const acquired = keys.acquire('a');
      expect([guards.length, keys.statistics()]).toEqual([1, { size: 1, waiting: 1, peak: 1 }]);
      guards[0]?.[Symbol.dispose]();
      (await acquired)[Symbol.dispose]();
      expect(keys.size).toBe(0);
    }));

  test('and given back at once, is the caller’s', () =>
    testRun(async (_group, loop) => {
      const keys = new KeyedLock<string>();
      await whenLate(loop.now(), () => keys.tryAcquire('a')?.[Symbol.dispose]());
      const guard = await keys.acquire('a');
      expect([keys.size, keys.tryAcquire('a')]).toEqual([1, undefined]);
      guard[Symbol.dispose]();
      expect(keys.size).toBe(0);
    }));
});

test('a lock is not missed by a caller whose options are a scope, which looks at the clock when it is asked for its signal', () =>
  testRun(async (_group, loop) => {
    const lock = new Lock();
    const held = await lock.acquire();
    await whenLate(loop.now(), () => {
      held[Symbol.dispose]();
    });
    // With a deadline of its own a scope asks the clock before it makes its signal.
    const mine = new CancelScope({ timeout: 1000 });
    await mine.run(async () => {
      using _mine = await lock.acquire(mine);
    });
    expect([mine.cancelCaught, lock.locked]).toEqual([false, false]);
  }));

/** Options whose signal is asked for by each look of a call, and then for its wait: one of them cancels the scope. */
function cancelledAt(last: number, scope: CancelScope): { readonly signal: undefined } {
  let asked = 0;
  return {
    get signal() {
      asked += 1;
      if (asked === last) scope.cancel();
      return undefined;
    },
  };
}

test('a borrower that is cancelled on its way with one that waits may come again, too', () =>
  testRun(async () => {
    const limiter = new CapacityLimiter(1);
    const held = await limiter.acquire();
    for (const last of [1, 2, 3, 4]) {
      const scope = new CancelScope({ timeout: 1 });
      const options = cancelledAt(last, scope);
      await scope.run(() =>
        gather([
          () => limiter.acquireOnBehalfOf('another', {}),
          () => limiter.acquireOnBehalfOf('a borrower', options),
        ]),
      );
    }
    held[Symbol.dispose]();
    (await limiter.acquireOnBehalfOf('a borrower'))[Symbol.dispose]();
  }));

test('a borrower that was cancelled at any look of its call may come again', () =>
  testRun(async () => {
    const limiter = new CapacityLimiter(1);
    const held = await limiter.acquire();
    for (const last of [1, 2, 3, 4]) {
      const scope = new CancelScope({ timeout: 1 });
      await scope.run(() => limiter.acquireOnBehalfOf('a borrower', cancelledAt(last, scope)));
    }
    held[Symbol.dispose]();
    (await limiter.acquireOnBehalfOf('a borrower'))[Symbol.dispose]();
  }));
