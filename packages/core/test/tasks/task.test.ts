import {
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
import { testRun } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

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
      expect(waiting.state).toBe('running');
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
        expect(inner.spawn(() => 'value').state).toBe('fulfilled');
        const task = inner.spawn(() => {
          throw failure;
        });
        expect(task.state).toBe('rejected');
      });
      expect(await failureOf(group)).toBe(failure);
    }));
});
