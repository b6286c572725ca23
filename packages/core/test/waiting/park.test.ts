import {
  CancelScope,
  checkpoint,
  formatTaskTree,
  moveOnAfter,
  run,
  shield,
  sleep,
  timeout,
} from '@ambit/core';
import { yieldIfDue, throwIfCancelled, park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';
import { reportedErrors } from '../support/reported-errors.ts';

describe('park', () => {
  test('gives the value it is woken with, or the error, and answers who was first', () =>
    testRun(async (group) => {
      const answers: boolean[] = [];
      const wakers: Waker<string>[] = [];
      const wait = (): Promise<string> => park<string>((waker) => void wakers.push(waker));
      const woken = group.spawn(wait);
      const failed = group.spawn(() => wait().catch((error: unknown) => error));
      const fault = new Error('fault');
      answers.push(wakers[0]!.wake('value'), wakers[0]!.wake('again'), wakers[0]!.fail(fault));
      answers.push(wakers[1]!.fail(fault), wakers[1]!.wake('late'));
      expect(await woken).toBe('value');
      expect(await failed).toBe(fault);
      expect(answers).toEqual([true, false, false, true, false]);
    }));

  test('a getter of its options that cancels the scope leaves nothing that waits', () =>
    testRun(async () => {
      const register = jest.fn();
      await new CancelScope().run((scope) => {
        const options = {
          get name(): string {
            scope.cancel();
            return 'a wait';
          },
        };
        return park(register, options);
      });
      expect(register).not.toHaveBeenCalled();
    }));

  test('in a cancelled scope registers nothing', () =>
    testRun(async () => {
      const register = jest.fn();
      await new CancelScope().run((scope) => {
        scope.cancel();
        return park(register);
      });
      await expect(park(register, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
      expect(register).not.toHaveBeenCalled();
    }));

  test('calls the undo in the tick of the cancellation, before the caller resumes', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      const running = scope.run(() =>
        park(() => () => log.push('undo')).finally(() => log.push('resumed')),
      );
      scope.cancel();
      log.push('cancel returned');
      await running;
      expect(log).toEqual(['undo', 'cancel returned', 'resumed']);
    }));

  test('does not call the undo when woken, not even while it registers', () =>
    testRun(async () => {
      const log: string[] = [];
      let waker: Waker<number> | undefined;
      const later = park<number>((given) => {
        waker = given;
        return () => log.push('undo 1');
      });
      waker?.wake(1);
      const atOnce = park<number>((given) => {
        given.wake(2);
        return () => log.push('undo 2');
      });
      const failed = park<number>((given) => {
        given.fail(new Error('3'));
        return () => log.push('undo 3');
      });
      expect(await later).toBe(1);
      expect(await atOnce).toBe(2);
      await expect(failed).rejects.toThrow('3');
      expect(log).toEqual([]);
    }));

  test('calls the undo of a wait that is cancelled while it registers', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      await scope.run(() =>
        park(() => {
          scope.cancel();
          log.push('registered');
          return () => log.push('undo');
        }),
      );
      const controller = new AbortController();
      const wait = park(
        () => {
          controller.abort('web');
          return () => log.push('undo too');
        },
        { signal: controller.signal },
      );
      await expect(wait).rejects.toBe('web');
      expect(log).toEqual(['registered', 'undo', 'undo too']);
    }));

  test('reports what the undo throws when there is no wait left to reject', () =>
    testRun(async () => {
      const fault = new Error('undo');
      const scope = new CancelScope();
      let running: Promise<unknown> | undefined;
      const reported = reportedErrors(() => {
        running = scope.run(() =>
          park(() => {
            scope.cancel();
            return () => {
              throw fault;
            };
          }),
        );
      });
      expect(reported).toEqual([fault]);
      expect(await running).toBeUndefined();
    }));

  test('rejects with what its register function throws, and leaves nothing behind', () =>
    testRun(async () => {
      const fault = new Error('register');
      const wait = park(() => {
        throw fault;
      });
      await expect(wait).rejects.toBe(fault);
      await expect(park('no function' as never)).rejects.toThrow(TypeError);
      await expect(park(() => undefined, { signal: 1 as never })).rejects.toThrow(TypeError);
    }));

  // rule 20
  test('woken first and then cancelled in the same tick, it has its value', () =>
    testRun(async () => {
      const log: string[] = [];
      let waker: Waker<string> | undefined;
      const scope = new CancelScope();
      const running = scope.run(async () => {
        log.push(await park<string>((given) => void (waker = given)));
        await checkpoint().catch(() => log.push('cancelled at the next checkpoint'));
      });
      expect(waker?.wake('value')).toBe(true);
      scope.cancel();
      await running;
      expect(log).toEqual(['value', 'cancelled at the next checkpoint']);
    }));

  // rule 21
  test('cancelled first and then woken in the same tick, it tells the waker so', () =>
    testRun(async () => {
      let waker: Waker<string> | undefined;
      const scope = new CancelScope();
      const running = scope.run(() => park<string>((given) => void (waker = given)));
      scope.cancel();
      expect(waker?.wake('value')).toBe(false);
      expect(await running).toBeUndefined();
      expect(scope.cancelCaught).toBe(true);
    }));

  // rule 35
  test('with shield is not cancelled, gives its value, and the next checkpoint throws', () =>
    testRun(async () => {
      const log: unknown[] = [];
      let waker: Waker<string> | undefined;
      const controller = new AbortController();
      const scope = new CancelScope();
      const running = scope.run(async () => {
        const options = { shield: true, signal: controller.signal };
        log.push(await park<string>((given) => void (waker = given), options));
        await checkpoint();
        log.push('never');
      });
      scope.cancel();
      controller.abort();
      await settle();
      expect(waker?.wake('done')).toBe(true);
      await running;
      expect(log).toEqual(['done']);
    }));

  // rule 35
  test('with shield parks in a scope that is cancelled already', () =>
    testRun(async () => {
      const scope = new CancelScope();
      const value = await scope.run(() => {
        scope.cancel();
        return park<string>((waker) => void waker.wake('value'), { shield: true });
      });
      expect(value).toBe('value');
    }));

  test('a wait nobody looks at may be cancelled: that is no unhandledRejection', () =>
    testRun(async () => {
      await moveOnAfter(5, async (scope) => {
        void park(() => undefined);
        void sleep(100);
        void checkpoint();
        await sleep(5).catch(() => undefined);
        expect(scope.cancelCalled).toBe(true);
        void park(() => undefined);
        void sleep(1);
        void sleep(0);
        void checkpoint();
      });
      await new Promise(setImmediate);
    }));
});

