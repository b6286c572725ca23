import {
  CancelScope,
  checkpoint,
  currentScope,
  isCancelled,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failInCleanup, failureOf } from '../support/failures.ts';

/** Runs the body in a scope that is cancelled after so many milliseconds. */
async function cancelledAfter<T>(ms: number, body: () => Promise<T>): Promise<CancelScope> {
  const scope = new CancelScope({ name: 'outer' });
  await taskGroup(async (group) => {
    group.spawn(() => sleep(ms).then(() => scope.cancel('from outside')), { daemon: true });
    await scope.run(body);
  });
  return scope;
}

// rule 65
test('cancelled from outside in its body, a group cancels its children and passes the cancellation on', () =>
  testRun(async (_group, loop) => {
    const log: unknown[] = [];
    const scope = await cancelledAfter(10, async () => {
      const outcome = taskGroup(async (group) => {
        group.spawn(() => shield(() => sleep(20)).finally(() => log.push(loop.now())));
        await sleepForever();
      });
      const error = await failureOf(outcome);
      log.push(error === currentScope().reason);
      throw error;
    });
    expect(scope.cancelCaught).toBe(true);
    expect(log).toEqual([20, true]);
  }));

// rule 66, rule 83
test('cancelled from outside while it waits for its children, a group waits on until they have ended', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const scope = await cancelledAfter(10, () =>
      taskGroup((group) => {
        group.spawn(async () => {
          await sleepForever().finally(() => shield(() => sleep(30)));
        });
      }).finally(() => log.push(`group ended at ${String(loop.now())}`)),
    );
    expect(scope.cancelCaught).toBe(true);
    expect(log).toEqual(['group ended at 40']);
  }));

test('cancelled from outside, a group whose body and children ended with values keeps the body’s value', () =>
  testRun(async () => {
    const log: unknown[] = [];
    await cancelledAfter(10, async () => {
      log.push(
        await taskGroup(async () => {
          await failureOf(sleepForever());
          return 'value';
        }),
      );
    });
    expect(log).toEqual(['value']);
  }));

test('a cancellation in the tick in which the last child has ended comes too late for the group', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const log: unknown[] = [];
    const value = await scope.run(() =>
      taskGroup((group) => {
        const last = group.spawn(async () => {
          await sleep(10);
          // After the task has ended, and before the group goes on.
          queueMicrotask(() => {
            queueMicrotask(() => {
              log.push(last.state, group.size);
              scope.cancel();
            });
          });
        });
        return 'value';
      }).finally(() => log.push('group ended')),
    );
    expect(log).toEqual(['fulfilled', 0, 'group ended']);
    expect(scope.cancelCalled).toBe(true);
    expect(value).toBe('value');
  }));

test('a cancellation that comes before the last child has ended with a value cuts the wait short', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const value = await scope.run(() =>
      taskGroup((group) => {
        group.spawn(async () => {
          await sleep(10);
          scope.cancel();
        });
        return 'value';
      }),
    );
    expect(value).toBeUndefined();
    expect(scope.cancelCaught).toBe(true);
  }));

test('a cancellation from outside that only daemons noticed leaves the value', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const value = await scope.run(() =>
      taskGroup((group) => {
        group.spawn(
          async () => {
            await sleepForever().finally(() => {
              scope.cancel();
            });
          },
          { daemon: true },
        );
        return 'value';
      }),
    );
    expect(value).toBe('value');
    expect(scope.cancelCalled).toBe(true);
  }));

// rule 67
test('an error in the cleanup of a child comes out instead of the outer cancellation, which stays in force', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const log: unknown[] = [];
    const scope = await cancelledAfter(10, async () => {
      const outcome = taskGroup(async (group) => {
        group.spawn(failInCleanup(failure));
        await sleepForever();
      });
      log.push(await failureOf(outcome));
      log.push(suppressedErrors(failure).length);
      await checkpoint();
      log.push('not reached');
    });
    expect(log).toEqual([failure, 0]);
    expect(scope.cancelCaught).toBe(true);
  }));

// rule 70
test('inner and outer group fail in one tick: whoever catches the inner error is still cancelled', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const inner = new Error('inner');
    const outer = new Error('outer');
    const failTogether = async (error: Error): Promise<void> => {
      await sleep(10);
      throw error;
    };
    const outcome = taskGroup(async (group) => {
      group.spawn(() => failTogether(outer));
      const error = await failureOf(
        taskGroup((nested) => {
          nested.spawn(() => failTogether(inner));
        }),
      );
      log.push(error, isCancelled(await failureOf(checkpoint())));
      await checkpoint();
    });
    log.push(await failureOf(outcome), suppressedErrors(outer).length);
    expect(log).toEqual([inner, true, outer, 0]);
    await checkpoint();
  }));

// rule 71
test('outer cancellation and a child’s error in one tick: after the error the next checkpoint throws', () =>
  testRun(async (group) => {
    const failure = new Error('child');
    const log: unknown[] = [];
    const task = group.spawn(async () => {
      log.push(
        await failureOf(
          taskGroup(async (inner) => {
            inner.spawn(async () => {
              await sleep(10);
              throw failure;
            });
            await sleepForever();
          }),
        ),
      );
      await checkpoint();
    });
    await sleep(10);
    task.cancel();
    await failureOf(task);
    expect(log).toEqual([failure]);
    expect(task.state).toBe('cancelled');
  }));

// rule 72
test('a body that answers its cancellation with an error of its own has failed', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const scope = await cancelledAfter(10, async () => {
      const outcome = taskGroup(async () => {
        try {
          await sleepForever();
        } catch (cause) {
          throw new Error('could not save', { cause });
        }
      });
      log.push(((await failureOf(outcome)) as Error).message);
    });
    expect(log).toEqual(['could not save']);
    expect(scope.cancelCaught).toBe(false);
  }));

// rule 82
test('the end of a group is no cancel point: a value in a cancelled scope stays, an error comes alone', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const failure = new Error('body');
    const log: unknown[] = [];
    await scope.run(async () => {
      scope.cancel();
      log.push(await taskGroup(() => 'value'));
      const outcome = taskGroup(() => {
        throw failure;
      });
      log.push(await failureOf(outcome), suppressedErrors(failure).length);
    });
    expect(log).toEqual(['value', failure, 0]);
  }));
