import { CancelScope, formatTaskTree, sleep } from '@ambit/core';
import { parkAs } from '@ambit/core/lowlevel';
import type { Parking, Waker } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

class Port implements Parking<string> {
  waker: Waker<string> | undefined;
  readonly name = 'a message';

  enlist(waker: Waker<string>): void {
    this.waker = waker;
  }

  abandon(): void {
    this.waker = undefined;
  }
}

describe('parkAs', () => {
  test('tells the object of the beginning, and ends by its waker (I2)', () =>
    testRun(async (group) => {
      const port = new Port();
      const task = group.spawn(() => parkAs(port));
      expect(formatTaskTree()).toMatch('a message');
      expect(port.waker?.wake('hello')).toBe(true);
      expect(await task).toBe('hello');
    }));

  test('tells the object of a cancellation in its tick, by a scope and by a signal (I5)', () =>
    testRun(async (group) => {
      const port = new Port();
      const scope = new CancelScope();
      const cut = group.spawn(() => scope.run(() => parkAs(port)));
      await sleep(0);
      const { waker } = port;
      scope.cancel();
      expect(port.waker).toBeUndefined();
      expect(waker?.wake('too late')).toBe(false);
      expect(await cut).toBeUndefined();
      const controller = new AbortController();
      const aborted = parkAs(port, { signal: controller.signal });
      controller.abort('enough');
      expect(port.waker).toBeUndefined();
      await expect(aborted).rejects.toBe('enough');
    }));

  test('cancelled by what it does as it enlists, the object takes back also what it does after that (I5)', () =>
    testRun(async () => {
      const scope = new CancelScope();
      const port = new Port();
      port.enlist = (waker) => {
        scope.cancel();
        port.waker = waker;
      };
      await scope.run(() => parkAs(port));
      expect([scope.cancelCaught, port.waker]).toEqual([true, undefined]);
    }));

  test('what the object calls a shield is its own affair: it is cancelled', () =>
    testRun(async () => {
      const port = Object.assign(new Port(), { shield: true });
      const scope = new CancelScope();
      const wait = scope.run(() => parkAs(port));
      scope.cancel();
      expect(port.waker).toBeUndefined();
      expect(await wait).toBeUndefined();
    }));

  test('in a cancelled scope the object hears nothing', () =>
    testRun(async () => {
      const port = new Port();
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(() => parkAs(port));
      expect(port.waker).toBeUndefined();
      expect(scope.cancelCaught).toBe(true);
    }));
});
