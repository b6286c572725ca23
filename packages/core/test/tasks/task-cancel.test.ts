import {
  CancelledError,
  currentTask,
  InvalidStateError,
  moveOnAfter,
  sleep,
  sleepForever,
  Task,
  taskGroup,
  timeout,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

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
      expect(task.state).toBe('cancelling');
      await settle();
      expect(log).toEqual(['begins', 'cleanup']);
      expect(task.state).toBe('cancelled');
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
      expect(task.state).toBe('fulfilled');
    }));

  // rule 46
  test('that catches the cancellation and returns: its value wins', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleepForever().catch(() => 42));
      task.cancel();
      expect(await task).toBe(42);
      expect(task.state).toBe('fulfilled');
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
      expect(task.state).toBe('cancelled');
    }));

  // rule 47
  test('that joins another never cancels the other', () =>
    testRun(async (group) => {
      const other = group.spawn(() => sleep(10, { value: 'other' }));
      const joiner = group.spawn(() => other.join());
      await sleep(1);
      joiner.cancel();
      await settle();
      expect([joiner.state, other.state]).toEqual(['cancelled', 'running']);
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
      expect(task.state).toBe('cancelled');
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
      expect(task?.state).toBe('rejected');
      expect(task?.error()).toBe(failure);
    }));

  // rule 52
  test('is no state of a task whose inner scopes have absorbed their own cancellations', () =>
    testRun(async (group) => {
      const statuses: unknown[] = [];
      const task = group.spawn(async (self) => {
        const note = (): void => void statuses.push(self.state, self.scope.reason);
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
        log.push(task.state);
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
      expect(task.state).toBe('cancelled');
      const suicidal = group.spawn((self) => self.stop());
      expect(await failureOf(suicidal.join())).toBeInstanceOf(InvalidStateError);
    }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(InvalidStateError);
    }));
});
