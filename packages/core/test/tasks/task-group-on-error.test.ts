import { sleep, sleepForever, taskGroup } from '@ambit/core';
import type { Task } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { collectGarbage } from '../support/collect-garbage.ts';

// services.md: with onError a supervisor keeps no failure.
describe('onError of a supervisor', () => {
  test('is told of each failure as it happens, with the `this` of its options, and the group resolves', () =>
    testRun(async (_, loop) => {
      const log: unknown[] = [];
      const options = {
        onFailure: 'continue' as const,
        onError(error: unknown, task: Task<unknown>) {
          expect(this).toBe(options);
          log.push([(error as Error).message, task.name, task.state, loop.now()]);
        },
      };
      const value = await taskGroup((group) => {
        for (const ms of [20, 10]) {
          group.spawn(() => sleep(ms).then(() => Promise.reject(new Error(String(ms)))), {
            name: `of ${String(ms)}`,
          });
        }
        return 'value';
      }, options);
      expect(value).toBe('value');
      expect(log).toEqual([
        ['10', 'of 10', 'rejected', 10],
        ['20', 'of 20', 'rejected', 20],
      ]);
    }));

  test('that throws fails the group with its error, and the children are cancelled', () =>
    testRun(async () => {
      const thrown = new Error('cannot report');
      const onError = (): never => {
        throw thrown;
      };
      const tasks: Task<void>[] = [];
      const group = taskGroup(
        (group) => {
          tasks.push(group.spawn(() => sleep(1000)));
          group.spawn(() => Promise.reject(new Error('child')));
        },
        { onFailure: 'continue', onError },
      );
      await expect(group).rejects.toBe(thrown);
      expect(tasks[0]?.state).toBe('cancelled');
    }));

  test('that rejects fails the group too, also where the last child has ended before', () =>
    testRun(async () => {
      const thrown = new Error('cannot report');
      const onError = async (): Promise<void> => {
        await sleep(10);
        throw thrown;
      };
      const group = taskGroup(
        (group) => {
          group.spawn(() => Promise.reject(new Error('child')));
        },
        // eslint-disable-next-line @typescript-eslint/no-misused-promises -- programs without this rule do so
        { onFailure: 'continue', onError },
      );
      await expect(group).rejects.toBe(thrown);
    }));

  test.each([{}, { grace: 5 }])('that takes its time is waited for: %j', (options) =>
    testRun(async () => {
      let isTold = false;
      const onError = async (): Promise<void> => {
        await sleep(10);
        isTold = true;
      };
      await taskGroup(
        (group) => {
          group.spawn(() => Promise.reject(new Error('child')));
        },
        // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as above
        { onFailure: 'continue', onError, ...options },
      );
      expect(isTold).toBe(true);
    }),
  );

  test('that is cancelled with the group ends with it', () =>
    testRun(async () => {
      const onError = async (): Promise<void> => sleepForever();
      const ended = taskGroup(
        async (group) => {
          group.spawn(() => Promise.reject(new Error('child')));
          await sleep(10);
          group.cancel();
        },
        // eslint-disable-next-line @typescript-eslint/no-misused-promises -- as above
        { onFailure: 'continue', onError },
      );
      await expect(ended).resolves.toBeUndefined();
    }));

  test('leaves a failing body its own error', () =>
    testRun(async () => {
      const fault = new Error('body');
      const group = taskGroup(() => Promise.reject(fault), {
        onFailure: 'continue',
        onError: () => undefined,
      });
      await expect(group).rejects.toBe(fault);
    }));

  test('goes with `continue` only', async () => {
    const options = { onError: () => undefined };
    await expect(taskGroup(() => 1, options)).rejects.toThrow("onFailure is not 'continue'");
    const wrong = { onFailure: 'continue' as const, onError: 5 as never };
    await expect(taskGroup(() => 1, wrong)).rejects.toThrow('onError is 5');
  });

  test('lets go of what was told', () =>
    testRun(() =>
      taskGroup(
        async (group) => {
          const refs: WeakRef<Error>[] = [];
          for (let count = 0; count < 10; count += 1) {
            const fail = (): never => {
              const error = new Error();
              refs.push(new WeakRef(error));
              throw error;
            };
            await group.spawn(fail).catch(() => undefined);
          }
          await sleep(1);
          await collectGarbage();
          expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(3);
        },
        { onFailure: 'continue', onError: () => undefined },
      ),
    ));
});
