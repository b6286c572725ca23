import { EventEmitter } from 'node:events';
import { CancelScope, gather, isCancelled, moveOnAfter, sleep, taskTree } from '@ambit/core';
import { abortable, execute, forever, waitForEvent } from '@ambit/core/abort';
import { settle, testRun } from '@ambit/core/testing';

const never = new Promise<never>(() => undefined);

const waits: [string, (signal?: AbortSignal) => Promise<unknown>][] = [
  ['abortable', (signal) => abortable(never, { signal })],
  ['execute', (signal) => execute(() => () => undefined, { signal })],
  ['waitForEvent', (signal) => waitForEvent(new EventTarget(), 'ping', { signal })],
  ['forever', (signal) => forever({ signal })],
];

describe.each(waits)('%s', (name, call) => {
  test('rejects with the CancelledError of the ambient scope', () =>
    testRun(async () => {
      const scope = new CancelScope();
      let caught: unknown;
      await scope.run(async () => {
        const waiting = call().catch((error: unknown) => (caught = error));
        await settle();
        scope.cancel('enough');
        await waiting;
      });
      expect(isCancelled(caught)).toBe(true);
      expect(caught).toBe(scope.reason);
    }));

  test('rejects with the reason of a signal that is given, whatever that is', () =>
    testRun(async () => {
      const controller = new AbortController();
      const waiting = call(controller.signal).catch((error: unknown) => error);
      await settle();
      controller.abort('stop');
      expect(await waiting).toBe('stop');
    }));

  test('is refused when the scope is cancelled, or the signal aborted, already', () =>
    testRun(async () => {
      await expect(call(AbortSignal.abort('before'))).rejects.toBe('before');
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(() => call());
      expect(scope.cancelCaught).toBe(true);
    }));

  test('knows a deadline that has passed by the clock alone', () =>
    testRun((_group, loop) => {
      const instant = loop.now();
      return new CancelScope({ deadline: instant }).run(() => call());
    }));

  test('cancelled with its scope while nobody looks at it, is no unhandled rejection', () =>
    testRun(async () => {
      const scope = new CancelScope();
      await scope.run(async () => {
        void call();
        await settle();
        scope.cancel();
        await sleep(1);
      });
      expect(scope.cancelCaught).toBe(true);
    }));

  test('shows in the task tree', () =>
    testRun(async (group) => {
      const task = group.spawn(() => call(), { name: 'waiter' });
      await settle();
      expect(JSON.stringify(taskTree())).toContain(name);
      task.cancel();
    }));

  test('is still cancelled by the scope around when its own has ended', () =>
    testRun(async () => {
      const outer = new CancelScope();
      let floating: Promise<unknown> | undefined;
      await outer.run(async () => {
        await moveOnAfter(10, async () => {
          floating = call().catch((error: unknown) => error);
          await sleep(1);
        });
        outer.cancel();
      });
      expect(await floating).toBe(outer.reason);
    }));
});

describe('abortable', () => {
  test('gives the value, or the error, of the promise', () =>
    testRun(async () => {
      expect(await abortable(sleep(5, { value: 'x' }))).toBe('x');
      const error = new Error('no');
      await expect(abortable(Promise.reject(error))).rejects.toBe(error);
    }));

  test('takes the promise over also when it is refused: its rejection is nobody’s any more', () =>
    testRun(async () => {
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(() => abortable(Promise.reject(new Error('dropped'))));
      expect(scope.cancelCaught).toBe(true);
    }));

  test('keeps a value that was there before the cancellation', () =>
    testRun(async () => {
      const scope = new CancelScope();
      const value = await scope.run(async () => {
        let resolve!: (value: string) => void;
        const waiting = abortable(new Promise<string>((settleIt) => (resolve = settleIt)));
        resolve('kept');
        await Promise.resolve();
        scope.cancel();
        return waiting;
      });
      expect(value).toBe('kept');
    }));

  test('rejects for what is not a promise', () =>
    testRun(() => expect(abortable(7 as never)).rejects.toThrow('abortable: promise is 7')));
});

describe('waitForEvent', () => {
  test('gives the event of a target, and listens no longer', () =>
    testRun(async (group) => {
      const target = new EventTarget();
      const remove = jest.spyOn(target, 'removeEventListener');
      group.spawn(async () => {
        await sleep(5);
        target.dispatchEvent(new Event('ping'));
      });
      expect(await waitForEvent<Event>(target, 'ping')).toMatchObject({ type: 'ping' });
      expect(remove).toHaveBeenCalledTimes(1);
    }));

  test('gives one argument of an emitter bare, several as an array', () =>
    testRun(async (group) => {
      const emitter = new EventEmitter();
      group.spawn(async () => {
        await sleep(5);
        emitter.emit('one', 1);
        emitter.emit('two', 1, 2);
      });
      const got = await gather([
        () => waitForEvent(emitter, 'one'),
        () => waitForEvent(emitter, 'two'),
      ]);
      expect(got).toEqual([1, [1, 2]]);
      expect(emitter.eventNames()).toEqual([]);
    }));

  test('leaves no listener when it is cancelled', () =>
    testRun(async () => {
      const emitter = new EventEmitter();
      await moveOnAfter(5, () => waitForEvent(emitter, 'never'));
      expect(emitter.eventNames()).toEqual([]);
    }));

  test('rejects for what has no events', () =>
    testRun(() => expect(waitForEvent({} as never, 'x')).rejects.toThrow('give an EventTarget')));
});
