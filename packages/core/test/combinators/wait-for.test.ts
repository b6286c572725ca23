import {
  CancelScope,
  Future,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  throwIfCancelled,
  TimeoutError,
  waitFor,
} from '@ambit/core';
import { ParkingLot } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

/** Takes 10 ms to end once it is cancelled. */
const slowToEnd = () => sleepForever().finally(() => shield(() => sleep(10)));

/** Runs a body in a group whose failures are expected. */
async function supervise(body: Parameters<typeof taskGroup<void>>[0]): Promise<void> {
  await taskGroup(body, { onFailure: 'continue' }).catch(() => undefined);
}

test('gives the value of a function, a task, a promise and a future', () =>
  testRun(async (group) => {
    const task = group.spawn(() => sleep(5, { value: 'task' }));
    const future = new Future<string>();
    future.resolve('future');
    expect(await waitFor(() => sleep(5, { value: 'function' }), 10)).toBe('function');
    expect(await waitFor(task, 10)).toBe('task');
    expect(await waitFor(Promise.resolve('promise'), 10)).toBe('promise');
    expect(await waitFor(future, 10)).toBe('future');
  }));

test('a promise that fails later is not unhandled, also of a caller who was cancelled before', async () => {
  const unhandled: unknown[] = [];
  const hear = (error: unknown): number => unhandled.push(error);
  process.on('unhandledRejection', hear);
  try {
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      const failing = Promise.reject(new Error('refused'));
      expect(await waitFor(failing, 10).catch(isCancelled)).toBe(true);
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', hear);
  }
});

test('throws what they throw', () =>
  testRun(async () => {
    const failure = new Error('refused');
    await expect(waitFor(() => Promise.reject(failure), 10)).rejects.toBe(failure);
    await expect(waitFor(Promise.reject(failure), 10)).rejects.toBe(failure);
    await supervise(async (group) => {
      const task = group.spawn(async () => {
        await sleep(1);
        throw failure;
      });
      await expect(waitFor(task, 10)).rejects.toBe(failure);
    });
  }));

describe('what ends in the tick in which the time is over', () => {
  // rule 138
  test('is the result: of a function', () =>
    testRun(async () => {
      expect(await waitFor(() => shield(() => sleep(10, { value: 'v' })), 10)).toBe('v');
    }));

  // rule 138
  test('is the result: of a task that was there before the timer', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleep(10, { value: 'v' }));
      expect(await waitFor(task, 10)).toBe('v');
    }));

  // rule 138
  test('is the result: of a promise', () =>
    testRun(async () => {
      expect(await waitFor(sleep(10, { value: 'v' }), 10)).toBe('v');
      const later = moveOnAfter(100, () => sleep(10, { value: 'later' }));
      expect(await waitFor(later, 10)).toBe('later');
    }));
});

describe('without any time', () => {
  // rule 139
  test('a function is not called', () =>
    testRun(async () => {
      const log: string[] = [];
      const fn = () => log.push('called');
      await expect(waitFor(fn, 0)).rejects.toThrow(TimeoutError);
      await expect(waitFor(fn, -5)).rejects.toThrow(TimeoutError);
      expect(log).toEqual([]);
    }));

  // rule 139
  test('what is done gives its result', () =>
    testRun(async (group) => {
      const task = group.spawn(() => 'task');
      expect(await waitFor(task, 0)).toBe('task');
      expect(await waitFor(task, -5)).toBe('task');
      expect(await waitFor(Promise.resolve('promise'), 0)).toBe('promise');
    }));

  // rule 139
  test('a running task is cancelled and waited for', () =>
    testRun(async (group, loop) => {
      const task = group.spawn(slowToEnd);
      await expect(waitFor(task, 0)).rejects.toThrow(TimeoutError);
      expect(task.state).toBe('cancelled');
      expect(loop.now()).toBe(10);
    }));
});

// rule 140
test('out of time, waits until the function or task has really ended', () =>
  testRun(async (group, loop) => {
    await expect(waitFor(slowToEnd, 5)).rejects.toThrow(TimeoutError);
    expect(loop.now()).toBe(15);
    await expect(waitFor(group.spawn(slowToEnd), 5)).rejects.toThrow(TimeoutError);
    expect(loop.now()).toBe(30);
  }));

test('out of time, a promise is abandoned', () =>
  testRun(async (_group, loop) => {
    const slow = sleep(50, { value: 'still comes' });
    const outcome = await waitFor(slow, 5).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(TimeoutError);
    expect((outcome as TimeoutError).ms).toBe(5);
    expect(loop.now()).toBe(5);
    expect(await slow).toBe('still comes');
  }));

// rule 141
test('what is cancelled for being late and gives a value all the same, has given it', () =>
  testRun(async (group) => {
    const stubborn = () => sleepForever().catch(() => 'value all the same');
    expect(await waitFor(stubborn, 5)).toBe('value all the same');
    expect(await waitFor(group.spawn(stubborn), 5)).toBe('value all the same');
  }));

