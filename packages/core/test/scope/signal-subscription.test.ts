import { getEventListeners } from 'node:events';
import { CancelScope, checkpoint, gather, moveOnAfter, run, sleep, taskGroup } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import { collectGarbage, heapSize } from '../support/collect-garbage.ts';
import { reportedErrors } from '../support/reported-errors.ts';

const listenersOn = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('a scope with a signal', () => {
  // rule 42
  test('that is aborted already stops its body at the first checkpoint', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope({ signal: AbortSignal.abort('why') });
      expect(scope.cancelCalled).toBe(true);
      await scope.run(async () => {
        log.push('begins');
        await checkpoint();
        log.push('never');
      });
      expect(log).toEqual(['begins']);
      expect(scope.cancelCaught).toBe(true);
      expect(scope.reason).toMatchObject({ source: 'signal', reason: 'why', cause: 'why' });
    }));

  // rule 42
  test('that aborts between making and entering is cancelled too', () =>
    testRun(async () => {
      const controller = new AbortController();
      const scope = new CancelScope({ signal: controller.signal });
      expect(listenersOn(controller.signal)).toBe(0);
      expect(scope.cancelCalled).toBe(false);
      controller.abort('why');
      expect(scope.cancelCalled).toBe(true);
      await scope.run(() => sleep(1));
      expect(scope.cancelCaught).toBe(true);
    }));

  // rule 42
  test('that aborts later is cancelled at once', () =>
    testRun(async () => {
      const controller = new AbortController();
      const scope = new CancelScope({ signal: controller.signal });
      const running = scope.run(() => sleep(10));
      expect(listenersOn(controller.signal)).toBe(1);
      controller.abort('why');
      expect(scope.reason).toMatchObject({ source: 'signal', reason: 'why' });
      expect(listenersOn(controller.signal)).toBe(0);
      expect(await running).toBeUndefined();
    }));

  // rule 42
  test('takes its listener away when it ends, is cancelled or disposed of', () =>
    testRun(async () => {
      const { signal } = new AbortController();
      await new CancelScope({ signal }).run(() => expect(listenersOn(signal)).toBe(1));
      expect(listenersOn(signal)).toBe(0);
      const cancelled = new CancelScope({ signal });
      await cancelled.run(() => {
        cancelled.cancel();
        expect(listenersOn(signal)).toBe(0);
      });
      const disposed = new CancelScope({ signal });
      expect(disposed.signal.aborted).toBe(false);
      expect(listenersOn(signal)).toBe(1);
      disposed[Symbol.dispose]();
      expect(listenersOn(signal)).toBe(0);
    }));
});

describe('one foreign signal', () => {
  // rule 42, fact J3
  test('has one listener for a thousand scopes and calls, so nobody warns, and nothing is left', () =>
    testRun(
      async () => {
        const controller = new AbortController();
        const { signal } = controller;
        const scopes = Array.from({ length: 1000 }, () =>
          new CancelScope({ signal }).run(() => sleep(50)),
        );
        const calls = Array.from({ length: 1000 }, () => sleep(10, { signal }));
        expect(listenersOn(signal)).toBe(1);
        await gather(calls.map((call) => () => call));
        expect(listenersOn(signal)).toBe(1);
        controller.abort();
        expect(listenersOn(signal)).toBe(0);
        await Promise.all(scopes);
      },
      { limit: 15_000 },
    ));

  test('tells everybody in the order in which they came', () =>
    testRun(async () => {
      const log: string[] = [];
      const controller = new AbortController();
      const { signal } = controller;
      const waits = ['a', 'b', 'c'].map((name) =>
        park(() => () => log.push(name), { signal }).catch(() => undefined),
      );
      controller.abort();
      expect(log).toEqual(['a', 'b', 'c']);
      await Promise.all(waits);
    }));

  test('tells the others also if one of them throws', () =>
    testRun(async () => {
      const log: string[] = [];
      const fault = new Error('undo');
      const controller = new AbortController();
      const { signal } = controller;
      const undo = (): never => {
        throw fault;
      };
      const waits = [
        park(() => undo, { signal }).catch((error: unknown) => error),
        park(() => () => log.push('undone'), { signal }).catch((error: unknown) => error),
      ];
      expect(
        reportedErrors(() => {
          controller.abort('why');
        }),
      ).toEqual([fault]);
      expect(log).toEqual(['undone']);
      expect(await Promise.all(waits)).toEqual(['why', 'why']);
    }));

  test('lets a callback that it triggers release others of its waits', () =>
    testRun(async () => {
      const log: string[] = [];
      const controller = new AbortController();
      const { signal } = controller;
      const inner = new CancelScope();
      const first = sleep(10, { signal }).catch(() => log.push('first'));
      const second = inner.run(() => sleep(10, { signal }));
      const scope = new CancelScope({ signal });
      scope.onCancel(() => {
        inner.cancel();
      });
      const third = scope.run(() => sleep(10, { signal }));
      controller.abort('why');
      await Promise.allSettled([first, second, third]);
      expect(listenersOn(signal)).toBe(0);
      expect(log).toEqual(['first']);
    }));

  test('that is derived, and held by nobody else, still cancels', async () => {
    const cutShort = await run(async () => {
      const scope = new CancelScope({ signal: AbortSignal.timeout(20) });
      const running = scope.run(() => sleep(2000));
      await collectGarbage();
      await running;
      return scope.cancelCaught;
    });
    expect(cutShort).toBe(true);
  });

  // fact J4
  test(
    'adopted 200,000 times leaves no listener and a flat heap',
    () =>
      testRun(
        async () => {
          const { signal } = new AbortController();
          const adoptMany = async (times: number): Promise<void> => {
            for (let i = 0; i < times; i += 4) {
              await new CancelScope({ signal }).run(() => undefined);
              await park<void>((waker) => void waker.wake(), { signal });
              await moveOnAfter(1000, () => park<void>((waker) => void waker.wake(), { signal }));
              await taskGroup(() => undefined, { signal });
            }
          };
          await adoptMany(20_000);
          const before = await heapSize();
          await adoptMany(200_000);
          const growth = (await heapSize()) - before;
          expect(listenersOn(signal)).toBe(0);
          expect(growth).toBeLessThan(1e6);
        },
        { limit: 90_000 },
      ),
    90_000,
  );

  test('is not held by what adopted it before', () =>
    testRun(async () => {
      const seen = await (async () => {
        const controller = new AbortController();
        await new CancelScope({ signal: controller.signal }).run(() => sleep(1));
        return new WeakRef(controller.signal);
      })();
      // Node keeps signals in registries of its own, which need a second look.
      await collectGarbage();
      await collectGarbage();
      expect(seen.deref()).toBeUndefined();
    }));
});

describe('a scope’s own signal', () => {
  // fact J3
  test('takes any number of listeners without a warning', () =>
    testRun(async () => {
      await new CancelScope().run(({ signal }) => {
        // Node's getMaxListeners takes 0, no limit, for a missing one.
        const limit = Object.getOwnPropertySymbols(signal).find(
          ({ description }) => description === 'events.maxEventTargetListeners',
        );
        expect(Reflect.get(signal, limit!)).toBe(0);
      });
    }));

  test('is the same at each read, and made only then', () =>
    testRun(async () => {
      await new CancelScope().run((scope) => {
        expect(scope._controller).toBeUndefined();
        expect(scope.signal).toBe(scope.signal);
      });
    }));
});
