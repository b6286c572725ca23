import {
  CancelScope,
  checkpoint,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  timeoutAt,
  TimeoutError,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

const now = (): number => getRunningLoop().now();

describe('timeout()', () => {
  // rules 114, 124
  test('that runs out cancels the body and gives the caller a TimeoutError with that cause', () =>
    testRun(async () => {
      let seen: unknown;
      let scope: CancelScope | undefined;
      const error = await failureOf(
        timeout(10, async (given) => {
          scope = given;
          await sleepForever().catch((cancellation: unknown) => {
            seen = cancellation;
            throw cancellation;
          });
        }),
      );
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ name: 'TimeoutError', ms: 10, scope, cause: seen });
      expect((error as Error).message).toBe(
        'the operation was cut short: it did not end within 10 ms',
      );
      expect(isCancelled(seen)).toBe(true);
      expect(isCancelled(error)).toBe(false);
      expect(seen).toMatchObject({ source: 'deadline', scope });
      expect(scope?.cancelCalled).toBe(true);
      expect(now()).toBe(10);
    }));

  // rule 115
  test('that does not run out passes the value on and takes its timer away', () =>
    testRun(async (_group, loop) => {
      let scope: CancelScope | undefined;
      const value = await timeout(10, async (given) => {
        scope = given;
        return sleep(5, { value: 'value' });
      });
      expect(value).toBe('value');
      expect(scope?.cancelCalled).toBe(false);
      expect(loop.pendingTimers).toBe(0);
    }));

  // rule 116
  test.each([[null], [Infinity]])('of %p is none', (ms) =>
    testRun(async () => {
      const value = await timeout(ms, async (scope) => {
        expect(scope.deadline).toBe(Infinity);
        return sleep(1e9, { value: 'late' });
      });
      expect(value).toBe('late');
    }),
  );

  // rule 117
  test.each<[string, () => Promise<unknown>]>([
    ['waits', sleepForever],
    ['sleeps for 0', () => sleep(0)],
    ['comes to a checkpoint', checkpoint],
  ])('of 0 cuts a body that %s', (_what, body) =>
    testRun(async () => {
      await expect(timeout(0, body)).rejects.toThrow(TimeoutError);
      await expect(timeout(-5, body)).rejects.toMatchObject({ ms: 0 });
      expect(now()).toBe(0);
    }),
  );

  // rule 118
  test('up to an instant in the past cuts at a checkpoint, and without one not at all', () =>
    testRun(async () => {
      await sleep(10);
      await expect(timeoutAt(5, () => sleep(0))).rejects.toThrow(TimeoutError);
      const value = await timeoutAt(5, (scope) => {
        expect(scope.deadline).toBe(5);
        return Promise.resolve('value');
      });
      expect(value).toBe('value');
    }));

  test('takes a message for its error', () =>
    testRun(async () => {
      const message = 'the printer did not answer';
      await expect(timeout(1, () => sleepForever(), { message })).rejects.toThrow(message);
    }));

  // rule 29
  test('checks its arguments', async () => {
    await expect(timeout(NaN, () => 1)).rejects.toThrow(RangeError);
    await expect(timeoutAt(NaN, () => 1)).rejects.toThrow(RangeError);
    await expect(timeout('1' as never, () => 1)).rejects.toThrow(TypeError);
    await expect(timeout(1, Promise.resolve() as never)).rejects.toThrow(/give the function/);
  });

  // rule 122
  test('passes on what the body throws before', () =>
    testRun(async () => {
      const failure = new Error('own');
      let scope: CancelScope | undefined;
      const error = await failureOf(
        timeout(10, (given) => {
          scope = given;
          throw failure;
        }),
      );
      expect(error).toBe(failure);
      expect(scope?.cancelCalled).toBe(false);
    }));

  // rule 123
  test('that runs out lets an error of the cleanup come out instead', () =>
    testRun(async () => {
      const failure = new Error('cleanup');
      let scope: CancelScope | undefined;
      const error = await failureOf(
        timeout(1, async (given) => {
          scope = given;
          await sleepForever().finally(() => Promise.reject(failure));
        }),
      );
      expect(error).toBe(failure);
      expect(scope).toMatchObject({ cancelCalled: true, cancelCaught: false });
    }));

  // rule 123
  test('an error that has the cancellation as its cause is such an error', () =>
    testRun(async () => {
      const work = timeout(1, () =>
        sleepForever().catch((cause: unknown) => {
          throw new Error('could not save', { cause });
        }),
      );
      await expect(work).rejects.toThrow('could not save');
    }));

  // rule 125
  test('that runs out leaves a value alone that the body returns all the same', () =>
    testRun(async () => {
      let scope: CancelScope | undefined;
      const value = await timeout(1, (given) => {
        scope = given;
        return sleepForever().catch(() => 'kept');
      });
      expect(value).toBe('kept');
      expect(scope).toMatchObject({ cancelCalled: true, cancelCaught: false });
    }));

  // rule 126
  test('that ran out is thrown at every checkpoint', () =>
    testRun(async () => {
      const work = timeout(1, async () => {
        await sleepForever().catch(() => undefined);
        await sleep(1000);
        return 'never';
      });
      await expect(work).rejects.toThrow(TimeoutError);
      expect(now()).toBe(1);
    }));

  // rule 2
  test('that ran out stays a TimeoutError when its scope is cancelled by hand as well', () =>
    testRun(async () => {
      const work = timeout(1, (scope) =>
        sleepForever().finally(() => {
          scope.cancel('too late');
        }),
      );
      await expect(work).rejects.toThrow(TimeoutError);
    }));

  // rule 130
  test('that ran out leaves its caller healthy', () =>
    testRun(async (group) => {
      const task = group.spawn(async (self) => {
        await timeout(1, () => sleepForever()).catch(() => undefined);
        expect(self.scope.reason).toBeUndefined();
        await checkpoint();
        return sleep(5, { value: now() });
      });
      expect(await task).toBe(1);
    }));

  // rule 131
  test('can be moved while it runs, and taken away', () =>
    testRun(async () => {
      const later = timeout(10, (scope) => {
        scope.deadline = now() + 30;
        return sleepForever();
      });
      await expect(later).rejects.toThrow(TimeoutError);
      expect(now()).toBe(30);
      const never = timeout(10, (scope) => {
        scope.deadline = Infinity;
        return sleep(99, { value: 'value' });
      });
      expect(await never).toBe('value');
    }));

  // rule 134
  test('around a group is one error, however many tasks it cuts', () =>
    testRun(async () => {
      const error = await failureOf(
        timeout(5, () =>
          taskGroup(async (group) => {
            for (let i = 0; i < 3; i += 1) group.spawn(() => sleepForever());
            await sleepForever();
          }),
        ),
      );
      expect(error).toBeInstanceOf(TimeoutError);
    }));

  // rule 136
  test('does not take the TimeoutError of others for its own', () =>
    testRun(async () => {
      const inner = failureOf(timeout(1, () => sleepForever()));
      const foreign = await inner;
      const scope = new CancelScope();
      const work = timeout(10, () => scope.run(() => Promise.reject(foreign)));
      expect(await failureOf(work)).toBe(foreign);
      const dom = new DOMException('foreign', 'TimeoutError');
      expect(await failureOf(timeout(10, () => Promise.reject(dom)))).toBe(dom);
      const late = timeout(1, () => sleepForever().catch(() => Promise.reject(dom)));
      expect(await failureOf(late)).toBe(dom);
      expect(await failureOf(moveOnAfter(10, () => Promise.reject(foreign)))).toBe(foreign);
    }));
});
