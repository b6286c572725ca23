// What a wait does about deadlines that passed while the program was busy, so that no timer could say so: those that hold where it is refuse
// it, and others are left to their timer.
import { CancelScope, Future, run, shield, sleep, taskGroup } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import type { VirtualLoop } from '@ambit/core/testing';

/** Parks, and tells whether anything was registered. */
async function parks(): Promise<boolean> {
  let isRegistered = false;
  await park<void>((waker) => {
    isRegistered = true;
    waker.wake();
  }).catch(() => undefined);
  return isRegistered;
}

test('the deadline of a scope around refuses it, and nothing is registered', () =>
  testRun(async (_group, loop) => {
    const seen: unknown[] = [];
    await new CancelScope({ deadline: loop.now() }).run(() =>
      new CancelScope().run(async () => seen.push(await parks())),
    );
    expect(seen).toEqual([false]);
  }));

test('it is refused also if the callback of another deadline would move its own', () =>
  testRun(async (_group, loop) => {
    const mine = new CancelScope();
    using other = new CancelScope();
    other.onCancel(() => {
      mine.deadline = Infinity;
    });
    const seen: unknown[] = [];
    await mine.run(async () => {
      other.deadline = loop.now();
      mine.deadline = loop.now();
      seen.push(await parks());
    });
    expect([seen, mine.cancelCalled, other.cancelCalled]).toEqual([[false], true, true]);
  }));

test('one beyond a shield does not, and is left to its timer', () =>
  testRun(async (_group, loop) => {
    const scope = new CancelScope();
    const order: string[] = [];
    scope.onCancel(() => order.push('cancelled'));
    await scope.run(() =>
      shield(async () => {
        scope.deadline = loop.now();
        await park<void>((waker) => {
          order.push('registered');
          waker.wake();
        });
      }),
    );
    expect(order[0]).toBe('registered');
  }));

test('the end of the time that draining was given refuses it', () =>
  run(async () => {
    const seen: unknown[] = [];
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.drain({ timeout: 2 });
      const end = performance.now() + 4;
      while (performance.now() < end);
      seen.push(await parks());
    });
    expect([seen, scope.cancelCalled]).toEqual([[false], true]);
  }));

test('one of somebody else calls back only once it is registered', () =>
  testRun(async (_group, loop) => {
    const order: string[] = [];
    const { waiting } = overdue(loop, () => order.push('another deadline'));
    await park<void>((waker) => {
      order.push('registered');
      void waiting.then(() => waker.wake());
    });
    expect(order).toEqual(['registered', 'another deadline']);
  }));

test('an awaited task that it cancels in its line ends the await', () =>
  testRun(async (_group, loop) => {
    const around = new CancelScope({ timeout: 60_000 });
    await taskGroup(
      async (group) => {
        group.spawn(() => sleep(1000));
        const queued = group.spawn(() => undefined);
        await shield(() =>
          around.run(async () => {
            group.scope.deadline = loop.now();
            await queued.catch(() => undefined);
          }),
        );
      },
      { limit: 1 },
    ).catch(() => undefined);
    expect(around.cancelCalled).toBe(false);
  }));

function overdue(loop: VirtualLoop, callback: () => void): { waiting: Future<void> } {
  const scope = new CancelScope();
  const waiting = new Future<void>();
  void scope.run(() => waiting);
  scope.onCancel(() => {
    callback();
    waiting.resolve();
  });
  scope.deadline = loop.now();
  return { waiting };
}
