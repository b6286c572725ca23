import {
  CancelScope,
  currentScope,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const now = (): number => getRunningLoop().now();

describe('scope.drain()', () => {
  test('marks the scope and everything below it, shields and later scopes included, and cancels nothing', () =>
    testRun(async () => {
      const log: string[] = [];
      const note = (name: string) => (): void => {
        const { isDraining, reason } = currentScope();
        log.push(`${name} ${String(isDraining)} ${String(reason)}`);
      };
      const scope = new CancelScope();
      await scope.run(async () => {
        await taskGroup(async (group) => {
          group.spawn(() => sleep(2).then(note('task')));
          group.spawn(() => shield(() => sleep(2).then(note('shield'))));
          await sleep(1);
          note('before')();
          scope.drain();
          await moveOnAfter(5, note('later'));
          group.spawn(note('spawned'));
        });
      });
      note('outside')();
      expect(log).toEqual([
        'before false undefined',
        'later true undefined',
        'spawned true undefined',
        'task true undefined',
        'shield true undefined',
        'outside false undefined',
      ]);
      expect(scope.cancelCalled).toBe(false);
    }));

  test('aborts the draining signals at and below it, with its reason or an AbortError', () =>
    testRun(async () => {
      for (const reason of ['SIGTERM', undefined]) {
        const scope = new CancelScope();
        const log: unknown[] = [];
        await scope.run(async () => {
          const listen = ({ draining }: CancelScope): void => {
            expect(draining.aborted).toBe(false);
            draining.addEventListener('abort', () => log.push(draining.reason));
          };
          listen(scope);
          await shield(async () => {
            listen(currentScope());
            scope.drain({ reason });
            scope.drain({ reason: 'again' });
            expect(currentScope().draining.reason).toBe(scope.draining.reason);
            expect(new CancelScope({ parent: currentScope() }).isDraining).toBe(true);
            await sleep(1);
          });
        });
        const expected = reason ?? { name: 'AbortError', message: 'draining' };
        expect(log).toMatchObject([expected, expected]);
      }
    }));

  test('keeps the first reason, that of a scope around it too', () =>
    testRun(async () => {
      const outer = new CancelScope();
      await outer.run(() =>
        new CancelScope().run((inner) => {
          outer.drain({ reason: 'outer' });
          inner.drain({ reason: 'inner' });
          expect(inner.draining.reason).toBe('outer');
        }),
      );
      const scope = new CancelScope();
      await scope.run(() => {
        scope.drain({ reason: 'first' });
        scope.cancel('second');
        expect(scope.draining.reason).toBe('first');
        expect(scope.reason?.reason).toBe('second');
      });
    }));

  test.each([
    ['later', [{ timeout: 10 }], 10],
    ['at once', [{ timeout: 0 }], 0],
    ['by the earliest of several', [{ timeout: 30 }, { timeout: 10 }, { timeout: 20 }, {}], 10],
    ['never', [{}, { timeout: Infinity }], undefined],
  ] as const)('with a timeout cancels: %s', (_when, calls, expected) =>
    testRun(async () => {
      const began = now();
      let ended: number | undefined;
      const scope = new CancelScope();
      await scope.run(async () => {
        for (const options of calls) scope.drain({ reason: 'over', ...options });
        await sleep(100).finally(() => {
          if (scope.cancelCalled) ended = now() - began;
        });
      });
      expect(ended).toBe(expected);
      if (expected !== undefined) {
        expect(scope.reason).toMatchObject({ source: 'explicit', reason: 'over' });
        expect(scope.cancelCaught).toBe(true);
      }
    }),
  );

  test('leaves no timer behind when the scope ends before', () =>
    testRun(async () => {
      const scope = new CancelScope();
      await scope.run(() => {
        scope.drain({ timeout: 1000 });
      });
      scope.drain({ timeout: 1000 });
      expect(scope.cancelCalled).toBe(false);
    }));

  test('before the scope starts counts from its start', () =>
    testRun(async () => {
      const scope = new CancelScope();
      scope.drain({ timeout: 10 });
      expect(scope.isDraining).toBe(true);
      await sleep(50);
      const began = now();
      await scope.run(() => sleepForever());
      expect(now() - began).toBe(10);
    }));

  test('does nothing to the scope around everything', () => {
    currentScope().drain({ timeout: 0 });
    expect(currentScope().isDraining).toBe(false);
  });

  test('refuses what is no time', () => {
    const scope = new CancelScope();
    expect(() => scope.drain({ timeout: NaN })).toThrow(RangeError);
    expect(() => scope.drain({ timeout: '1' as never })).toThrow(TypeError);
    expect(() => scope.drain(1 as never)).toThrow(TypeError);
    expect(scope.isDraining).toBe(false);
  });
});

describe('a scope that is cancelled drains too,', () => {
  test('with the CancelledError as the reason, through shields', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.draining.addEventListener('abort', () => log.push(scope.draining.reason));
        await shield(async () => {
          const inner = currentScope();
          inner.draining.addEventListener('abort', () => log.push(inner.draining.reason));
          scope.cancel('why');
          expect([inner.isDraining, inner.reason]).toEqual([true, undefined]);
          await sleep(1);
        });
      });
      expect(log).toEqual([scope.reason, scope.reason]);
    }));

  test('by its deadline, its signal and its parent, before it starts as well', () =>
    testRun(async () => {
      using parent = new CancelScope();
      parent.cancel();
      for (const options of [{ deadline: now() }, { signal: AbortSignal.abort() }, { parent }]) {
        using scope = new CancelScope(options);
        expect(scope.isDraining).toBe(true);
        expect(isCancelled(scope.draining.reason)).toBe(true);
      }
      await sleep(1);
    }));
});