describe('a signal given to a wait', () => {
  test('ends it with signal.reason, whatever that is', () =>
    testRun(async () => {
      for (const reason of ['text', 0, null, new Error('error')]) {
        const controller = new AbortController();
        const wait = park(() => undefined, { signal: controller.signal });
        controller.abort(reason);
        await expect(wait).rejects.toBe(reason);
      }
      const wait = sleep(10, { signal: AbortSignal.abort() });
      await expect(wait).rejects.toMatchObject({ name: 'AbortError' });
    }));

  test('and the ambient scope: whichever comes first', () =>
    testRun(async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const seen: unknown[] = [];
      await new CancelScope().run(async (scope) => {
        const wait = sleep(10, { signal }).catch((error: unknown) => seen.push(error));
        scope.cancel();
        controller.abort('web');
        await wait;
        await sleep(10, { signal }).catch((error: unknown) => seen.push(error));
        expect(seen).toEqual([scope.reason, scope.reason]);
      });
    }));

  test('that aborts is an ordinary failure to the scopes around', () =>
    testRun(async () => {
      const controller = new AbortController();
      const wait = timeout(100, () => sleep(10, { signal: controller.signal }));
      controller.abort('web');
      await expect(wait).rejects.toBe('web');
    }));
});

describe('throwIfCancelled', () => {
  test('throws if the caller is cancelled, and does nothing otherwise', () =>
    testRun(async () => {
      throwIfCancelled();
      throwIfCancelled({ signal: new AbortController().signal });
      expect(() => throwIfCancelled({ signal: AbortSignal.abort('web') })).toThrow('web');
      await new CancelScope().run(async (scope) => {
        scope.cancel();
        expect(() => throwIfCancelled()).toThrow(scope.reason);
        expect(() => throwIfCancelled({ signal: AbortSignal.abort('web') })).toThrow(scope.reason);
        await shield(() => throwIfCancelled());
      });
    }));
});

describe('yieldIfDue', () => {
  test('asks for a turn only once the slice is used up, and nothing cancels it', () =>
    run(
      async () => {
        await sleep(0);
        expect(yieldIfDue()).toBeUndefined();
        const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 11);
        try {
          await new CancelScope().run(async (scope) => {
            scope.cancel();
            const pause = yieldIfDue();
            expect(pause).toBeInstanceOf(Promise);
            await pause;
          });
          expect(yieldIfDue()).toBeUndefined();
        } finally {
          clock.mockRestore();
        }
      },
      { signals: [] },
    ));
});

test('a name that is none does no harm to the task tree', () =>
  testRun(async (group) => {
    const task = group.spawn(() => park(() => undefined, { name: null as never }));
    expect(formatTaskTree()).toMatch('a wait without a name');
    await task.stop();
  }));
