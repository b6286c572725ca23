import {
  CancelScope,
  checkpoint,
  getRunningLoop,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

const now = (): number => getRunningLoop().now();

/** Says whether a checkpoint throws here. */
async function isCut(): Promise<boolean> {
  return checkpoint().then(
    () => false,
    () => true,
  );
}

describe('a shielded scope', () => {
  // rule 9
  test('absorbs its own cancellation although an outer one is cancelled as well', () =>
    testRun(async () => {
      const log: string[] = [];
      const outer = new CancelScope();
      const inner = new CancelScope({ shield: true });
      await outer.run(async () => {
        await inner.run(async () => {
          try {
            inner.cancel();
            await checkpoint();
          } finally {
            outer.cancel();
          }
        });
        log.push('between');
      });
      expect(log).toEqual(['between']);
      expect([inner.cancelCaught, outer.cancelCaught]).toEqual([true, false]);
    }));

  // rule 10
  test('keeps the outer cancellation out, and only as long as it lasts', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await new CancelScope().run(async (outer) => {
        outer.cancel();
        await new CancelScope({ shield: true }).run(async (inner) => {
          log.push(await isCut(), inner.reason);
          await sleep(10);
        });
        log.push(now(), await isCut());
      });
      expect(log).toEqual([false, undefined, 10, true]);
    }));

  // rule 11
  test('can be cancelled itself, by hand and by its deadline', () =>
    testRun(async () => {
      await new CancelScope().run(async (outer) => {
        outer.cancel();
        const byHand = new CancelScope({ shield: true });
        await byHand.run(() => {
          byHand.cancel();
          return sleep(10);
        });
        const byTime = new CancelScope({ shield: true, timeout: 5 });
        await byTime.run(() => sleepForever());
        expect([byHand.cancelCaught, byTime.cancelCaught, now()]).toEqual([true, true, 5]);
      });
    }));

  // rule 14
  test('covers everything below it, and the first checkpoint after it unwinds to the outermost', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const [s1, s2] = [new CancelScope(), new CancelScope()];
      await s1.run(async () => {
        await s2.run(async () => {
          await new CancelScope({ shield: true }).run(async () => {
            s1.cancel();
            s2.cancel();
            await new CancelScope().run(async () => log.push(await isCut()));
            await expect(timeout(5, () => sleepForever())).rejects.toThrow(TimeoutError);
            log.push('a timeout in it fired');
          });
          await checkpoint();
          log.push('after the shield');
        });
        log.push('between');
      });
      expect(log).toEqual([false, 'a timeout in it fired']);
      expect([s1.cancelCaught, s2.cancelCaught]).toEqual([true, false]);
    }));

  // rule 15
  test('feels nothing of an outer scope that is cancelled from within it', () =>
    testRun(async () => {
      const log: string[] = [];
      await new CancelScope().run(async (outer) => {
        await new CancelScope({ shield: true }).run(async () => {
          outer.cancel();
          await sleep(5);
          log.push('inside');
        });
        log.push('left it');
        await sleep(5);
        log.push('never');
      });
      expect(log).toEqual(['inside', 'left it']);
    }));

  // rule 17
  test('around the host does not cover the children of its group', () =>
    testRun(async () => {
      const log: [string, number][] = [];
      const outer = new CancelScope({ timeout: 5 });
      await outer.run(() =>
        taskGroup(async (group) => {
          group.spawn(() => sleepForever().finally(() => log.push(['child', now()])));
          await shield(() => sleep(20));
          log.push(['host', now()]);
          await sleep(1);
          log.push(['never', now()]);
        }),
      );
      expect(log).toEqual([
        ['child', 5],
        ['host', 20],
      ]);
    }));

  test('what it leaves behind is under the cancelled scope around it from then on', () =>
    testRun(async () => {
      const log: string[] = [];
      await new CancelScope().run(async (outer) => {
        let floating: Promise<unknown> | undefined;
        const left = new CancelScope();
        outer.cancel();
        await shield(() => {
          expect(left.signal.aborted).toBe(false);
          floating = sleep(1000).catch(() => log.push('cut at the end of the shield'));
        });
        await floating;
        expect(left.signal.aborted).toBe(true);
        left[Symbol.dispose]();
      });
      expect(log).toEqual(['cut at the end of the shield']);
      expect(now()).toBe(0);
    }));
});

describe('turning a shield', () => {
  // rule 12
  test('off wakes at once what an outer cancellation is waiting for', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const inner = new CancelScope({ shield: true });
      const outer = new CancelScope();
      group.spawn(() =>
        outer.run(() =>
          inner.run(async () => {
            await sleepForever().finally(() => log.push('woken'));
          }),
        ),
      );
      outer.cancel();
      await settle();
      log.push('unshield');
      expect(inner.signal.aborted).toBe(false);
      inner.shield = false;
      expect(inner.signal.aborted).toBe(true);
      await settle();
      expect(log).toEqual(['unshield', 'woken']);
      expect([inner.cancelCaught, outer.cancelCaught]).toEqual([false, true]);
    }));

  // rule 13
  test('off while its own cancellation propagates hands that over to the outer scope', () =>
    testRun(async () => {
      const outer = new CancelScope();
      const inner = new CancelScope({ shield: true });
      await outer.run(() =>
        inner.run(async () => {
          outer.cancel();
          inner.cancel();
          await checkpoint().finally(() => {
            inner.shield = false;
          });
        }),
      );
      expect([inner.cancelCaught, outer.cancelCaught]).toEqual([false, true]);
    }));

  test('on, in a scope that is cancelled from outside, lets it work again', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await new CancelScope().run(async (outer) => {
        const scope = new CancelScope();
        await scope.run(async () => {
          await new CancelScope().run(async () => {
            outer.cancel();
            log.push(await isCut());
            scope.shield = true;
            log.push(await isCut(), scope.reason, scope.effectiveDeadline);
            await sleep(5);
            scope.shield = false;
            log.push(await isCut());
          });
        });
      });
      expect(log).toEqual([true, false, undefined, Infinity, true]);
    }));

  test('on does not touch the reasons of what was cancelled by itself', () =>
    testRun(async () => {
      const [outer, inner] = [new CancelScope(), new CancelScope()];
      await outer.run(() =>
        inner.run(() => {
          outer.cancel();
          inner.cancel();
          expect(inner.reason).toBe(outer.reason);
          inner.shield = true;
          expect(inner.reason).toMatchObject({ scope: inner });
        }),
      );
    }));

  test('on in a scope that is cancelled by itself changes nobody’s reason', () =>
    testRun(async () => {
      const [s1, s2, s3] = [new CancelScope(), new CancelScope(), new CancelScope()];
      await s1.run(() =>
        s2.run(() =>
          s3.run(() => {
            for (const scope of [s2, s3, s1]) scope.cancel();
            s2.shield = true;
            expect(s2.reason).toMatchObject({ scope: s2 });
            expect(s3.reason).toBe(s2.reason);
          }),
        ),
      );
    }));
});
