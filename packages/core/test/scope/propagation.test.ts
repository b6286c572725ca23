import { CancelScope, currentScope, sleep, sleepForever, taskGroup } from '@ambit/core';
import { park, ParkingLot } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';
import { reportedErrors } from '../support/reported-errors.ts';

/** For tests that take a busy machine longer than most. */
const LONG = { limit: 30_000 };

describe('cancelling a scope', () => {
  // rule 18
  test('reaches the tasks of all groups in it, hosts that wait for other groups too', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      const running = scope.run(async () => {
        await taskGroup(async (outer) => {
          outer.spawn(async () => {
            await taskGroup((inner) => {
              inner.spawn(() => sleepForever().finally(() => log.push('grandchild')));
              inner.spawn(() => sleepForever().finally(() => log.push('its sibling')));
            });
            log.push('after the inner group');
          });
          await sleepForever().finally(() => log.push('host'));
        });
        log.push('after the outer group');
      });
      await settle();
      scope.cancel();
      await running;
      expect(log).toEqual(['grandchild', 'its sibling', 'host']);
      expect(scope.cancelCaught).toBe(true);
    }));

  // rule 41
  test('aborts the signals of everything below at once, but not those behind a shield', () =>
    testRun(async () => {
      await new CancelScope().run(async (outer) => {
        const open = new CancelScope();
        const below = new CancelScope({ parent: open });
        const shielded = new CancelScope({ shield: true, parent: open });
        const belowShield = new CancelScope({ parent: shielded });
        const signals = [outer, open, below, shielded, belowShield].map(({ signal }) => signal);
        outer.cancel('enough');
        expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, false, false]);
        expect(signals[2]?.reason).toBe(outer.reason);
        for (const scope of [belowShield, shielded, below, open]) scope[Symbol.dispose]();
      });
    }));

  // rule 41
  test('gives the signal that is read later an abort too', () =>
    testRun(async () => {
      await new CancelScope().run((scope) => {
        scope.cancel();
        expect(scope.signal.aborted).toBe(true);
        expect(scope.signal.reason).toBe(scope.reason);
      });
    }));

  test('makes one error for the whole tree', () =>
    testRun(async () => {
      const seen = new Set<unknown>();
      await new CancelScope().run(async (scope) => {
        await taskGroup((group) => {
          for (let i = 0; i < 3; i += 1)
            group.spawn(() => sleepForever().catch((error: unknown) => void seen.add(error)));
          scope.cancel();
        }).catch((error: unknown) => seen.add(error));
        expect([...seen]).toEqual([scope.reason]);
      });
    }));

  // rule 32
  test('says why: by hand, by time, by signal, or because a sibling failed', () =>
    testRun(async () => {
      const reasonIn = async (scope: CancelScope): Promise<unknown> => {
        let seen: unknown;
        await scope.run(() => sleepForever().catch((error: unknown) => void (seen = error)));
        return seen;
      };
      const byHand = new CancelScope();
      byHand.cancel('stop');
      expect(await reasonIn(byHand)).toMatchObject({ source: 'explicit', reason: 'stop' });
      const byTime = await reasonIn(new CancelScope({ timeout: 1 }));
      expect(byTime).toMatchObject({ source: 'deadline', reason: undefined });
      const bySignal = await reasonIn(new CancelScope({ signal: AbortSignal.abort('web') }));
      expect(bySignal).toMatchObject({ source: 'signal', reason: 'web' });
      const failure = new Error('the child');
      let byFailure: unknown;
      const group = taskGroup(async (inner) => {
        inner.spawn(() => sleep(1).then(() => Promise.reject(failure)));
        await taskGroup(() => sleepForever()).catch((error: unknown) => void (byFailure = error));
      });
      await expect(group).rejects.toBe(failure);
      expect(byFailure).toMatchObject({ source: 'failure', reason: failure, cause: failure });
      expect((byFailure as Error).message).toContain('the child');
    }));

  // rule 34
  test('with 10,000 scopes one in the other overflows no stack and is not worse than linear', () =>
    testRun(async () => {
      const measure = (depth: number): number => {
        const scopes: CancelScope[] = [];
        for (let parent = currentScope(), i = 0; i < depth; i += 1) {
          const scope: CancelScope = new CancelScope({ parent });
          scope._start(currentScope());
          scopes.push(scope);
          parent = scope;
        }
        const start = process.hrtime.bigint();
        scopes[0]?.cancel();
        const took = Number(process.hrtime.bigint() - start);
        expect(scopes.at(-1)?.reason).toBe(scopes[0]?.reason);
        for (const scope of scopes.reverse()) scope[Symbol.dispose]();
        return took;
      };
      measure(1000);
      const small = Math.min(...[0, 1, 2, 3, 4].map(() => measure(1000)));
      const large = Math.min(...[0, 1, 2].map(() => measure(10_000)));
      // What grows with the square takes a hundred times as long, at least.
      expect(large).toBeLessThan(small * 50 + 5e7);
    }));

  // rule 34
  test('unwinds 10,000 nested bodies', () =>
    testRun(async () => {
      const outermost = new CancelScope();
      let unwound = 0;
      const nest = async (depth: number): Promise<void> => {
        await Promise.resolve();
        try {
          if (depth === 0) await sleepForever();
          await new CancelScope().run(() => nest(depth - 1));
        } finally {
          unwound += 1;
        }
      };
      const running = outermost.run(() => nest(10_000));
      await settle();
      outermost.cancel();
      await running;
      expect(unwound).toBe(10_001);
    }, LONG));
});

describe('a cancellation comes in three phases', () => {
  test('an undo wakes nobody who is being cancelled too, and finds the whole tree cancelled', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const scope = new CancelScope();
      const lot = new ParkingLot<string>();
      const running = scope.run(() =>
        taskGroup((group) => {
          const onAbandon = (): void => void log.push(['undo', lot.unpark(1, 'too late')]);
          for (const name of ['a', 'b']) {
            group.spawn(() =>
              lot.park({ onAbandon }).then(
                (value) => log.push([name, value]),
                () => log.push([name, 'cancelled']),
              ),
            );
          }
        }),
      );
      scope.cancel();
      expect(log).toEqual([
        ['undo', 0],
        ['undo', 0],
      ]);
      await running;
      expect(log.slice(2)).toEqual([
        ['a', 'cancelled'],
        ['b', 'cancelled'],
      ]);
    }));

  test('callbacks and signals are told after every wait has been undone, outermost first', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      const running = scope.run(async () => {
        scope.signal.addEventListener('abort', () => log.push('outer signal'));
        scope.onCancel(() => log.push('outer callback'));
        await new CancelScope().run(async (inner) => {
          inner.onCancel(() => log.push('inner callback'));
          inner.signal.addEventListener('abort', () => log.push('inner signal'));
          await park(() => () => log.push('undo'));
        });
      });
      scope.cancel();
      expect(log).toEqual([
        'undo',
        'outer signal',
        'outer callback',
        'inner signal',
        'inner callback',
      ]);
      await running;
    }));

  test('an undo that throws is reported, its wait is rejected and the others are undone', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      const fault = new Error('undo');
      const running = scope.run(() =>
        taskGroup((group) => {
          group.spawn(() => park(() => () => fail(fault)));
          group.spawn(() => park(() => () => log.push('undone')));
        }),
      );
      expect(
        reportedErrors(() => {
          scope.cancel();
        }),
      ).toEqual([fault]);
      expect(log).toEqual(['undone']);
      await running;
    }));
});

function fail(error: unknown): never {
  throw error;
}
