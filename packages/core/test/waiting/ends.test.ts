import {
  CancelledError,
  CancelScope,
  currentScope,
  getRunningLoop,
  sleep,
  taskGroup,
  TaskGroup,
  timeout,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// How scopes and groups end, and what they leave to those who come after.

describe('a cleanup that cuts itself short', () => {
  test.each<[string, () => void]>([
    ['by a deadline', () => void (currentScope().deadline = getRunningLoop().now() + 20)],
    ['by giving up', () => currentScope().cancel('gave up')],
  ])('%s fails its group: what it was to do has not been done', (_, cut) =>
    testRun(async () => {
      const ended = taskGroup((group) => {
        group.defer(async () => {
          cut();
          await sleep(1000);
        });
        return 'value';
      });
      await expect(ended).rejects.toBeInstanceOf(CancelledError);
    }),
  );
});

describe('who spawns as soon as the last child has ended', () => {
  test('is waited for, by taskGroup', () =>
    testRun(async () => {
      const log: string[] = [];
      const late = async (group: TaskGroup, first: Promise<void>): Promise<void> => {
        await first;
        group.spawn(() => sleep(15).then(() => log.push('second')));
      };
      await taskGroup((group) => {
        void late(
          group,
          group.spawn(() => sleep(2)),
        );
      });
      log.push('over');
      expect(log).toEqual(['second', 'over']);
    }));
});

test('a promise that is kept does not keep its scope', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const kept: Promise<unknown>[] = [];
  const scopes: WeakRef<CancelScope>[] = [];
  for (let at = 0; at < 20; at += 1) {
    const promise = timeout(1000, async (scope) => {
      scopes.push(new WeakRef(scope));
      await Promise.resolve();
    });
    kept.push(promise);
    await promise;
  }
  await sleep(1);
  collect();
  expect(kept).toHaveLength(20);
  // The last one may still be on the stack.
  expect(scopes.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(3);
});
