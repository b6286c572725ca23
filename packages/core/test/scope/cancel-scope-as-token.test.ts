import { CancelScope, currentScope, sleep, sleepForever } from '@ambit/core';
import { abortable } from '@ambit/core/abort';
import { testRun } from '@ambit/core/testing';

// rule 274: what tokio's users do with a CancellationToken, a scope and its signal do here.
describe('a scope as a cancellation token', () => {
  test('cancelling a child leaves the parent alone', () =>
    testRun(async () => {
      const parent = new CancelScope();
      await parent.run(async () => {
        const child = new CancelScope();
        await child.run(async () => {
          child.cancel();
          await sleep(1);
        });
        expect(child.cancelCaught).toBe(true);
        expect(parent.signal.aborted).toBe(false);
        await sleep(1);
      });
      expect(parent.cancelCaught).toBe(false);
    }));

  test('cancelling the parent reaches what a scope that has ended left below it', () =>
    testRun(async () => {
      const parent = new CancelScope();
      let grandchild: Promise<unknown> | undefined;
      await parent.run(async () => {
        await new CancelScope({ name: 'in between' }).run(async () => {
          grandchild = new CancelScope().run(() => sleepForever()).catch((error: unknown) => error);
          await sleep(1);
        });
        parent.cancel();
      });
      expect(await grandchild).toBe(parent.reason);
    }));

  test('a child of a cancelled parent begins cancelled', () =>
    testRun(async () => {
      const parent = new CancelScope();
      await parent.run(async () => {
        parent.cancel();
        await new CancelScope().run(async () => {
          expect(currentScope().signal.aborted).toBe(true);
          await sleep(1);
        });
      });
      expect(parent.cancelCaught).toBe(true);
    }));

  test('a value that is there before the cancellation is kept, one that comes after it is not', () =>
    testRun(async () => {
      const first = async (cancelFirst: boolean): Promise<unknown> => {
        const scope = new CancelScope();
        return scope.run(async () => {
          let resolve!: (value: string) => void;
          const waiting = abortable(new Promise<string>((settle) => (resolve = settle)));
          if (cancelFirst) scope.cancel();
          resolve('value');
          // The turn in which the promise tells who waits for it.
          await Promise.resolve();
          scope.cancel();
          return waiting;
        });
      };
      expect(await first(false)).toBe('value');
      expect(await first(true)).toBeUndefined();
    }));
});
