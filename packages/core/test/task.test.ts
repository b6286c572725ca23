import {
  CancelledError,
  currentScope,
  currentTask,
  InvalidStateError,
  isCancelled,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  Task,
  taskGroup,
  timeout,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

const failureOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'a value',
    (error: unknown) => error,
  );

describe('cancelling a task', () => {
  // rule 43
  test('right after spawn: it ran to its first wait, and its own finally cleans up', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const task = group.spawn(async () => {
        log.push('begins');
        try {
          await sleep(1);
          log.push('never');
        } finally {
          log.push('cleanup');
        }
      });
      expect(log).toEqual(['begins']);
      expect(task.cancel()).toBe(true);
      expect(task.status).toBe('cancelling');
      await settle();
      expect(log).toEqual(['begins', 'cleanup']);
      expect(task.status).toBe('cancelled');
    }));

  // rule 44
  test('that is done answers false and changes nothing', () =>
    testRun(async (group) => {
      const [value, failing] = [{}, new Error('failure')];
      const task = group.spawn(() => value);
      expect(task.cancel()).toBe(false);
      expect(task.result()).toBe(value);
      const failed = await taskGroup((inner) => inner.spawn(() => Promise.reject(failing)), {
        onFailure: 'continue',
      }).catch((error: unknown) => (error as AggregateError).errors as unknown);
      expect(failed).toEqual([failing]);
      const cancelled = group.spawn(() => sleepForever());
      cancelled.cancel('first');
      await settle();
      expect(cancelled.cancel('second')).toBe(false);
      expect(cancelled.error()).toMatchObject({ reason: 'first' });
    }));

  // rule 45
  test('that ends without another checkpoint: its value wins', () =>
    testRun(async (group) => {
      const task = group.spawn(async (self) => {
        await sleep(1);
        self.cancel();
        return 'value';
      });
      expect(await task).toBe('value');
      expect(task.status).toBe('fulfilled');
    }));

  // rule 46
  test('that catches the cancellation and returns: its value wins', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleepForever().catch(() => 42));
      task.cancel();
      expect(await task).toBe(42);
      expect(task.status).toBe('fulfilled');
    }));

  // rules 1, 46
  test('that catches the cancellation and waits again: it is thrown again', () =>
    testRun(async (group) => {
      let tries = 0;
      const task = group.spawn(async () => {
        while (tries < 3) {
          await sleepForever().catch(() => undefined);
          tries += 1;
        }
        await sleep(1);
        return 'never';
      });
      task.cancel();
      await settle();
      expect(tries).toBe(3);
      expect(task.status).toBe('cancelled');
    }));

  // rule 47
  test('that joins another never cancels the other', () =>
    testRun(async (group) => {
      const other = group.spawn(() => sleep(10, { value: 'other' }));
      const joiner = group.spawn(() => other.join());
      await sleep(1);
      joiner.cancel();
      await settle();
      expect([joiner.status, other.status]).toEqual(['cancelled', 'running']);
      expect(await other).toBe('other');
    }));

  // rule 49
  test('from inside it throws at the next checkpoint, not at the call', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const task = group.spawn(async () => {
        currentTask()?.cancel();
        log.push('goes on');
        await sleep(1);
        log.push('never');
      });
      await settle();
      expect(log).toEqual(['goes on']);
      expect(task.status).toBe('cancelled');
    }));

  // rule 50
  test('gives the first reason to the task and to who joins it', () =>
    testRun(async (group) => {
      const seen: unknown[] = [];
      const task = group.spawn(() =>
        sleepForever().catch((error: unknown) => {
          seen.push(error);
          throw error;
        }),
      );
      task.cancel('first');
      task.cancel('second');
      seen.push(await failureOf(task.join()), await failureOf(task), task.error());
      expect(new Set(seen).size).toBe(1);
      expect(seen[0]).toBeInstanceOf(CancelledError);
      expect(seen[0]).toMatchObject({ reason: 'first', source: 'explicit', scope: task.scope });
      expect(() => task.result()).toThrow(seen[0] as Error);
    }));

  // rule 51
  test('that throws something else meanwhile has failed with that', () =>
    testRun(async () => {
      const failure = new Error('cleanup', { cause: 'the cancellation' });
      let task: Task<never> | undefined;
      const group = taskGroup((inner) => {
        task = inner.spawn(() => sleepForever().finally(() => Promise.reject(failure)));
        task.cancel();
      });
      expect(await failureOf(group)).toBe(failure);
      expect(task?.status).toBe('rejected');
      expect(task?.error()).toBe(failure);
    }));

  // rule 52
  test('is no state of a task whose inner scopes have absorbed their own cancellations', () =>
    testRun(async (group) => {
      const statuses: unknown[] = [];
      const task = group.spawn(async (self) => {
        const note = (): void => void statuses.push(self.status, self.scope.reason);
        await moveOnAfter(1, () => sleepForever());
        note();
        await timeout(1, () => sleepForever()).catch(note);
        const inner = taskGroup(async (given) => {
          given.spawn(() => Promise.reject(new Error('child')));
          await sleepForever();
        });
        await inner.catch(note);
        await sleep(1);
      });
      await task;
      expect(statuses).toEqual(Array.from({ length: 3 }, () => ['running', undefined]).flat());
    }));
});

