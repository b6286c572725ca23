import {
  CancelScope,
  ContextVar,
  getRunningLoop,
  moveOnAfter,
  sleep,
  taskGroup,
  timeout,
} from '@ambit/core';
import { execute } from '@ambit/core/abort';
import { testRun } from '@ambit/core/testing';

describe('execute', () => {
  test('waits for the abort callback, which gets the reason and is shielded', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const name = new ContextVar<string>();
      const scope = new CancelScope();
      await taskGroup(async (group) => {
        group.spawn(() =>
          name.run('registrar', () =>
            scope.run(async () => {
              await execute(() => async (reason) => {
                log.push('stopping', reason === scope.reason, name.get());
                await sleep(100);
                log.push('stopped');
              });
            }),
          ),
        );
        await sleep(10);
        name.run('canceller', () => scope.cancel());
        log.push('cancelled');
      });
      expect(log).toEqual(['stopping', true, 'registrar', 'cancelled', 'stopped']);
      expect(getRunningLoop().now()).toBe(110);
    }));

  test('keeps a value that is resolved while it stops, and waits for the stop all the same', () =>
    testRun(async () => {
      const value = await new CancelScope({ timeout: 10 }).run(() =>
        execute<string>((resolve) => async () => {
          resolve('just in time');
          await sleep(5);
        }),
      );
      expect(value).toBe('just in time');
      expect(getRunningLoop().now()).toBe(15);
    }));

  test('rejects with the error of the callback, thrown or rejected', () =>
    testRun(async () => {
      const error = new Error('cannot stop');
      const thrower = (): never => {
        throw error;
      };
      for (const stop of [thrower, () => Promise.reject(error)]) {
        await expect(timeout(10, () => execute(() => stop))).rejects.toBe(error);
      }
    }));

  test('does not call back after it was settled', () =>
    testRun(async () => {
      const stop = jest.fn();
      await moveOnAfter(10, async () => {
        await execute<void>((resolve) => {
          resolve();
          return stop;
        });
        await sleep(20);
      });
      expect(stop).not.toHaveBeenCalled();
    }));

  test('rejects for an executor that is none, throws, or gives no way to stop', () =>
    testRun(async () => {
      const error = new Error('at once');
      const thrower = (): never => {
        throw error;
      };
      await expect(execute(3 as never)).rejects.toThrow(TypeError);
      await expect(execute(thrower)).rejects.toBe(error);
      await expect(execute((() => undefined) as never)).rejects.toThrow(
        'what the executor returned',
      );
    }));
});

test.each(['resolve', 'reject'] as const)(
  'execute: once its callback is over, %s in the same tick comes too late',
  (settle) =>
    testRun(async () => {
      const controller = new AbortController();
      const ways: Record<string, (value: string) => void> = {};
      const done = execute(
        (resolve, reject) => {
          Object.assign(ways, { resolve, reject });
          return () => undefined;
        },
        { signal: controller.signal },
      );
      controller.abort('stop');
      ways[settle]?.('late');
      await expect(done).rejects.toBe('stop');
    }),
);
