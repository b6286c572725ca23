import {
  CancelledError,
  CancelScope,
  checkpoint,
  currentScope,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  throwIfCancelled,
  timeout,
  TimeoutError,
} from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const caught = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'no error',
    (error: unknown) => error,
  );

const failInCleanup = (error: unknown) => async (): Promise<void> => {
  try {
    await sleepForever();
  } finally {
    await Promise.reject(error);
  }
};

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
      const error = await caught(outcome);
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
          await caught(sleepForever());
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
              log.push(last.status, group.size);
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
      log.push(await caught(outcome));
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
      const error = await caught(
        taskGroup((nested) => {
          nested.spawn(() => failTogether(inner));
        }),
      );
      log.push(error, isCancelled(await caught(checkpoint())));
      await checkpoint();
    });
    log.push(await caught(outcome), suppressedErrors(outer).length);
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
        await caught(
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
    await caught(task);
    expect(log).toEqual([failure]);
    expect(task.status).toBe('cancelled');
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
      log.push(((await caught(outcome)) as Error).message);
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
      log.push(await caught(outcome), suppressedErrors(failure).length);
    });
    expect(log).toEqual(['value', failure, 0]);
  }));

// rule 80
test('a cancelled group never calls what is spawned into it', () =>
  testRun(() =>
    taskGroup(async (group) => {
      const fn = jest.fn();
      group.cancel('no more');
      const task = group.spawn(fn);
      expect([task.status, task.done, group.size]).toEqual(['cancelled', true, 0]);
      expect((task.error() as CancelledError).reason).toBe('no more');
      expect(isCancelled(await caught(task))).toBe(true);
      expect(fn).not.toHaveBeenCalled();
    }),
  ));

// rule 84
describe('group.cancel()', () => {
  test('is quiet: children end, and a body that had finished keeps its value', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const value = await taskGroup((group) => {
        group.spawn(() => sleepForever().finally(() => log.push('cancelled')));
        group.spawn(async () => {
          await sleep(10);
          group.cancel();
          group.cancel('twice');
        });
        return 'value';
      });
      expect([value, ...log, loop.now()]).toEqual(['value', 'cancelled', 10]);
    }));

  test('rejects with the group’s CancelledError if the body was interrupted', () =>
    testRun(async () => {
      const reached = (await caught(
        taskGroup(
          async (group) => {
            group.cancel('enough');
            await checkpoint();
          },
          { name: 'work' },
        ),
      )) as CancelledError;
      expect(isCancelled(reached)).toBe(true);
      expect([reached.source, reached.reason, reached.scope.name]).toEqual([
        'explicit',
        'enough',
        'work',
      ]);
      await checkpoint();
    }));

  test('does nothing after the end', () =>
    testRun(async () => {
      const group = await taskGroup((group) => ({ group })).then(({ group }) => group);
      group.cancel();
      await group.stop();
      await group.join();
      expect(group.scope.cancelCaught).toBe(false);
    }));
});

// rule 85
test('group.cancel() is quiet, a child that fails in its cleanup is not', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const outcome = taskGroup((group) => {
      group.spawn(failInCleanup(failure));
      group.cancel();
      return 'value';
    });
    await expect(outcome).rejects.toBe(failure);
  }));

// rule 86
test('a cancellation from outside that comes while a cancelled group winds down still comes through', () =>
  testRun(async () => {
    const log: string[] = [];
    const wound = (group: TaskGroup): void => {
      group.spawn(() => sleepForever().finally(() => shield(() => sleep(20))));
      group.cancel();
    };
    expect(
      await moveOnAfter(10, async () => {
        await taskGroup(wound);
        log.push('not reached');
      }),
    ).toBeUndefined();
    await expect(timeout(10, () => taskGroup(wound))).rejects.toThrow(TimeoutError);
    expect(log).toEqual([]);
  }));

// rule 95
describe('a group’s own time', () => {
  test('cuts body or children short: TimeoutError, once all have ended', () =>
    testRun(async (_group, loop) => {
      const inBody = taskGroup(() => sleepForever(), { timeout: 10, name: 'job' });
      const error = (await caught(inBody)) as TimeoutError;
      expect(error).toBeInstanceOf(TimeoutError);
      expect([error.ms, error.message]).toEqual([
        10,
        '"job" was cut short: it did not end within 10 ms',
      ]);
      expect(isCancelled(error.cause)).toBe(true);
      const inChild = taskGroup(
        (group) => {
          group.spawn(() => sleepForever().finally(() => shield(() => sleep(5))));
        },
        { deadline: 30 },
      );
      expect(((await caught(inChild)) as TimeoutError).ms).toBe(20);
      expect(loop.now()).toBe(35);
    }));

  test('says how much time there was, also after the deadline was moved', () =>
    testRun(async () => {
      const outcome = taskGroup(async (group) => {
        group.scope.deadline = 25;
        await sleepForever();
      });
      expect(((await caught(outcome)) as TimeoutError).ms).toBe(25);
    }));

  test('that cuts nothing short leaves the value', () =>
    testRun(async () => {
      const body = async (): Promise<string> => {
        await caught(sleepForever());
        return 'value';
      };
      expect(await taskGroup(body, { timeout: 10 })).toBe('value');
    }));
});

test('a group’s own signal that cuts it short: the signal’s reason comes out', () =>
  testRun(async (group) => {
    const controller = new AbortController();
    const reason = new Error('user left');
    group.spawn(() => sleep(10).then(() => controller.abort(reason)));
    const outcome = taskGroup(() => sleepForever(), { signal: controller.signal });
    await expect(outcome).rejects.toBe(reason);
    const value = taskGroup(() => 'value', { signal: controller.signal });
    expect(await value).toBe('value');
  }));

test('a shielded group does not notice a cancellation around it; who comes after does', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const log: unknown[] = [];
    await scope.run(async () => {
      scope.cancel();
      const body = (group: TaskGroup): PromiseLike<string> =>
        group.spawn(() => sleep(5, { value: 'value' }));
      log.push(await taskGroup(body, { shield: true }));
      throwIfCancelled();
    });
    expect(log).toEqual(['value']);
    expect(scope.cancelCaught).toBe(true);
  }));

test('stop() cancels and waits until the children have ended, and is not cut short itself', () =>
  testRun(async (_group, loop) => {
    const value = await taskGroup(async (group) => {
      group.spawn(() => sleepForever().finally(() => shield(() => sleep(20))));
      group.spawn(() => sleepForever(), { daemon: true });
      await group.stop('over');
      expect([group.size, loop.now(), group.scope.reason?.reason]).toEqual([0, 20, 'over']);
      return 'value';
    });
    expect(value).toBe('value');
  }));

test('a child that would wait for its own group is told so, instead of waiting for ever', () =>
  testRun(async () => {
    const outcome = taskGroup((group) => {
      group.spawn(() => taskGroup(() => group.join()), { name: 'waiter' });
    });
    await expect(outcome).rejects.toThrow('join: called by the task "waiter"');
    const stopping = taskGroup((group) => {
      group.spawn(() => group.stop(), { name: 'stopper' });
    });
    await expect(stopping).rejects.toThrow('stop: called by the task "stopper"');
  }));
