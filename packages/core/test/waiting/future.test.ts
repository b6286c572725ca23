import {
  CancelScope,
  Future,
  InvalidStateError,
  isCancelled,
  moveOnAfter,
  sleep,
} from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

test('gives its value to all who wait, however they wait', () =>
  testRun(async (group) => {
    const future = new Future<string>();
    const log: string[] = [];
    group.spawn(async () => log.push(`waits: ${await future.wait()}`));
    group.spawn(async () => log.push(`awaits: ${await future}`));
    group.spawn(() => future.then((value) => void log.push(`then: ${value}`)));
    await settle();
    expect(log).toEqual([]);
    expect(future.state).toBe('pending');
    expect(future.done).toBe(false);
    future.resolve('now');
    await group.join();
    expect(log.sort()).toEqual(['awaits: now', 'then: now', 'waits: now']);
    expect(await future.wait()).toBe('now');
  }));

describe('an error that comes before code asks for it', () => {
  const asks: Record<string, (future: Future<string>) => unknown> = {
    wait: (future) => future.wait().catch(() => undefined),
    catch: (future) => future.catch(() => undefined),
    'catch in a long turn': (future) => {
      for (const end = performance.now() + 30; performance.now() < end;);
      return future.catch(() => undefined);
    },
    error: (future) => future.error(),
    result: (future) => {
      expect(() => future.result()).toThrow('refused');
    },
  };

  test.each(Object.entries(asks))('is not reported as unhandled: %s', async (_name, ask) => {
    const reported: unknown[] = [];
    const listen = (error: unknown): unknown => reported.push(error);
    process.on('unhandledRejection', listen);
    const future = new Future<string>();
    future.reject(new Error('refused'));
    await ask(future);
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', listen);
    expect(reported).toEqual([]);
  });
});

test('gives its error to all who wait', () =>
  testRun(async () => {
    const failure = new Error('refused');
    const future = new Future<string>();
    const waiting = [future.wait(), future.then(() => 'not this'), future.finally(() => undefined)];
    const all = Promise.allSettled(waiting);
    future.reject(failure);
    await all;
    for (const each of waiting) await expect(each).rejects.toBe(failure);
    await expect(future.wait()).rejects.toBe(failure);
    expect(await future.catch((error: unknown) => error)).toBe(failure);
  }));

test('tells what it came to', () =>
  testRun(async () => {
    const [fulfilled, rejected, cancelled] = [new Future(), new Future(), new Future()];
    fulfilled.resolve(1);
    rejected.wait().catch(() => undefined);
    rejected.reject('no');
    cancelled.cancel('why');
    expect([fulfilled, rejected, cancelled].map((future) => future.state)).toEqual([
      'fulfilled',
      'rejected',
      'cancelled',
    ]);
    expect(fulfilled.result()).toBe(1);
    expect(fulfilled.error()).toBeUndefined();
    expect(rejected.error()).toBe('no');
    expect(() => rejected.result()).toThrow('no');
    expect(isCancelled(cancelled.error())).toBe(true);
    expect(() => cancelled.result()).toThrow(cancelled.error() as Error);
    expect([fulfilled.done, rejected.done, cancelled.done]).toEqual([true, true, true]);
  }));

test('unfinished, has neither a value nor an error: InvalidStateError', () => {
  const future = new Future();
  expect(() => future.result()).toThrow(InvalidStateError);
  expect(() => future.error()).toThrow('the future is not finished; await it first');
});

