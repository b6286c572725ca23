import { CancelScope, currentScope, race, sleep, timeout, TimeoutError } from '@ambit/core';
import { forever, fromAbortable, isAbortError } from '@ambit/core/abort';
import { testRun } from '@ambit/core/testing';
import * as foreign from 'abort-controller-x';

describe('fromAbortable', () => {
  test('runs functions written for abort-controller-x: their combinators, cleanup, AbortErrors', () =>
    testRun(async () => {
      const log: string[] = [];
      const program = fromAbortable((signal: AbortSignal, name: string) =>
        foreign.spawn(signal, async (inner, { defer, fork }) => {
          defer(() => void log.push(`${name} closed`));
          fork((forked) => foreign.forever(forked));
          await foreign.race(inner, (each) => [foreign.forever(each), foreign.delay(each, 1e6)]);
        }),
      );
      const outcome = await timeout(50, () => program('db')).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(TimeoutError);
      expect(log).toEqual(['db closed']);
    }));

  test('an AbortError of a cancelled scope becomes its CancelledError; any other error stays', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const work = async (signal: AbortSignal, name: string): Promise<void> => {
        await foreign.forever(signal).catch(foreign.catchAbortError);
        log.push(`${name} ended`);
        foreign.throwIfAborted(signal);
      };
      const scope = new CancelScope({ timeout: 20 });
      await scope.run(async () => {
        const caught = await fromAbortable(work)('work').catch((error: unknown) => error);
        expect(caught).toBe(scope.reason);
      });
      expect(log).toEqual(['work ended']);
      const error = new foreign.AbortError('its own');
      await expect(fromAbortable(() => Promise.reject(error))()).rejects.toBe(error);
      const cleanup = new Error('in cleanup');
      const failing = fromAbortable((signal) =>
        foreign.forever(signal).catch(() => Promise.reject(cleanup)),
      );
      await expect(timeout(10, () => failing())).rejects.toBe(cleanup);
    }));

  test('gives the scope’s own signal, which outlives the call', () =>
    testRun(async () => {
      const scope = new CancelScope();
      await scope.run(async () => {
        const signal = await fromAbortable((given) => Promise.resolve(given))();
        expect(signal).toBe(currentScope().signal);
        scope.cancel();
        expect(signal.aborted).toBe(true);
      });
    }));

  test('never calls the function in a cancelled scope, and passes on what it throws at once', () =>
    testRun(async () => {
      const fn = jest.fn(() => Promise.resolve());
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(() => fromAbortable(fn)());
      expect(fn).not.toHaveBeenCalled();
      const thrower = (): never => {
        throw new RangeError('no');
      };
      await expect(fromAbortable(thrower)()).rejects.toThrow(RangeError);
      expect(() => fromAbortable(undefined as never)).toThrow(TypeError);
    }));
});

test('isAbortError goes by the name', () =>
  testRun(async () => {
    const lost = await race([() => sleep(1), () => forever()]).catch((error: unknown) => error);
    expect(lost).toBeUndefined();
    const scope = new CancelScope();
    scope.cancel();
    const errors = [scope.reason, new foreign.AbortError(), new DOMException('x', 'AbortError')];
    expect(errors.map(isAbortError)).toEqual([true, true, true]);
    expect([new Error('AbortError'), undefined, 'AbortError'].some(isAbortError)).toBe(false);
  }));
