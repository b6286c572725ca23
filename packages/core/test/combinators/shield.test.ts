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

describe('grace', () => {
  test('lets the body go on for so long after a cancellation, then shield rejects with that', () =>
    testRun(async (_group, loop) => {
      const scope = new CancelScope({ timeout: 10 });
      const log: string[] = [];
      await scope.run(async () => {
        const body = () =>
          sleepForever().finally(async () => {
            log.push(`cut at ${String(loop.now())}`);
            await shield(() => sleep(5));
          });
        const error = await shield(body, { grace: 20 }).catch((caught: unknown) => caught);
        expect(error).toBe(scope.reason);
      });
      expect([log, loop.now()]).toEqual([['cut at 30'], 35]);
    }));

  test('is no limit while no cancellation arrives; what ends in time keeps its value', () =>
    testRun(async (_group, loop) => {
      expect(await shield(() => sleep(1000, { value: 1 }), { grace: 20 })).toBe(1);
      const value = await new CancelScope({ timeout: 10 }).run(() =>
        shield(() => sleep(25, { value: 2 }), { grace: 20 }),
      );
      expect([value, loop.now()]).toEqual([2, 1025]);
    }));

  test('counts from the call in a scope that is cancelled already', () =>
    testRun(async (_group, loop) => {
      const scope = new CancelScope();
      scope.cancel('before');
      await scope.run(async () => {
        const shielded = shield(() => sleepForever(), { grace: 20 });
        await expect(shielded).rejects.toBe(scope.reason);
      });
      expect(loop.now()).toBe(20);
    }));

  test('does not begin while a shield around keeps the cancellation out', () =>
    testRun(async (_group, loop) => {
      const scope = new CancelScope({ timeout: 10 });
      const value = await scope.run(() =>
        shield(() => shield(() => sleep(100, { value: 'whole' }), { grace: 5 })),
      );
      expect([value, loop.now()]).toEqual(['whole', 100]);
    }));

  test('and timeout: the first to be over counts; NaN is refused', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(async () => {
        const both = shield(() => sleepForever(), { grace: 100, timeout: 50 });
        await expect(both).rejects.toMatchObject({ name: 'TimeoutError', ms: 50 });
      });
      await expect(shield(() => 1, { grace: NaN })).rejects.toThrow('grace is NaN');
    }));
});