describe('settled once', () => {
  // rule 235
  test.each([
    ['fulfilled', (future: Future<number>) => future.resolve(1)],
    ['rejected', (future: Future<number>) => future.reject('no')],
    ['cancelled', (future: Future<number>) => future.cancel()],
  ])(
    '%s: a second time is an InvalidStateError, false from the try forms',
    async (state, settleIt) => {
      const future = new Future<number>();
      future.catch(() => undefined);
      settleIt(future);
      expect(() => future.resolve(2)).toThrow(InvalidStateError);
      expect(() => future.reject('other')).toThrow(`the future is ${state} already; use tryReject`);
      expect(future.tryResolve(2)).toBe(false);
      expect(future.tryReject('other')).toBe(false);
      expect(future.cancel()).toBe(false);
      expect(future.state).toBe(state);
    },
  );

  // rule 235
  test('by the try forms: true', async () => {
    const [resolved, rejected] = [new Future<number>(), new Future<number>()];
    rejected.catch(() => undefined);
    expect(resolved.tryResolve(1)).toBe(true);
    expect(rejected.tryReject('no')).toBe(true);
    expect([resolved.state, rejected.state]).toEqual(['fulfilled', 'rejected']);
  });
});

test('a promise given as its value is awaited, and nobody else settles it meanwhile', () =>
  testRun(async () => {
    const future = new Future<string>();
    future.resolve(sleep(5, { value: 'later' }));
    expect(future.state).toBe('pending');
    expect(future.tryResolve('other')).toBe(false);
    expect(() => future.resolve('other')).toThrow('waiting for a promise already');
    expect(await future.wait()).toBe('later');
    const failing = new Future<string>();
    failing.resolve(Promise.reject(new Error('refused')));
    await expect(failing.wait()).rejects.toThrow('refused');
  }));

test('it cannot be its own value', () => {
  const future = new Future<unknown>();
  expect(() => future.resolve(future)).toThrow(TypeError);
  expect(future.state).toBe('pending');
});

describe('one who waits being cancelled', () => {
  // rule 236
  test('leaves the future and the others alone', () =>
    testRun(async (group) => {
      const future = new Future<string>();
      const others = [1, 2].map(() => group.spawn(() => future.wait()));
      const last = future._first?._previous;
      await moveOnAfter(5, () => future.wait());
      expect(future._first?._previous).toBe(last);
      expect(future.state).toBe('pending');
      future.resolve('untouched');
      expect(await Promise.all(others)).toEqual(['untouched', 'untouched']);
    }));

  // rule 236
  test('by a signal of his own rejects with its reason', () =>
    testRun(async () => {
      const future = new Future<string>();
      const controller = new AbortController();
      const waiting = future.wait({ signal: controller.signal });
      controller.abort('enough');
      await expect(waiting).rejects.toBe('enough');
      expect(future.tryResolve('still open')).toBe(true);
    }));

  test('in the tick in which the value came has the value', () =>
    testRun(async () => {
      const future = new Future<string>();
      const scope = new CancelScope();
      const waiting = scope.run(() => future.wait());
      future.resolve('first');
      scope.cancel();
      expect(await waiting).toBe('first');
      const late = new Future<string>();
      const other = new CancelScope();
      const cancelled = other.run(() => late.wait());
      other.cancel();
      late.resolve('too late');
      expect(await cancelled).toBeUndefined();
    }));
});

test('waiting is a checkpoint, also if the value is there', () =>
  testRun(async () => {
    const future = new Future<string>();
    future.resolve('there');
    expect(await moveOnAfter(0, () => future.wait())).toBeUndefined();
    const signal = AbortSignal.abort('before');
    await expect(future.wait({ signal })).rejects.toBe('before');
  }));

// rule 237
test('cancelled, rejects with a CancelledError that is a failure to those who wait', () =>
  testRun(async () => {
    const future = new Future<string>();
    const scope = new CancelScope();
    const waiting = scope.run(() => future.wait());
    expect(future.cancel('not needed')).toBe(true);
    const outcome = await waiting.catch((error: unknown) => error);
    expect(isCancelled(outcome) && outcome.reason).toBe('not needed');
    expect(isCancelled(outcome) && outcome.scope).not.toBe(scope);
    expect(scope.cancelCalled).toBe(false);
    expect(scope.cancelCaught).toBe(false);
    await expect(future.wait()).rejects.toBe(outcome);
  }));

test('cancelled with nobody waiting, disturbs nobody', async () => {
  new Future<string>().cancel();
  await new Promise((resolve) => setImmediate(resolve));
});
