// The laws at the top of the contract, for each primitive at which one waits.
import { CancelScope, formatTaskTree } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { allTogether, blocking, free, oneByOne } from '../support/primitives.ts';
import type { Blocked } from '../support/primitives.ts';

/** Somebody who waits, and can be cancelled by a scope or by a signal. */
class Somebody {
  outcome = 'waits';
  giveBack: (() => unknown) | undefined;
  readonly #scope = new CancelScope();
  readonly #controller = new AbortController();
  readonly #by: 'scope' | 'signal';

  constructor(group: TaskGroup, blocked: Blocked, by: 'scope' | 'signal') {
    this.#by = by;
    const signal = by === 'signal' ? { signal: this.#controller.signal } : {};
    group.spawn(async () => {
      await this.#scope
        .run(async () => {
          this.giveBack = await blocked.wait(signal);
          this.outcome = 'got it';
        })
        .catch((error: unknown) => expect(error).toBe(this.#controller.signal.reason));
      if (this.giveBack === undefined) this.outcome = 'cancelled';
    });
  }

  cancel(): void {
    if (this.#by === 'scope') this.#scope.cancel();
    else this.#controller.abort();
  }
}

const orders = [
  ['let go, then cancelled in the same tick', ['let go', 'cancel'], 'got it'],
  ['cancelled, then let go in the same tick', ['cancel', 'let go'], 'cancelled'],
  ['let go, then cancelled a tick later', ['let go', 'tick', 'cancel'], 'got it'],
  ['cancelled, then let go a tick later', ['cancel', 'tick', 'let go'], 'cancelled'],
] as const;

const ways = (['scope', 'signal'] as const).flatMap((by) =>
  orders.map(([title, steps, outcome]) => ({ by, title, steps, outcome })),
);

async function race(
  group: TaskGroup,
  blocked: Blocked,
  { by, steps }: (typeof ways)[number],
): Promise<[Somebody, Somebody]> {
  const both: [Somebody, Somebody] = [
    new Somebody(group, blocked, by),
    new Somebody(group, blocked, by),
  ];
  await settle();
  expect(blocked.statistics().waiting).toBe(2);
  for (const step of steps) {
    if (step === 'cancel') both[0].cancel();
    else if (step === 'let go') void blocked.letGo();
    else await Promise.resolve();
  }
  await settle();
  return both;
}

// rules 20, 21, 162, 163, 171, 172, 192, 232, 233
describe.each(Object.entries(oneByOne))('%s', (_, make) => {
  test.each(ways)('$title, by $by: $outcome, and none is lost', (way) =>
    testRun(async (group) => {
      const blocked = make();
      const [first, second] = await race(group, blocked, way);
      expect(first.outcome).toBe(way.outcome);
      expect(second.outcome).toBe(way.outcome === 'got it' ? 'waits' : 'got it');
      first.giveBack?.();
      await settle();
      expect(second.outcome).toBe('got it');
      expect(blocked.statistics().waiting).toBe(0);
      second.giveBack?.();
    }),
  );

  // rules 161, 169
  test('those who wait are let go one at a time, in the order they came', () =>
    testRun(async (group) => {
      const blocked = make();
      const all = Array.from({ length: 3 }, () => new Somebody(group, blocked, 'scope'));
      await settle();
      expect(blocked.statistics().waiting).toBe(3);
      await blocked.letGo();
      for (const [index, somebody] of all.entries()) {
        await settle();
        expect(all.map(({ outcome }) => outcome === 'got it')).toEqual(
          all.map((_somebody, other) => other <= index),
        );
        somebody.giveBack?.();
      }
    }));
});

// rules 183-185, 197
describe.each(Object.entries(allTogether))('%s', (_, make) => {
  test.each(ways)('$title, by $by: $outcome, and the other one gets it', (way) =>
    testRun(async (group) => {
      const blocked = make();
      const [first, second] = await race(group, blocked, way);
      expect(first.outcome).toBe(way.outcome);
      expect(second.outcome).toBe('got it');
      expect(blocked.statistics().waiting).toBe(0);
    }),
  );
});

describe.each(Object.entries(blocking))('%s', (_, make) => {
  test('the task tree shows what is waited for, by its name', () =>
    testRun(async (group) => {
      const blocked = make('x');
      const somebody = new Somebody(group, blocked, 'scope');
      await settle();
      expect(formatTaskTree()).toContain(`waits for ${blocked.label}`);
      somebody.cancel();
    }));

  test('who is cancelled by a scope of all leaves nothing behind', () =>
    testRun(async (group) => {
      const blocked = make();
      const before = blocked.statistics();
      const scope = new CancelScope();
      const task = group.spawn(() =>
        scope.run(async () => {
          const waits = Array.from({ length: 5 }, () => blocked.wait());
          // Each to its end: some take a lock again before they reject.
          await Promise.allSettled(waits);
          return Promise.all(waits);
        }),
      );
      await settle();
      expect(blocked.statistics().waiting).toBe(before.waiting + 5);
      scope.cancel();
      // That they waited is history.
      const now = blocked.statistics();
      expect(now).toEqual({ ...before, peak: now.peak });
      expect(await task).toBe(undefined);
    }));
});

describe.each(Object.entries(free))('%s', (_, make) => {
  // rules 19, 166, 184, 270
  test('is a checkpoint though it need not wait; cancelled, it has no effect', () =>
    testRun(async () => {
      const { call, state } = make();
      const before = state();
      await expectCheckpoint(() => call());
      expect(state()).toEqual(before);
    }));

  test('can be used outside of run()', async () => {
    const { call } = make();
    const isWaitingForMore = /Condition.wait$/.test(_);
    const signal = isWaitingForMore ? AbortSignal.abort('enough') : undefined;
    if (isWaitingForMore) await expect(call({ signal })).rejects.toBe('enough');
    else await call();
  });
});

test.each(Object.entries(free))(
  '%s rejects with the reason of an aborted signal, and has no effect',
  (_, make) =>
    testRun(async () => {
      const { call, state } = make();
      const before = state();
      const reason = new Error('enough');
      await expect(call({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(state()).toEqual(before);
    }),
);

test('a call that is refused because its scope is cancelled may go unseen', () =>
  testRun(async () => {
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(() => {
      // An unhandled rejection would fail the test.
      for (const [name, make] of Object.entries(free)) {
        if (
          /^(Lock|Semaphore|CapacityLimiter|KeyedLock|RateLimiter).acquire$|^[ERLT].*wait$/.test(
            name,
          )
        )
          void make().call();
      }
    });
  }));
