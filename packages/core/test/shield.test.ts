import {
  CancelScope,
  checkpoint,
  getRunningLoop,
  shield,
  sleep,
  sleepForever,
  TimeoutError,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const now = (): number => getRunningLoop().now();

/** Says whether a checkpoint throws here. */
async function isCut(): Promise<boolean> {
  return checkpoint().then(
    () => false,
    () => true,
  );
}

describe('shield()', () => {
  test('runs its body also in a cancelled scope, and gives its value', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await new CancelScope().run(async (scope) => {
        scope.cancel();
        log.push(await shield(() => sleep(10, { value: 'saved' })));
        log.push(await shield(() => 'at once'));
        log.push(await isCut());
      });
      expect(log).toEqual(['saved', 'at once', true]);
    }));

  test('passes on what its body throws', () =>
    testRun(async () => {
      await expect(shield(() => Promise.reject(new Error('cleanup')))).rejects.toThrow('cleanup');
      await expect(shield(1 as never)).rejects.toThrow(TypeError);
      await expect(shield(() => 1, { timeout: NaN })).rejects.toThrow(RangeError);
    }));

  // rule 133
  test('with a timeout throws a TimeoutError past it, also in a cancelled scope', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await new CancelScope().run(async (scope) => {
        scope.cancel();
        await shield(() => sleepForever(), { timeout: 10 }).catch((error: unknown) =>
          log.push((error as Error).name, (error as TimeoutError).ms, now()),
        );
        await shield(() => sleepForever(), { timeout: -5 }).catch((error: unknown) =>
          log.push((error as Error).name),
        );
        log.push(await isCut());
      });
      expect(log).toEqual(['TimeoutError', 10, 10, 'TimeoutError', true]);
    }));
});
