import {
  CancelScope,
  ContextVar,
  currentScope,
  getRunningLoop,
  InvalidStateError,
  isCancelled,
  ResourceStack,
  sleep,
  sleepForever,
  TaskGroup,
} from '@ambit/core';
import type { CancelledError, ScopeOptions } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const throws = (scope: CancelScope): boolean => {
  try {
    scope.throwIfCancelled();
    return false;
  } catch (error) {
    return isCancelled(error);
  }
};

describe('a scope that has not started tells whether it is cancelled:', () => {
  const cancelled = (options?: ScopeOptions): CancelScope => {
    const scope = new CancelScope(options);
    scope.cancel();
    return scope;
  };
  const abortedLater = (): AbortSignal => {
    const controller = new AbortController();
    queueMicrotask(() => controller.abort());
    return controller.signal;
  };
  const own: Record<string, () => ScopeOptions> = {
    'a deadline that has passed': () => ({ deadline: getRunningLoop().now() }),
    'a deadline that passes': () => ({ deadline: getRunningLoop().now() + 1 }),
    'a signal that was aborted': () => ({ signal: AbortSignal.abort() }),
    'a signal that is aborted later': () => ({ signal: abortedLater() }),
  };
  const fromAbove: Record<string, () => ScopeOptions> = {
    'a parent': () => ({ parent: cancelled() }),
    'the parent of a parent': () => ({ parent: new CancelScope({ parent: cancelled() }) }),
    'a parent whose deadline passes': () => ({
      parent: new CancelScope({ deadline: getRunningLoop().now() + 1 }),
    }),
  };

  test.each(Object.entries(own))('%s', (_name, options) =>
    testRun(async () => {
      const [first, second, third, fourth] = Array.from(
        { length: 4 },
        () => new CancelScope(options()),
      );
      await sleep(1);
      expect(first?.reason?.scope).toBe(first);
      expect(throws(second as CancelScope)).toBe(true);
      expect(third?.cancelCalled).toBe(true);
      expect(fourth?.effectiveDeadline).toBe(-Infinity);
    }),
  );

  test.each(Object.entries(fromAbove))('%s', (_name, options) =>
    testRun(async () => {
      const scope = new CancelScope(options());
      await sleep(1);
      expect(isCancelled(scope.reason)).toBe(true);
      expect([throws(scope), scope.cancelCalled]).toEqual([true, false]);
      expect(scope.effectiveDeadline).toBe(-Infinity);
    }),
  );

  test('not through a shield, and not by the ambient scope, which it does not hang on yet', () =>
    testRun(() =>
      cancelled().run(() => {
        const shielded = new CancelScope({ parent: cancelled(), shield: true });
        for (const scope of [shielded, new CancelScope({ parent: shielded }), new CancelScope()]) {
          expect([scope.reason, throws(scope), scope.cancelCalled]).toEqual([
            undefined,
            false,
            false,
          ]);
          expect(scope.effectiveDeadline).toBe(Infinity);
        }
      }),
    ));

  test('the deadline of a parent holds, its timeout does not count yet', () =>
    testRun(async () => {
      const instant = getRunningLoop().now() + 5;
      const parent = new CancelScope({ deadline: instant, timeout: 1 });
      const scope = new CancelScope({ parent });
      await sleep(2);
      expect([scope.effectiveDeadline, scope.reason]).toEqual([instant, undefined]);
    }));

  test('with 10,000 parents in a row without a stack as deep', () => {
    const top = new CancelScope();
    let scope = top;
    for (let depth = 0; depth < 10_000; depth += 1) scope = new CancelScope({ parent: scope });
    expect(scope.reason).toBeUndefined();
    const { signal } = scope;
    top.cancel();
    expect(signal.reason).toBe(top.reason);
  });
});

describe('a scope starts at its first use,', () => {
  const uses: Record<string, (scope: CancelScope) => unknown> = {
    signal: (scope) => scope.signal,
    onCancel: (scope) => scope.onCancel(() => undefined),
    'being the parent of a scope that starts': async (scope) => {
      await new CancelScope({ parent: scope }).run(() => 0);
    },
    'being the parent of a group': async (scope) => {
      await using group = new TaskGroup({ parent: scope });
      await group.join();
    },
  };

  test.each(Object.entries(uses))('%s: its timeout counts and its parent is fixed', (_name, use) =>
    testRun(async () => {
      const began = getRunningLoop().now();
      const scope = new CancelScope({ timeout: 10 });
      await use(scope);
      await sleep(5);
      await scope.run(() => sleepForever());
      expect(getRunningLoop().now() - began).toBe(10);

      const [outer, inner] = [new CancelScope(), new CancelScope()];
      await outer.run(async () => {
        await use(inner);
        outer.cancel();
      });
      expect(inner.reason).toBe(outer.reason);
      inner[Symbol.dispose]();
    }),
  );

  test.each(Object.entries(uses))('%s: and can be entered, once', (_name, use) =>
    testRun(async () => {
      const scope = new CancelScope();
      await use(scope);
      expect(await scope.run(() => currentScope() === scope)).toBe(true);
      await expect(scope.run(() => 0)).rejects.toThrow(InvalidStateError);
      const cut = new CancelScope();
      await use(cut);
      cut[Symbol.dispose]();
      await expect(cut.run(() => 0)).rejects.toThrow(InvalidStateError);
    }),
  );

  test('the scopes above it first, so that it hears of the cancellation of each', () =>
    testRun(async () => {
      for (const at of [0, 1, 2, 3]) {
        const line: CancelScope[] = [];
        for (let depth = 0; depth < 4; depth += 1) {
          line.push(new CancelScope({ parent: line.at(-1), timeout: depth === at ? 5 : Infinity }));
        }
        await using left = new ResourceStack();
        for (const scope of line) left.use(scope);
        const heard: CancelledError[] = [];
        line.at(-1)?.onCancel((reason) => heard.push(reason));
        await sleep(5);
        expect(heard).toEqual([line[at]?.reason]);
      }
    }));

  test('with the context variables and the task of that place', () =>
    testRun(async () => {
      const variable = new ContextVar<string>();
      const scope = new CancelScope();
      variable.run('there', () => scope.signal);
      expect(await scope.run(() => variable.get())).toBe('there');
    }));
});

test('onCancel of a scope that is not entered is called, whatever cancels it', () =>
  testRun(async () => {
    const controller = new AbortController();
    const parent = new CancelScope();
    const now = getRunningLoop().now();
    const scopes = {
      cancel: new CancelScope(),
      parent: new CancelScope({ parent }),
      signal: new CancelScope({ signal: controller.signal }),
      deadline: new CancelScope({ deadline: now + 1 }),
      timeout: new CancelScope({ timeout: 2 }),
    };
    const log: string[] = [];
    await using left = new ResourceStack();
    for (const scope of [parent, ...Object.values(scopes)]) left.use(scope);
    for (const [name, scope] of Object.entries(scopes)) scope.onCancel(() => log.push(name));
    scopes.cancel.cancel();
    parent.cancel();
    controller.abort();
    await sleep(3);
    expect(log).toEqual(Object.keys(scopes));
  }));
