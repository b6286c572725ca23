import {
  any,
  CancelScope,
  isCancelled,
  moveOnAfter,
  race,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  throwIfCancelled,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

test('the first to settle wins; the others are cancelled and waited for', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const value = await race([
      async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(20));
          log.push('loser cleaned up');
        }
      },
      () => sleep(5, { value: 'winner' }),
    ]);
    expect(value).toBe('winner');
    expect(log).toEqual(['loser cleaned up']);
    expect(loop.now()).toBe(25);
  }));

test.each([race, any])(
  '%p: what the winner has left open is not cancelled with the losers',
  (contest) =>
    testRun(async () => {
      const open = await contest([
        async () => {
          const scope = new CancelScope();
          const _started = scope.signal;
          await sleep(5);
          return scope;
        },
        () => sleepForever(),
      ]);
      expect(open.reason).toBeUndefined();
      open[Symbol.dispose]();
    }),
);

test('a failure wins as well as a value does', () =>
  testRun(async () => {
    const failure = new Error('first');
    const racing = race([() => failAfter(1, failure), () => sleep(5, { value: 1 })]);
    await expect(racing).rejects.toBe(failure);
  }));

test('a loser that fails in its cleanup rejects the race that a value had won', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const racing = race([() => 'value', () => sleepForever(), () => sleep(1)]);
    expect(await racing).toBe('value');
    const lost = race([
      () => sleepForever().finally(() => Promise.reject(failure)),
      () => sleep(5, { value: 'value' }),
    ]);
    await expect(lost).rejects.toBe(failure);
  }));

test('a loser that fails in its cleanup is attached to the failure that won', () =>
  testRun(async () => {
    const [first, later] = [new Error('first'), new Error('later')];
    const outcome = await race([
      () => sleepForever().finally(() => Promise.reject(later)),
      () => failAfter(1, first),
    ]).catch((error: unknown) => error);
    expect(outcome).toBe(first);
    expect(suppressedErrors(first)).toEqual([later]);
  }));

test('once one has won at once, the functions after it are not called', () =>
  testRun(async () => {
    const log: string[] = [];
    expect(await race([() => 'won', () => log.push('called')])).toBe('won');
    expect(log).toEqual([]);
  }));

test('of two that settle in one tick the first in time wins, and exactly one', () =>
  testRun(async () => {
    const value = await race([() => sleep(5, { value: 'a' }), () => sleep(5, { value: 'b' })]);
    expect(value).toBe('a');
  }));

test('a task that cancels itself settles with its CancelledError', () =>
  testRun(async () => {
    const later = await race([
      async (task) => {
        await sleep(1);
        task.cancel('mine');
        await sleepForever();
      },
      () => sleepForever(),
    ]).catch((error: unknown) => error);
    expect(isCancelled(later) && later.reason).toBe('mine');

    const atOnce = await race([
      (task) => {
        task.cancel('at once');
        throwIfCancelled();
      },
    ]).catch((error: unknown) => error);
    expect(isCancelled(atOnce) && atOnce.reason).toBe('at once');
  }));

test('cancelled from outside cancels all and waits for them', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const cleanUp = async (name: string) => {
      await shield(() => sleep(10));
      log.push(name);
    };
    await moveOnAfter(5, () =>
      race([
        () => sleepForever().finally(() => cleanUp('a')),
        () => sleepForever().finally(() => cleanUp('b')),
      ]),
    );
    expect(log).toEqual(['a', 'b']);
    expect(loop.now()).toBe(15);
  }));

test('a value that has won is kept if the caller is cancelled while the losers wind down', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const log: string[] = [];
    await scope.run(async () => {
      const value = await race([
        () => sleepForever().finally(() => shield(() => sleep(20))),
        async () => {
          await sleep(5);
          return 'won';
        },
        async () => {
          await shield(() => sleep(10));
          scope.cancel();
        },
      ]);
      log.push(value ?? '');
      throwIfCancelled();
      log.push('not reached');
    });
    expect(log).toEqual(['won']);
    expect(scope.cancelCaught).toBe(true);
  }));

test('in a cancelled scope calls nothing', () =>
  testRun(async () => {
    const log: string[] = [];
    await moveOnAfter(0, () => race([() => log.push('called')]));
    expect(log).toEqual([]);
  }));

test('without functions there is nobody to win: a TypeError', async () => {
  await expect(race([])).rejects.toThrow(
    new TypeError('race: there are no tasks; give at least one function'),
  );
});
