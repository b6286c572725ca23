import { gatherSettled, isCancelled, moveOnAfter, shield, sleep, sleepForever } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** Sleeps until cancelled, then takes some time to clean up. */
async function slowToEnd(log: string[], name: string): Promise<never> {
  try {
    return await sleepForever();
  } finally {
    await shield(() => sleep(10));
    log.push(`${name} cleaned up`);
  }
}

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

// rule 153
test('tells what each came to and cancels nobody', () =>
  testRun(async () => {
    const failure = new Error('refused');
    const outcomes = await gatherSettled({
      bad: () => failAfter(1, failure),
      good: () => sleep(20, { value: 'fine' }),
      alsoBad: () => Promise.reject(failure),
    });
    expect(outcomes).toEqual({
      bad: { status: 'rejected', reason: failure },
      good: { status: 'fulfilled', value: 'fine' },
      alsoBad: { status: 'rejected', reason: failure },
    });
  }));

// rules 153, 154
test('gives the CancelledError of a function that cancelled its own task as its reason', () =>
  testRun(async () => {
    const [own, other] = await gatherSettled([
      async (task) => {
        task.cancel('mine');
        await sleepForever();
      },
      () => sleep(5, { value: 'fine' }),
    ]);
    expect(own.status === 'rejected' && isCancelled(own.reason)).toBe(true);
    expect(other).toEqual({ status: 'fulfilled', value: 'fine' });
  }));

// rule 155
test('cancelled from outside cancels all, waits for them, and gives no outcomes', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const outcome = await moveOnAfter(5, () => gatherSettled([() => slowToEnd(log, 'a')]));
    expect(outcome).toBeUndefined();
    expect(log).toEqual(['a cleaned up']);
    expect(loop.now()).toBe(15);
  }));

test('takes what a function that cancelled its own task throws as its outcome, too', () =>
  testRun(async () => {
    const failure = new Error('own');
    const outcomes = await gatherSettled([
      (task) => {
        task.cancel();
        throw failure;
      },
      () => sleep(5, { value: 'untouched' }),
    ]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 'untouched' },
    ]);
  }));

test('aborted by its signal rejects with the reason', () =>
  testRun(async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const gathering = gatherSettled([() => sleepForever()], { signal: controller.signal });
    controller.abort(reason);
    await expect(gathering).rejects.toBe(reason);
  }));

test('cancelled from outside, a failure in the cleanup comes out', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const gathering = moveOnAfter(5, () =>
      gatherSettled([() => sleepForever().finally(() => Promise.reject(failure))]),
    );
    await expect(gathering).rejects.toBe(failure);
  }));
