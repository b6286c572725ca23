import {
  CancelScope,
  CancelledError,
  checkpoint,
  currentScope,
  getRunningLoop,
  InvalidStateError,
  isCancelled,
  run,
  sleep,
  sleepForever,
  throwIfCancelled,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

describe('a cancelled scope', () => {
  // rule 1
  test('throws at every checkpoint in it until it is left', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      await scope.run(async () => {
        scope.cancel();
        await sleep(1).catch(() => log.push('sleep'));
        await checkpoint().catch(() => log.push('checkpoint'));
        await sleepForever().catch(() => log.push('sleepForever'));
        log.push('still inside');
        await sleep(1);
      });
      await sleep(1);
      log.push('after');
      expect(log).toEqual(['sleep', 'checkpoint', 'sleepForever', 'still inside', 'after']);
      expect(scope.cancelCaught).toBe(true);
    }));

  // rule 2
  test('keeps the first reason, whatever comes later', () =>
    testRun(async (_group, loop) => {
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(async () => {
        scope.cancel('a');
        const first = scope.reason;
        scope.cancel('b');
        await loop.advance(20);
        expect(scope.reason).toBe(first);
        expect(scope.reason).toMatchObject({ reason: 'a', cause: 'a', source: 'explicit', scope });
      });
    }));

  // rule 2
  test('keeps the deadline as its reason if that came first', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 10 });
      await scope.run(async () => {
        await sleepForever().catch(() => undefined);
        scope.cancel('late');
        expect(scope.reason).toMatchObject({ source: 'deadline', reason: undefined });
      });
    }));

  // rule 3
  test('that was cancelled before it was entered stops its body at the first checkpoint', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      scope.cancel('early');
      const value = await scope.run(async () => {
        log.push('begins');
        await checkpoint();
        log.push('goes on');
      });
      expect(value).toBeUndefined();
      expect(log).toEqual(['begins']);
      expect(scope.cancelCaught).toBe(true);
    }));

  // rule 5
  test('lets a body that ends without a checkpoint keep its value, and nothing leaks out', () =>
    testRun(async () => {
      const scope = new CancelScope();
      const value = await scope.run(() => {
        scope.cancel();
        return 'value';
      });
      expect(value).toBe('value');
      expect(scope.cancelCalled).toBe(true);
      expect(scope.cancelCaught).toBe(false);
      await checkpoint();
      await sleep(1);
    }));

  test('is known by its CancelledError, an AbortError to everybody else', () => {
    const scope = new CancelScope({ name: 'upload' });
    scope.cancel(new Error('no space'));
    const reason = scope.reason;
    expect(reason).toBeInstanceOf(CancelledError);
    expect(reason).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', scope });
    expect(reason?.message).toBe('the scope "upload" was cancelled: no space');
    expect(isCancelled(reason)).toBe(true);
    expect(isCancelled(new DOMException('', 'AbortError'))).toBe(false);
    expect(() => scope.throwIfCancelled()).toThrow(reason);
  });
});

describe('a scope is entered once', () => {
  // rule 4
  test('a second run, inside the first or after it, is an InvalidStateError', () =>
    testRun(async () => {
      const scope = new CancelScope({ name: 'once' });
      await scope.run(() => expect(scope.run(() => 1)).rejects.toThrow(InvalidStateError));
      await expect(scope.run(() => 2)).rejects.toThrow(/"once" was entered before/);
    }));

  // rule 4
  test('cancelling it after its end only says that cancel was called', () =>
    testRun(async () => {
      const scope = new CancelScope();
      await scope.run(() => sleep(1));
      scope.cancel();
      expect(scope.cancelCalled).toBe(true);
      expect(scope.cancelCaught).toBe(false);
      await checkpoint();
    }));

  test('one whose signal was read is under way, and may still be entered once', () =>
    testRun(async () => {
      const scope = new CancelScope({ timeout: 10 });
      const { signal } = scope;
      await sleep(4);
      const value = await scope.run(() => sleep(1000, { value: 'late' }));
      expect(value).toBeUndefined();
      expect(getRunningLoop().now()).toBe(10);
      expect(signal.aborted).toBe(true);
      await expect(scope.run(() => 1)).rejects.toThrow(InvalidStateError);
    }));

  test('the scopes of tasks and groups are entered already', () =>
    testRun(async (group) => {
      await expect(group.scope.run(() => 1)).rejects.toThrow(InvalidStateError);
      const task = group.spawn(() => sleep(1));
      await expect(task.scope.run(() => 1)).rejects.toThrow(InvalidStateError);
      await expect(currentScope().run(() => 1)).rejects.toThrow(InvalidStateError);
    }));

  test('a disposed one cannot be entered', () =>
    testRun(async () => {
      const scope = new CancelScope();
      scope[Symbol.dispose]();
      await expect(scope.run(() => 1)).rejects.toThrow(InvalidStateError);
    }));
});

describe('currentScope()', () => {
  test('is the innermost scope, across awaits, and a root outside of any', async () => {
    const root = currentScope();
    root.cancel('nobody can');
    expect(root.cancelCalled).toBe(false);
    expect(() => throwIfCancelled()).not.toThrow();
    await run(async () => {
      const outer = currentScope();
      expect(outer).not.toBe(root);
      const scope = new CancelScope();
      await scope.run(async (given) => {
        expect(given).toBe(scope);
        await sleep(1);
        expect(currentScope()).toBe(scope);
      });
      expect(currentScope()).toBe(outer);
    });
    expect(currentScope()).toBe(root);
  });

  test('gives code that runs on in an ended scope the nearest open one', () =>
    testRun(async () => {
      const log: boolean[] = [];
      const around = currentScope();
      let later: Promise<unknown> | undefined;
      await new CancelScope().run(() => {
        later = sleep(5).then(() => log.push(currentScope() === around));
      });
      await later;
      expect(log).toEqual([true]);
    }));

  test('a chain of scopes, each opened by code of the one before, does not grow', () =>
    testRun(async (_group, loop) => {
      const around = currentScope();
      const opened: CancelScope[] = [];
      const step = (done: () => void): void => {
        void new CancelScope().run((scope) => {
          opened.push(scope);
          if (opened.length === 100) done();
          else loop.callNext(() => step(done));
        });
      };
      await new Promise<void>(step);
      let depth = 0;
      for (let scope = opened[99]?._parent; scope !== around; scope = scope?._parent) depth += 1;
      expect(depth).toBe(0);
    }));
});