describe('stop()', () => {
  test('waits until the cleanup is over, and never rejects', () =>
    testRun(async () => {
      const log: string[] = [];
      const group = taskGroup(async (inner) => {
        const task = inner.spawn(() =>
          sleepForever().finally(async () => {
            await new Promise(setImmediate);
            log.push('cleaned up');
            throw new Error('cleanup');
          }),
        );
        await task.stop('enough');
        log.push(task.status);
        await task.stop();
      });
      expect(await failureOf(group)).toMatchObject({ message: 'cleanup' });
      expect(log).toEqual(['cleaned up', 'rejected']);
    }));

  test('is what disposing of a task does, and inside the task it is an error', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleepForever());
      {
        await using _stopped = task;
      }
      expect(task.status).toBe('cancelled');
      const suicidal = group.spawn((self) => self.stop());
      expect(await failureOf(suicidal.join())).toBeInstanceOf(InvalidStateError);
    }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(InvalidStateError);
    }));
});

describe('waiting for a task', () => {
  // rule 48
  test.each<[string, (self: Task<unknown>) => unknown]>([
    [
      'await',
      async (self) => {
        await self;
      },
    ],
    ['await after a wait', async (self) => sleep(1).then(() => self)],
    ['join', (self) => self.join()],
    ['join in a scope of its own', (self) => timeout(100, () => self.join())],
    ['await in a scope of its own', (self) => timeout(100, () => sleep(1).then(() => self))],
    ['join in a task of its own', (self) => taskGroup((group) => group.spawn(() => self.join()))],
    ['returning itself', (self) => self],
    ['returning itself from an async function', async (self) => self],
  ])('from inside it is an error and no hang: %s', (_how, wait) =>
    testRun(async () => {
      const group = taskGroup((inner) => inner.spawn((self) => wait(self), { name: 'narcissus' }));
      const error = await failureOf(group);
      expect(error).toBeInstanceOf(InvalidStateError);
      expect((error as Error).message).toContain('"narcissus"');
    }),
  );

  // rule 48
  test('in a circle is reported in debug mode', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await run(
      async (group) => {
        const tasks: Task<unknown>[] = [];
        tasks.push(group.spawn(() => sleep(1).then(() => tasks[1]?.join()), { name: 'first' }));
        tasks.push(group.spawn(() => tasks[0]?.join(), { name: 'second' }));
        await sleep(5);
        for (const task of tasks) task.cancel();
      },
      { debug: true, signals: [] },
    );
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('"first" and "second" wait for each other'), 'DeadlockWarning'],
    ]);
    warn.mockRestore();
  });

  // rule 54
  test('gives the same value or error to everybody, also late', () =>
    testRun(async (group) => {
      const value = { the: 'value' };
      const task = group.spawn(() => sleep(1, { value }));
      const early = [task.join(), task.join(), Promise.resolve(task)];
      for (const joined of await Promise.all(early)) expect(joined).toBe(value);
      expect(await task.join()).toBe(value);
      expect(await task).toBe(value);
      expect(task.result()).toBe(value);
      expect(task.error()).toBeUndefined();
      const failure = new Error('failure');
      await taskGroup(async (inner) => {
        const failing = inner.spawn(() => Promise.reject(failure));
        for (const wait of [failing, failing.join(), failing.finally(() => undefined)])
          expect(await failureOf(wait)).toBe(failure);
        expect(() => failing.result()).toThrow(failure);
        expect(failing.error()).toBe(failure);
      }).catch(() => undefined);
    }));

  test('join is a checkpoint, and takes a signal', () =>
    testRun(async (group) => {
      const done = group.spawn(() => 'value');
      const waiting = group.spawn(() => sleepForever());
      const value = await moveOnAfter(0, () => done.join());
      expect(value).toBeUndefined();
      const controller = new AbortController();
      const join = waiting.join({ signal: controller.signal });
      controller.abort('web');
      await expect(join).rejects.toBe('web');
      await expect(done.join({ signal: controller.signal })).rejects.toBe('web');
      await expect(done.join({ signal: 1 as never })).rejects.toThrow(TypeError);
      expect(waiting.status).toBe('running');
      waiting.cancel();
    }));

  test('result() and error() of an unfinished task are InvalidStateErrors', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleep(1), { name: 'slow' });
      expect(() => task.result()).toThrow(InvalidStateError);
      expect(() => task.error()).toThrow(/the task "slow" is not finished/);
      expect(task.done).toBe(false);
    }));

  // rule 53
  test('then callbacks run later, in order, once each, also those added when it is done', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const task = group.spawn(() => sleep(1));
      void task.then(() => log.push('first'));
      void task.then(() => log.push('second'));
      void task.finally(() => log.push('third'));
      await task;
      await task.then(() => log.push('late'));
      void task.then(() => log.push('not yet'));
      expect(log).toEqual(['first', 'second', 'third', 'late']);
    }));

  // rule 53
  test('what a then callback throws rejects the derived promise alone', () =>
    testRun(async (group) => {
      const task = group.spawn(() => 1);
      const fault = new Error('callback');
      const derived = task.then(() => Promise.reject(fault));
      expect(await failureOf(derived)).toBe(fault);
      expect(await task.then((value) => value + 1)).toBe(2);
    }));
});

