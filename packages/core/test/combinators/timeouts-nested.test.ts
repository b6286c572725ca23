import {
  CancelScope,
  checkpoint,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

const now = (): number => getRunningLoop().now();

/** Time that passes while the program is busy. */
class BusyLoop extends VirtualLoop {
  #busy = 0;

  override now(): number {
    return super.now() + this.#busy;
  }

  spend(ms: number): void {
    this.#busy += ms;
  }
}

/** Two timeouts, one in the other; says what came out of each, and which were due. */
async function nest(
  outerMs: number,
  innerMs: number,
  body: (inner: CancelScope, outer: CancelScope) => unknown,
): Promise<{ log: string[]; scopes: CancelScope[] }> {
  const log: string[] = [];
  const scopes: CancelScope[] = [];
  const note = (who: string, error: unknown): void => void log.push(who, (error as Error).name);
  await timeout(outerMs, async (outer) => {
    await timeout(innerMs, async (inner) => {
      scopes.push(inner, outer);
      await body(inner, outer);
    }).catch((error: unknown) => {
      note('inner', error);
      throw error;
    });
  }).catch((error: unknown) => {
    note('outer', error);
  });
  return { log, scopes };
}

describe('of nested timeouts', () => {
  // rule 119
  test('with the same deadline only the outer one is a TimeoutError, and both are due', () =>
    testRun(async () => {
      const { log, scopes } = await nest(10, 10, () => sleepForever());
      expect(log).toEqual(['inner', 'AbortError', 'outer', 'TimeoutError']);
      expect(scopes.map(({ cancelCalled }) => cancelCalled)).toEqual([true, true]);
    }));

  // rule 120
  test('only the outer one is due: it is the TimeoutError, and the inner one is not called', () => {
    const loop = new BusyLoop();
    return testRun(
      async () => {
        const { log, scopes } = await nest(2, 100, async () => {
          loop.spend(10);
          await checkpoint();
        });
        expect(log).toEqual(['inner', 'AbortError', 'outer', 'TimeoutError']);
        expect(scopes.map(({ cancelCalled }) => cancelCalled)).toEqual([false, true]);
      },
      { loop },
    );
  });

  // rule 121
  test('both are due when the program looks again: the outermost is the TimeoutError', () => {
    const loop = new BusyLoop();
    return testRun(
      async () => {
        const { log, scopes } = await nest(100, 10, async () => {
          loop.spend(200);
          await checkpoint();
        });
        expect(log).toEqual(['inner', 'AbortError', 'outer', 'TimeoutError']);
        expect(scopes.map(({ cancelCalled }) => cancelCalled)).toEqual([true, true]);
      },
      { loop },
    );
  });

  // rule 121
  test('only the inner one is due: it is the TimeoutError, and the outer one cuts what follows', () => {
    const loop = new BusyLoop();
    return testRun(
      async () => {
        const log: unknown[] = [];
        const outer = timeout(100, async () => {
          const inner = timeout(10, async () => {
            loop.spend(20);
            await checkpoint();
          });
          log.push(((await failureOf(inner)) as Error).name, now());
          await sleep(1000);
        });
        log.push(((await failureOf(outer)) as Error).name, now());
        expect(log).toEqual(['TimeoutError', 20, 'TimeoutError', 120]);
      },
      { loop },
    );
  });

  test('the inner one is due and the outer one passes during its cleanup: the outer one is it', () =>
    testRun(async () => {
      const { log } = await nest(20, 10, () =>
        sleepForever().finally(() => shield(() => sleep(30))),
      );
      expect(log).toEqual(['inner', 'AbortError', 'outer', 'TimeoutError']);
    }));

  test('the outer one passes while the cleanup of the inner one is busy: the outer one is it', () => {
    const loop = new BusyLoop();
    return testRun(
      async () => {
        const { log } = await nest(20, 10, () => sleepForever().finally(() => loop.spend(30)));
        expect(log).toEqual(['inner', 'AbortError', 'outer', 'TimeoutError']);
      },
      { loop },
    );
  });

  test('the inner one keeps its own error if it is over before the outer one is due', () =>
    testRun(async () => {
      const { log } = await nest(20, 10, () => sleepForever());
      expect(log).toEqual(['inner', 'TimeoutError', 'outer', 'TimeoutError']);
    }));
});

describe('a timeout whose body is cancelled otherwise', () => {
  // rule 127
  test('from outside before the deadline: the cancellation passes', () =>
    testRun(async () => {
      const outer = new CancelScope();
      let scope: CancelScope | undefined;
      let error: unknown;
      await outer.run(async () => {
        error = await failureOf(
          timeout(10, (given) => {
            scope = given;
            outer.cancel();
            return sleep(1);
          }),
        );
      });
      expect(error).toBe(outer.reason);
      expect(scope).toMatchObject({ cancelCalled: false, cancelCaught: false });
    }));

  // rule 128
  test('from outside, and the deadline passes during cleanup: the cancellation passes', () =>
    testRun(async () => {
      const outer = new CancelScope();
      const errors: unknown[] = [];
      await outer.run(async () => {
        const work = timeout(10, async () => {
          outer.cancel();
          await sleep(1).finally(() => shield(() => sleep(50)));
        });
        errors.push(await failureOf(work));
        await work;
      });
      expect(errors).toEqual([outer.reason]);
      expect(outer.cancelCaught).toBe(true);
    }));

  // rule 129
  test('by hand, and the deadline passes during cleanup: no TimeoutError', () =>
    testRun(async () => {
      const error = await failureOf(
        timeout(10, async (scope) => {
          scope.cancel('by hand');
          await sleep(1).finally(() => shield(() => sleep(50)));
        }),
      );
      expect(isCancelled(error)).toBe(true);
      expect(error).toMatchObject({ source: 'explicit', reason: 'by hand' });
    }));

  // rule 129
  test('by hand: moveOnAfter moves on', () =>
    testRun(async () => {
      const value = await moveOnAfter(10, (scope) => {
        scope.cancel();
        return sleep(1, { value: 'never' });
      });
      expect(value).toBeUndefined();
      expect(now()).toBe(0);
    }));

  // rule 24
  test('by nobody: a foreign AbortError is a failure', () =>
    testRun(async () => {
      const foreign = new DOMException('aborted', 'AbortError');
      expect(await failureOf(timeout(10, () => Promise.reject(foreign)))).toBe(foreign);
      expect(await failureOf(moveOnAfter(10, () => Promise.reject(foreign)))).toBe(foreign);
    }));
});

describe('a timeout in the cleanup of another', () => {
  // rule 133
  test('is cut at once by the outer one, whose error it is', () =>
    testRun(async () => {
      const { log } = await nest(10, 1000, () =>
        sleepForever().finally(() =>
          timeout(10, () => sleepForever()).catch((error: unknown) => {
            expect(isCancelled(error)).toBe(true);
            throw error;
          }),
        ),
      );
      expect(log).toEqual(['inner', 'AbortError', 'outer', 'TimeoutError']);
      expect(now()).toBe(10);
    }));

  // rule 133
  test('has its time behind a shield, and then the outer one goes on', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const outer = timeout(10, () =>
        sleepForever().finally(async () => {
          const cleanup = shield(() => timeout(5, () => sleepForever()));
          const error = await failureOf(cleanup);
          log.push(error instanceof TimeoutError, now());
          await checkpoint();
          log.push('never');
        }),
      );
      expect(await failureOf(outer)).toBeInstanceOf(TimeoutError);
      expect(log).toEqual([true, 15]);
    }));
});
