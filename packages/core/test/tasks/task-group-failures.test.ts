import {
  CancelScope,
  isCancelled,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failAfter, failInCleanup, failureOf } from '../support/failures.ts';

const E1 = new Error('E1');
const E2 = new Error('E2');
const E3 = new Error('E3');

beforeEach(() => {
  // Suppressed errors are a property of the error; each test begins without any.
  for (const error of [E1, E2, E3]) {
    for (const key of Object.getOwnPropertySymbols(error)) Reflect.deleteProperty(error, key);
  }
});

// rule 58
test('a failing child cancels the body and its siblings, and comes out itself', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const outcome = await failureOf(
      taskGroup(async (group) => {
        group.spawn(failAfter(10, E1));
        group.spawn(async () => {
          try {
            await sleepForever();
          } finally {
            log.push(`sibling at ${String(loop.now())}`);
          }
        });
        try {
          await sleepForever();
          log.push('not reached');
        } finally {
          log.push(`body at ${String(loop.now())}`);
        }
      }),
    );
    expect(outcome).toBe(E1);
    expect(suppressedErrors(outcome)).toEqual([]);
    expect(log).toEqual(['sibling at 10', 'body at 10']);
  }));

// rule 59
test('a child that fails after the body has ended cancels its siblings, which are waited for', () =>
  testRun(async (_group, loop) => {
    const outcome = taskGroup((group) => {
      group.spawn(failAfter(10, E1));
      group.spawn(async () => {
        try {
          await sleepForever();
        } finally {
          await new CancelScope({ shield: true }).run(() => sleep(5));
        }
      });
    });
    await expect(outcome).rejects.toBe(E1);
    expect(loop.now()).toBe(15);
  }));

// rule 60
test('a failing body cancels the children and waits for them', () =>
  testRun(async () => {
    const log: string[] = [];
    const outcome = taskGroup(async (group) => {
      group.spawn(async () => {
        await sleepForever().finally(() => log.push('child cancelled'));
      });
      await sleep(1);
      throw E1;
    });
    await expect(outcome).rejects.toBe(E1);
    expect(log).toEqual(['child cancelled']);
    await expect(
      taskGroup(() => {
        throw E2;
      }),
    ).rejects.toBe(E2);
  }));

// rule 61
test('failures in the wind-down are attached to the first, in the order in which they happened', () =>
  testRun(async () => {
    const outcome = await failureOf(
      taskGroup(async (group) => {
        group.spawn(async () => {
          try {
            await sleepForever();
          } finally {
            await new CancelScope({ shield: true }).run(failAfter(10, E3));
          }
        });
        group.spawn(failInCleanup(E2));
        await sleep(5);
        throw E1;
      }),
    );
    expect(outcome).toBe(E1);
    expect(suppressedErrors(outcome)).toEqual([E2, E3]);
  }));

// rule 61
test('two children that fail in the same instant are both there, the earlier one first', () =>
  testRun(async () => {
    const outcome = await failureOf(
      taskGroup((group) => {
        group.spawn(failAfter(10, E1));
        group.spawn(failAfter(10, E2));
      }),
    );
    expect(outcome).toBe(E1);
    expect(suppressedErrors(outcome)).toEqual([E2]);
  }));

// rule 64
test('an AbortError in a child that nobody cancelled is a failure', () =>
  testRun(async () => {
    const abort = new DOMException('by somebody else', 'AbortError');
    const outcome = taskGroup((group) => {
      group.spawn(failAfter(1, abort));
    });
    await expect(outcome).rejects.toBe(abort);
  }));

// rule 64
test('the cancellation of one task is a failure to another task that awaits it', () =>
  testRun(async () => {
    const outcome = await failureOf(
      taskGroup((group) => {
        const idle = group.spawn(() => sleepForever(), { name: 'idle' });
        group.spawn(() => idle.join());
        idle.cancel();
      }),
    );
    expect(isCancelled(outcome)).toBe(true);
  }));

// rule 68
test('errors of nested groups nest as their groups do', () =>
  testRun(async () => {
    const nested = (inner: unknown, later: unknown): Promise<void> =>
      taskGroup((group) => {
        group.spawn(failAfter(1, inner));
        group.spawn(failInCleanup(later));
      });
    const outcome = await failureOf(
      taskGroup(async (group) => {
        group.spawn(() => nested(E1, E2));
        group.spawn(failInCleanup(E3));
        await sleepForever();
      }),
    );
    expect(outcome).toBe(E1);
    expect(suppressedErrors(E1)).toEqual([E2, E3]);
  }));

// rule 69
test('a child of the outer group fails: the inner group is cancelled and adds nothing', () =>
  testRun(async () => {
    const log: string[] = [];
    const outcome = await failureOf(
      taskGroup(async (outer) => {
        outer.spawn(failAfter(10, E1));
        await taskGroup(async (inner) => {
          inner.spawn(() => sleepForever().finally(() => log.push('inner child')));
          await sleepForever();
        }).finally(() => log.push('inner group'));
      }),
    );
    expect(outcome).toBe(E1);
    expect(suppressedErrors(E1)).toEqual([]);
    expect(log).toEqual(['inner child', 'inner group']);
  }));

// rule 73
test('the body’s cleanup fails because a child has failed: both are kept, and nothing stays cancelled', () =>
  testRun(async () => {
    const outcome = await failureOf(
      taskGroup(async (group) => {
        group.spawn(failAfter(1, E1));
        await failInCleanup(E2)();
      }),
    );
    expect(outcome).toBe(E1);
    expect(suppressedErrors(E1)).toEqual([E2]);
    await sleep(1);
  }));

// rule 88, rule 98
test('a child’s error that the body has awaited and thrown again counts once', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const rethrown = async (wait: (group: TaskGroup) => PromiseLike<unknown>): Promise<void> => {
      const outcome = await failureOf(
        taskGroup(async (group) => {
          try {
            await wait(group);
          } catch (error) {
            log.push(error);
            throw error;
          }
        }),
      );
      expect(outcome).toBe(E1);
      expect(suppressedErrors(outcome)).toEqual([]);
    };
    await rethrown((group) => group.spawn(failAfter(1, E1)));
    expect(log).toEqual([E1]);
    await rethrown((group) => group.spawn(() => Promise.reject(E1)).join());
    await rethrown((group) => {
      group.spawn(failAfter(1, E1));
      return group.join();
    });
  }));

test('a body that has handled a child’s error cannot hide it from the group', () =>
  testRun(async () => {
    const outcome = taskGroup(async (group) => {
      await group.spawn(failAfter(1, E1)).catch(() => undefined);
      return 'all is well';
    });
    await expect(outcome).rejects.toBe(E1);
  }));

// rule 87
test('a child’s error and the deadline of a timeout around come in one tick: the error comes out', () =>
  testRun(async () => {
    const outcome = timeout(10, () =>
      taskGroup(async (group) => {
        group.spawn(failAfter(10, E1));
        group.spawn(failInCleanup(E2));
        await sleepForever();
      }),
    );
    const error = await failureOf(outcome);
    expect(error).not.toBeInstanceOf(TimeoutError);
    expect(error).toBe(E2);
  }));