describe('a task', () => {
  test('has an id, a name, its group, its scope and signal', () =>
    testRun(async (group) => {
      const named = group.spawn(async function download(self) {
        expect(currentTask()).toBe(self);
        expect(currentScope()).toBe(self.scope);
        await sleep(1);
        expect(currentTask()).toBe(self);
      });
      const anonymous = group.spawn(() => undefined);
      const given = group.spawn(() => undefined, { name: 'given' });
      expect([named.name, given.name]).toEqual(['download', 'given']);
      expect(anonymous.name).toBe(`task-${anonymous.id}`);
      anonymous.name = 'renamed';
      expect(anonymous.name).toBe('renamed');
      expect(new Set([named.id, anonymous.id, given.id]).size).toBe(3);
      expect(named.group).toBe(group);
      expect(named.signal).toBe(named.scope.signal);
      expect(named).toBeInstanceOf(Task);
      expect(Object.prototype.toString.call(named)).toBe('[object Task]');
    }));

  test('aborts its signal when cancelled, with the CancelledError', () =>
    testRun(async (group) => {
      const task = group.spawn(({ signal }) => sleep(10, { signal }));
      const { signal } = task;
      task.cancel();
      expect(signal.aborted).toBe(true);
      expect(isCancelled(signal.reason)).toBe(true);
    }));

  test('a function that throws at once has failed, one that returns at once is done', () =>
    testRun(async () => {
      const failure = new Error('at once');
      const group = taskGroup((inner) => {
        expect(inner.spawn(() => 'value').status).toBe('fulfilled');
        const task = inner.spawn(() => {
          throw failure;
        });
        expect(task.status).toBe('rejected');
      });
      expect(await failureOf(group)).toBe(failure);
    }));
});