// rule 142
test('what fails while it is cancelled for being late, has failed with that', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const failing = () => sleepForever().finally(() => Promise.reject(failure));
    await expect(waitFor(failing, 5)).rejects.toBe(failure);
    await supervise(async (group) => {
      await expect(waitFor(group.spawn(failing), 5)).rejects.toBe(failure);
    });
  }));

describe('cancelled from outside', () => {
  // rule 143
  test.each([20, Infinity])('cancels and waits for what it waits for (%d ms)', (ms) =>
    testRun(async (group, loop) => {
      await moveOnAfter(5, () => waitFor(slowToEnd, ms));
      expect(loop.now()).toBe(15);
      const task = group.spawn(slowToEnd);
      await moveOnAfter(5, () => waitFor(task, ms));
      expect(task.state).toBe('cancelled');
      expect(loop.now()).toBe(30);
    }),
  );

  // rule 144
  test('in the tick of the result, the result stands and the cancellation comes next', () =>
    testRun(async (group) => {
      const scope = new CancelScope();
      const task = group.spawn(() => sleep(5, { value: 'kept' }));
      const log: unknown[] = [];
      const waiting = scope.run(async () => {
        log.push(await waitFor(task, 20));
        throwIfCancelled();
        log.push('not reached');
      });
      await sleep(5);
      scope.cancel();
      await waiting;
      expect(log).toEqual(['kept']);
      expect(scope.cancelCaught).toBe(true);
    }));

  test('on entry, does not touch anything', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const task = group.spawn(() => sleep(5, { value: 'untouched' }));
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(() => waitFor(task, 20));
      const again = new CancelScope();
      again.cancel();
      await again.run(() => waitFor(() => log.push('called'), 20));
      expect(log).toEqual([]);
      expect(await task).toBe('untouched');
    }));
});

// rule 145
test('a shielded promise of work goes on after the time is over', () =>
  testRun(async () => {
    const log: string[] = [];
    const work = shield(async () => {
      await sleep(20);
      log.push('work ends');
    });
    await expect(waitFor(work, 5)).rejects.toThrow(TimeoutError);
    expect(log).toEqual([]);
    await work;
    expect(log).toEqual(['work ends']);
  }));

// rule 145
test('a shielded function is waited for: it cannot be left behind', () =>
  testRun(async (_group, loop) => {
    expect(await waitFor(() => shield(() => sleep(20, { value: 'v' })), 5)).toBe('v');
    expect(loop.now()).toBe(20);
  }));

// rule 146
test('out of time, leaves no waiter behind: what comes next goes to the next', () =>
  testRun(async (group) => {
    const lot = new ParkingLot<string>();
    await expect(waitFor(() => lot.park(), 5)).rejects.toThrow(TimeoutError);
    expect(lot.size).toBe(0);
    const next = group.spawn(() => lot.park());
    expect(lot.unpark(1, 'item')).toBe(1);
    expect(await next).toBe('item');
  }));

test('a task that somebody else cancels is no timeout', () =>
  testRun(async (group) => {
    const task = group.spawn(() => sleepForever());
    const waiting = waitFor(task, 20).catch((error: unknown) => error);
    task.cancel('not late');
    const outcome = await waiting;
    expect(isCancelled(outcome) && outcome.reason).toBe('not late');
  }));

describe('a shield around the wait for a task', () => {
  // rule 157
  test('sees it through when the caller is cancelled; then the cancellation is thrown', () =>
    testRun(async (group) => {
      const log: unknown[] = [];
      const task = group.spawn(() => sleep(20, { value: 'inner' }));
      await moveOnAfter(5, async () => {
        log.push(await shield(() => task.join()));
        throwIfCancelled();
        log.push('not reached');
      });
      expect(log).toEqual(['inner']);
    }));

  // rule 157
  test('gives its failure to the caller, cancelled or not, and to nobody else', () =>
    testRun(async () => {
      const failure = new Error('inner');
      const failing = moveOnAfter(5, () =>
        shield(async () => {
          await sleep(20);
          throw failure;
        }),
      );
      await expect(failing).rejects.toBe(failure);
    }));

  // rule 158
  test('shows what became of the task: its value at once, or that it was cancelled', () =>
    testRun(async (group, loop) => {
      const done = group.spawn(() => 'done');
      expect(await shield(() => done.join())).toBe('done');
      expect(loop.now()).toBe(0);
      const cancelled = group.spawn(() => sleepForever());
      cancelled.cancel('by hand');
      const outcome = await shield(() => cancelled.join()).catch((error: unknown) => error);
      expect(isCancelled(outcome) && outcome.reason).toBe('by hand');
    }));
});
