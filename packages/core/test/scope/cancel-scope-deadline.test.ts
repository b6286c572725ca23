import {
  CancelScope,
  checkpoint,
  currentScope,
  getRunningLoop,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  throwIfCancelled,
} from '@ambit/core';
import { testRun, VirtualLoop } from '@ambit/core/testing';

const now = (): number => getRunningLoop().now();

/** Time that passes while the program is busy: no timer of the loop has fired yet. */
class BusyLoop extends VirtualLoop {
  #busy = 0;

  override now(): number {
    return super.now() + this.#busy;
  }

  spend(ms: number): void {
    this.#busy += ms;
  }
}

function busyRun(body: (loop: BusyLoop) => Promise<unknown>): Promise<void> {
  const loop = new BusyLoop();
  return testRun(() => body(loop).then(() => undefined), { loop });
}

describe('a deadline', () => {
  // rule 25
  test('that is past at entry lets the body start, and its first checkpoint throws', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope({ deadline: -1 });
      await scope.run(async () => {
        log.push('starts');
        await checkpoint();
        log.push('never');
      });
      expect(log).toEqual(['starts']);
      expect(scope.cancelCaught).toBe(true);
    }));

  // rule 25
  test('that is past lets a body without a checkpoint end as if there were none', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 0 });
      expect(await scope.run(() => 'value')).toBe('value');
      expect(scope.cancelCalled).toBe(false);
    }));

  // rule 26
  test.each<[string, () => unknown]>([
    ['checkpoint', checkpoint],
    ['sleep(0)', () => sleep(0)],
    ['throwIfCancelled', throwIfCancelled],
    ['scope.throwIfCancelled', () => currentScope().throwIfCancelled()],
    ['a child group', () => taskGroup(() => checkpoint())],
  ])('that passed while the program was busy is seen by %s', (_name, look) =>
    busyRun(async (loop) => {
      const log: string[] = [];
      await moveOnAfter(10, async () => {
        loop.spend(20);
        await look();
        log.push('never');
      });
      expect(log).toEqual([]);
    }),
  );

  // rule 31
  test('that passed is seen by cancelCalled before any timer fires', () =>
    busyRun(async (loop) => {
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(() => {
        loop.spend(9);
        expect(scope.cancelCalled).toBe(false);
        loop.spend(1);
        expect(scope.cancelCalled).toBe(true);
        expect(scope.signal.aborted).toBe(true);
      });
    }));

  // rule 27
  test('can be moved later, earlier, into the past and away', () =>
    testRun(async () => {
      const log: [string, number][] = [];
      const cutAt = async (name: string, body: (scope: CancelScope) => void): Promise<void> => {
        const start = now();
        await new CancelScope({ timeout: 10 }).run(async (scope) => {
          body(scope);
          await sleep(50);
        });
        log.push([name, now() - start]);
      };
      await cutAt('later', (scope) => (scope.deadline += 10));
      await cutAt('earlier', (scope) => (scope.deadline -= 5));
      await cutAt('past', (scope) => (scope.deadline = -Infinity));
      await cutAt('away', (scope) => (scope.deadline = Infinity));
      expect(log).toEqual([
        ['later', 20],
        ['earlier', 5],
        ['past', 0],
        ['away', 50],
      ]);
    }));

  // rule 27
  test('moved into the past wakes what is waiting already', () =>
    testRun(async (group) => {
      const scope = new CancelScope();
      const task = group.spawn(() => scope.run(() => sleepForever()));
      await sleep(5);
      scope.deadline = 0;
      await task;
      expect(now()).toBe(5);
      expect(scope.cancelCaught).toBe(true);
    }));

  // rule 27
  test('of a scope that is cancelled or has ended moves no more', () =>
    testRun(async (_group, loop) => {
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(() => {
        scope.cancel();
        scope.deadline = 99;
        expect(loop.pendingTimers).toBe(0);
      });
      scope.deadline = 77;
      expect(scope.deadline).toBe(10);
      expect(scope.reason).toMatchObject({ source: 'explicit' });
    }));

  // rule 28
  test('given as a timeout counts from entry', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 10 });
      expect(scope.deadline).toBe(Infinity);
      await sleep(100);
      await scope.run(() => {
        expect(scope.deadline).toBe(110);
        return sleepForever();
      });
      expect(now()).toBe(110);
    }));

  // rule 28
  test('can be written before entry, and then it holds', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 10 });
      scope.deadline = 30;
      await scope.run(() => sleepForever());
      expect(now()).toBe(30);
    }));

  test('and a timeout together: whichever is earlier', () =>
    testRun(async () => {
      await new CancelScope({ timeout: 10, deadline: 4 }).run(() => sleepForever());
      expect(now()).toBe(4);
      await new CancelScope({ timeout: 10, deadline: 400 }).run(() => sleepForever());
      expect(now()).toBe(14);
    }));

  // rule 29
  test('NaN is a RangeError, a negative time means none left', () =>
    testRun(async () => {
      const scope = new CancelScope();
      expect(() => new CancelScope({ timeout: NaN })).toThrow(RangeError);
      expect(() => new CancelScope({ deadline: NaN })).toThrow(RangeError);
      expect(() => {
        scope.deadline = NaN;
      }).toThrow(RangeError);
      expect(() => new CancelScope({ timeout: '5' as never })).toThrow(TypeError);
      await new CancelScope({ timeout: -5 }).run((given) => {
        expect(given.deadline).toBe(0);
        return sleepForever();
      });
      expect(now()).toBe(0);
    }));

  // rule 38
  test('leaves no timer behind when its scope ends or is disposed of', () =>
    testRun(async (_group, loop) => {
      const disposed = new CancelScope({ timeout: 1000 });
      expect(disposed.signal.aborted).toBe(false);
      expect(currentScope()._runtime.timers.size).toBe(1);
      disposed[Symbol.dispose]();
      await new CancelScope({ timeout: 1000 }).run(() => checkpoint());
      const cancelled = new CancelScope({ timeout: 1000 });
      await cancelled.run(() => {
        cancelled.cancel();
      });
      expect(currentScope()._runtime.timers.size).toBe(0);
      expect(loop.pendingTimers).toBe(0);
    }));

  // rule 36
  test('costs nothing while a task does not come to a checkpoint: nobody polls', () =>
    testRun(async (_group, loop) => {
      let calls = 0;
      const count = (): void => void (calls += 1);
      const spies = (['callNext', 'callAt', 'callSoon', 'callLater'] as const).map((name) =>
        jest.spyOn(loop, name).mockImplementation(count as never),
      );
      let release: (() => void) | undefined;
      const ignored = new Promise<void>((resolve) => (release = resolve));
      const running = moveOnAfter(Infinity, (scope) => {
        scope.cancel();
        return ignored;
      });
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
      release?.();
      await running;
      for (const spy of spies) spy.mockRestore();
      expect(calls).toBe(0);
    }));
});

