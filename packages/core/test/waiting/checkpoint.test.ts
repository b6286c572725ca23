import {
  CancelScope,
  checkpoint,
  moveOnAfter,
  run,
  sleep,
  throwIfCancelled,
  yieldNow,
} from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** The host's clock, under our control: it decides when the slice of a turn is used up. */
function withClock(body: (advance: (ms: number) => void) => Promise<void>): Promise<void> {
  let time = performance.now() + 1e6;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => time);
  const advance = (ms: number): void => void (time += ms);
  return body(advance).finally(() => {
    clock.mockRestore();
  });
}

// Virtual time knows no slice: the host's clock decides nothing there.
const onHost = (body: (group: TaskGroup) => Promise<void>): Promise<void> =>
  run(body, { signals: [] });

/** Says whether a turn of the host's loop passed while it waited. */
async function letsOthersRun(wait: () => Promise<unknown>): Promise<boolean> {
  let others = false;
  setImmediate(() => (others = true));
  await wait();
  return others;
}

describe('checkpoint', () => {
  test('is cheap within the slice of a turn, and lets others run when that is used up', () =>
    withClock((advance) =>
      onHost(async () => {
        await yieldNow();
        expect(await letsOthersRun(checkpoint)).toBe(false);
        advance(10);
        expect(await letsOthersRun(checkpoint)).toBe(false);
        advance(1);
        expect(await letsOthersRun(checkpoint)).toBe(true);
        expect(await letsOthersRun(checkpoint)).toBe(false);
      }),
    ));

  // fact J7
  test('in a long loop starves neither timers nor other tasks', () =>
    withClock((advance) =>
      onHost(async (group) => {
        const log: string[] = [];
        group.spawn(async () => {
          await yieldNow();
          log.push('the other task');
        });
        for (let i = 0; i < 100; i += 1) {
          advance(1);
          await checkpoint();
        }
        log.push('the loop');
        expect(log).toEqual(['the other task', 'the loop']);
      }),
    ));

  test('throws in a cancelled scope, also when the slice is used up', () =>
    withClock((advance) =>
      onHost(async () => {
        await new CancelScope().run(async (scope) => {
          await yieldNow();
          scope.cancel();
          advance(50);
          await expect(checkpoint()).rejects.toBe(scope.reason);
          await expect(checkpoint()).rejects.toBe(scope.reason);
        });
      }),
    ));

  test('is cancelled while it lets others run', () =>
    withClock((advance) =>
      onHost(async () => {
        const scope = new CancelScope();
        await yieldNow();
        const running = scope.run(async () => {
          advance(50);
          await checkpoint();
          return 'never';
        });
        scope.cancel();
        expect(await running).toBeUndefined();
      }),
    ));
});

describe('yieldNow', () => {
  // fact J7
  test('always lets others run, and throws if cancelled', () =>
    testRun(async () => {
      expect(await letsOthersRun(yieldNow)).toBe(true);
      expect(await letsOthersRun(yieldNow)).toBe(true);
      expect(await letsOthersRun(() => sleep(0))).toBe(true);
      await new CancelScope().run(async (scope) => {
        scope.cancel();
        await expect(yieldNow()).rejects.toBe(scope.reason);
      });
    }));
});

describe('throwIfCancelled', () => {
  test('throws at once if the caller is cancelled, and is silent otherwise', () =>
    testRun(async () => {
      throwIfCancelled();
      const log: string[] = [];
      await moveOnAfter(5, (scope) => {
        throwIfCancelled();
        scope.throwIfCancelled();
        scope.cancel();
        expect(() => throwIfCancelled()).toThrow(scope.reason);
        expect(() => scope.throwIfCancelled()).toThrow(scope.reason);
        log.push('caught');
        throwIfCancelled();
        log.push('never');
      });
      expect(log).toEqual(['caught']);
    }));
});
