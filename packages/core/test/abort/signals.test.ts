import { getEventListeners } from 'node:events';
import { CancelScope, ContextVar, moveOnAfter, sleepForever } from '@ambit/core';
import { abortable, anySignal, onAbort } from '@ambit/core/abort';
import { testRun } from '@ambit/core/testing';
import { heapSize } from '../support/collect-garbage.ts';
import { reportedErrors } from '../support/reported-errors.ts';

const listenersOn = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  test('calls back once, synchronously, with the reason', () => {
    const controller = new AbortController();
    const log: unknown[] = [];
    onAbort(controller.signal, (reason) => log.push(reason));
    expect(log).toEqual([]);
    controller.abort('why');
    controller.abort('again');
    expect(log).toEqual(['why']);
    expect(listenersOn(controller.signal)).toBe(0);
  });

  test('calls back at once if the signal is aborted already', () => {
    const log: unknown[] = [];
    const registration = onAbort(AbortSignal.abort('before'), (reason) => log.push(reason));
    expect(log).toEqual(['before']);
    registration[Symbol.dispose]();
  });

  test('disposed of, never calls back, also when the abort is under way', () => {
    const controller = new AbortController();
    const log: string[] = [];
    const first = onAbort(controller.signal, () => {
      log.push('first');
      second[Symbol.dispose]();
    });
    const second = onAbort(controller.signal, () => log.push('second'));
    const third = onAbort(controller.signal, () => log.push('third'));
    third[Symbol.dispose]();
    third[Symbol.dispose]();
    controller.abort();
    first[Symbol.dispose]();
    expect(log).toEqual(['first']);
  });

  test('runs the callback in the context of who registered it', () => {
    const name = new ContextVar<string>();
    const seen: unknown[] = [];
    const controller = new AbortController();
    name.run('registrar', () => onAbort(controller.signal, () => seen.push(name.get())));
    name.run('aborter', () => controller.abort());
    expect(seen).toEqual(['registrar']);
  });

  test('reports what a callback throws, and goes on with the others', () => {
    const controller = new AbortController();
    const log: string[] = [];
    const error = new Error('in the callback');
    const thrower = (): never => {
      throw error;
    };
    onAbort(controller.signal, thrower);
    onAbort(controller.signal, () => log.push('next'));
    expect(reportedErrors(() => controller.abort())).toEqual([error]);
    expect(reportedErrors(() => onAbort(controller.signal, thrower))).toEqual([error]);
    expect(log).toEqual(['next']);
  });

  test('refuses what is not a signal or not a function', () => {
    const { signal } = new AbortController();
    expect(() => onAbort(undefined as never, () => undefined)).toThrow(
      'onAbort: signal is undefined',
    );
    expect(() => onAbort({} as never, () => undefined)).toThrow('not an AbortSignal');
    expect(() => onAbort(signal, 'log' as never)).toThrow('onAbort: callback is "log"');
  });
});

describe('anySignal', () => {
  test('aborts with the first of them, and with its reason', () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const either = anySignal(a.signal, b.signal, undefined, b.signal);
    expect(either.signal.aborted).toBe(false);
    b.abort('b');
    a.abort('a');
    expect(either.signal.reason).toBe('b');
    expect(listenersOn(a.signal)).toBe(0);
  });

  test('is aborted at once if one of them is, and listens to none', () => {
    const open = new AbortController();
    const either = anySignal(open.signal, AbortSignal.abort('before'));
    expect(either.signal.reason).toBe('before');
    expect(listenersOn(open.signal)).toBe(0);
  });

  test('disposed of, aborts no more', () => {
    const controller = new AbortController();
    const either = anySignal(controller.signal);
    either[Symbol.dispose]();
    expect(listenersOn(controller.signal)).toBe(0);
    controller.abort();
    expect(either.signal.aborted).toBe(false);
  });

  test('of none never aborts; what is not a signal is refused', () => {
    expect(anySignal().signal.aborted).toBe(false);
    expect(() => anySignal(new AbortController() as never)).toThrow('not an AbortSignal');
  });

  test('cancels a scope, nested too', () =>
    testRun(async () => {
      const controller = new AbortController();
      const inner = anySignal(controller.signal);
      const outer = anySignal(inner.signal);
      const scope = new CancelScope({ signal: outer.signal });
      const running = scope.run(() => sleepForever());
      controller.abort('deep');
      await running;
      expect(scope.reason).toMatchObject({ source: 'signal', reason: 'deep' });
    }));
});

const ADOPTIONS = 200_000;

// platform.md, section 7, number 1
describe('adoptions of one long-lived signal', () => {
  const ignore = (): void => undefined;
  const kinds: [number, string, (signal: AbortSignal) => void][] = [
    [ADOPTIONS, 'onAbort', (signal) => onAbort(signal, ignore)[Symbol.dispose]()],
    [ADOPTIONS, 'anySignal', (signal) => anySignal(signal)[Symbol.dispose]()],
    [
      ADOPTIONS / 10,
      'anySignal with listeners and a second signal',
      (signal) => {
        const either = anySignal(signal, new AbortController().signal);
        onAbort(either.signal, ignore);
        either.signal.addEventListener('abort', ignore);
        either[Symbol.dispose]();
      },
    ],
  ];
  test.each(kinds)(
    '%s of them, by %s, leave no listener, and the heap flat',
    async (count, _name, adopt) => {
      const { signal } = new AbortController();
      const adoptMany = async (times: number): Promise<void> => {
        for (let done = 0; done < times; done += 1) {
          adopt(signal);
          if (done % 2000 === 0) await new Promise(setImmediate);
        }
      };
      // Until caches and tables have the size they keep.
      await adoptMany(ADOPTIONS / 10);
      const before = await heapSize();
      await adoptMany(count);
      expect((await heapSize()) - before).toBeLessThan(1_000_000);
      expect(listenersOn(signal)).toBe(0);
    },
    60_000,
  );

  test('many at a time have one listener, and give no warning', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(ignore);
    const { signal } = new AbortController();
    const registrations = Array.from({ length: 2000 }, () => [
      onAbort(signal, ignore),
      anySignal(signal),
    ]).flat();
    expect(listenersOn(signal)).toBe(1);
    for (const registration of registrations) registration[Symbol.dispose]();
    expect(listenersOn(signal)).toBe(0);
    await new Promise(setImmediate);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('by cancelled calls leave nothing either', () =>
    testRun(async () => {
      const { signal } = new AbortController();
      const calls = Array.from({ length: 1000 }, () =>
        moveOnAfter(1, () => abortable(new Promise(ignore), { signal })),
      );
      expect(listenersOn(signal)).toBe(1);
      await Promise.all(calls);
      expect(listenersOn(signal)).toBe(0);
    }));
});
