import { CancelScope, checkpoint, moveOnAfter, sleep, sleepForever, taskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

describe('nested scopes', () => {
  // rule 6
  test.each([['inner first'], ['outer first']])(
    'unwind to the outermost cancelled one: %s',
    (order) =>
      testRun(async () => {
        const log: string[] = [];
        const [s1, s2, s3] = [new CancelScope(), new CancelScope(), new CancelScope()];
        await s1.run(async () => {
          await s2.run(async () => {
            await s3.run(async () => {
              for (const scope of order === 'inner first' ? [s3, s2] : [s2, s3]) scope.cancel();
              await checkpoint();
            });
            log.push('between 3 and 2');
          });
          log.push('between 2 and 1');
          await checkpoint();
        });
        expect(log).toEqual(['between 2 and 1']);
        expect([s1, s2, s3].map((scope) => scope.cancelCaught)).toEqual([false, true, false]);
        expect(s1.cancelCalled).toBe(false);
      }),
  );

  // rule 7
  test('only the cancelled inner one ends, the outer one goes on', () =>
    testRun(async () => {
      const log: string[] = [];
      await new CancelScope().run(async () => {
        const inner = new CancelScope();
        await inner.run(async () => {
          inner.cancel();
          await sleep(1);
        });
        log.push('goes on');
        await sleep(1);
        log.push('and on');
      });
      expect(log).toEqual(['goes on', 'and on']);
    }));

  // rule 8
  test('an outer one that is cancelled while the inner one unwinds absorbs it', () =>
    testRun(async () => {
      const log: string[] = [];
      const outer = new CancelScope();
      const inner = new CancelScope();
      await outer.run(async () => {
        await inner.run(async () => {
          try {
            inner.cancel();
            await checkpoint();
          } finally {
            outer.cancel();
            log.push('cleanup');
          }
        });
        log.push('between');
      });
      expect(log).toEqual(['cleanup']);
      expect([inner.cancelCaught, outer.cancelCaught]).toEqual([false, true]);
    }));

  test('an outer deadline that passes while the inner one unwinds counts too', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      const outer = new CancelScope({ timeout: 10 });
      await outer.run(async () => {
        await moveOnAfter(5, async () => {
          try {
            await sleepForever();
          } finally {
            await loop.advance(20);
          }
        });
        log.push('between');
      });
      expect(log).toEqual([]);
      expect(outer.cancelCaught).toBe(true);
    }));

  // rule 39
  test('one after another are caught one by one', () =>
    testRun(async () => {
      const outer = new CancelScope();
      const caught: boolean[] = [];
      await outer.run(async () => {
        for (const reason of ['a', 'b']) {
          const inner = new CancelScope();
          await inner.run(async () => {
            inner.cancel(reason);
            await checkpoint();
          });
          caught.push(inner.cancelCaught);
        }
        await expect(moveOnAfter(5, () => sleepForever())).resolves.toBeUndefined();
        outer.cancel();
      });
      await checkpoint();
      expect(caught).toEqual([true, true]);
      expect(outer.cancelCaught).toBe(false);
    }));

  // rule 16
  test('a task is under the scopes of its group, not of whoever spawned it', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup(async (group) => {
        const inner = new CancelScope();
        await inner.run(() => {
          inner.cancel();
          group.spawn(async () => {
            await sleep(1);
            log.push('unaffected');
            const own = new CancelScope();
            await own.run(async () => {
              own.cancel();
              await sleep(1);
            });
            log.push('after its own');
          });
        });
        await sleep(5);
        log.push('host goes on');
      });
      expect(log).toEqual(['unaffected', 'after its own', 'host goes on']);
    }));
});
