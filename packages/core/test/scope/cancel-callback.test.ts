import { AsyncLocalStorage } from 'node:async_hooks';
import { CancelScope, ContextVar, sleepForever } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { reportedErrors } from '../support/reported-errors.ts';

describe('onCancel', () => {
  // rule 40
  test('calls back once, in the order of registration, before any wait resumes', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      const running = scope.run(() => sleepForever().finally(() => log.push('resumed')));
      scope.onCancel((reason) => log.push(`first: ${String(reason.reason)}`));
      const taken = scope.onCancel(() => log.push('taken back'));
      scope.onCancel(() => log.push('second'));
      taken[Symbol.dispose]();
      taken[Symbol.dispose]();
      scope.cancel('why');
      scope.cancel('again');
      expect(log).toEqual(['first: why', 'second']);
      await running;
      expect(log).toEqual(['first: why', 'second', 'resumed']);
    }));

  // rule 40
  test('does not call back what a callback of the same cancellation has taken back', () => {
    const log: string[] = [];
    const scope = new CancelScope();
    const taken: Disposable[] = [];
    scope.signal.addEventListener('abort', () => taken[0]?.[Symbol.dispose]());
    scope.onCancel(() => {
      log.push('first');
      taken[1]?.[Symbol.dispose]();
    });
    taken.push(
      scope.onCancel(() => log.push('taken back by a listener')),
      scope.onCancel(() => log.push('taken back by a callback')),
    );
    scope.onCancel(() => log.push('last'));
    scope.cancel();
    expect(log).toEqual(['first', 'last']);
  });

  // rule 40
  test('calls back at once on a scope that is cancelled already', () => {
    const log: unknown[] = [];
    const scope = new CancelScope();
    scope.cancel();
    scope.onCancel((reason) => log.push(reason))[Symbol.dispose]();
    expect(log).toEqual([scope.reason]);
  });

  // rule 40, fact J5
  test('a callback that throws stops neither the others nor cancel()', () => {
    const log: string[] = [];
    const [first, second] = [new Error('1'), new Error('2')];
    const scope = new CancelScope();
    scope.onCancel(() => fail(first));
    scope.onCancel(() => log.push('next'));
    const reported = reportedErrors(() => {
      scope.cancel();
      scope.onCancel(() => fail(second));
    });
    expect(log).toEqual(['next']);
    expect(reported).toEqual([first, second]);
    expect(() => scope.onCancel('no function' as never)).toThrow(TypeError);
  });

  // rule 249, fact J5
  test('calls back in the async context of its registration, not of the canceller', () => {
    const log: unknown[] = [];
    const ours = new ContextVar<string>();
    const theirs = new AsyncLocalStorage<string>();
    const scope = new CancelScope();
    theirs.run('registrar', () =>
      ours.run('registrar', () => {
        scope.onCancel(() => log.push(ours.get(), theirs.getStore()));
      }),
    );
    theirs.run('canceller', () => {
      ours.run('canceller', () => {
        scope.cancel();
      });
    });
    expect(log).toEqual(['registrar', 'registrar']);
  });

  // rule 37
  test('keeps nothing of a scope that has ended', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      await scope.run(() => {
        scope.onCancel(() => log.push('never'));
      });
      scope.cancel();
      scope.onCancel(() => log.push('never either'));
      expect(log).toEqual([]);
      expect(scope._first).toBeUndefined();
    }));

  // rule 37
  test('says nothing when a shielded scope ends in a cancelled one', () =>
    testRun(async () => {
      const log: string[] = [];
      await new CancelScope().run(async (outer) => {
        outer.cancel();
        const shielded = new CancelScope({ shield: true });
        await shielded.run(() => {
          shielded.onCancel(() => log.push('never'));
        });
        expect(shielded.cancelCalled).toBe(false);
      });
      expect(log).toEqual([]);
    }));
});

function fail(error: unknown): never {
  throw error;
}