describe('effectiveDeadline', () => {
  // rule 30
  test('is the earliest of the scopes around that no shield cuts off', () =>
    testRun(async () => {
      const log: number[] = [];
      const note = (): void => void log.push(currentScope().effectiveDeadline);
      note();
      await moveOnAfter(50, async () => {
        note();
        await moveOnAfter(100, async () => note());
        await moveOnAfter(20, async () => note());
        await shield(() => note());
        await shield(() => note(), { timeout: 300 });
        await taskGroup((group) => group.spawn(note));
        note();
      });
      note();
      expect(log).toEqual([Infinity, 50, 50, 20, Infinity, 300, 50, 50, Infinity]);
    }));

  // rule 30
  test('is minus infinity once cancelled, but not behind a shield', () =>
    testRun(async () => {
      const log: number[] = [];
      await moveOnAfter(50, async (scope) => {
        scope.cancel();
        log.push(currentScope().effectiveDeadline);
        await shield(() => log.push(currentScope().effectiveDeadline));
      });
      expect(log).toEqual([-Infinity, Infinity]);
    }));

  test('of a scope that has ended is that of where its code is now', () =>
    testRun(async () => {
      await moveOnAfter(50, async () => {
        const scope = new CancelScope({ shield: true, timeout: 5 });
        await scope.run(() => checkpoint());
        expect(scope.effectiveDeadline).toBe(50);
      });
    }));
});
