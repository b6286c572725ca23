import {
  CancelScope,
  currentScope,
  defineResource,
  moveOnAfter,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  use,
} from '@ambit/core';
import { abortable, withSignal } from '@ambit/core/abort';
import { testRun } from '@ambit/core/testing';
import { taskTree } from '@ambit/core';

/** A call of an SDK that rejects with this once its signal is aborted. */
function sdk(error: unknown) {
  return (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(error);
      });
    });
}

class APIUserAbortError extends Error {}
const named = (name: string) => Object.assign(new Error('stopped'), { name });
const coded = (code: unknown, message = 'stopped') => Object.assign(new Error(message), { code });
const twice = named('CanceledError');
// Made by hand: Node 20 has none.
const pair = (error: unknown, suppressed: unknown) =>
  Object.assign(named('SuppressedError'), { error, suppressed });

const aborts: [string, unknown][] = [
  ['AbortError', named('AbortError')],
  ["axios's CanceledError", named('CanceledError')],
  ['a class', new APIUserAbortError('Request was aborted.')],
  ['a code', coded('ERR_CANCELED')],
  ['a code of the DOM', coded(20)],
  ['a code of PostgreSQL', coded('57014', 'canceling statement due to user request')],
  ['a status of gRPC', coded(1, '1 CANCELLED: Cancelled on client')],
  ['a cause', new Error('request failed', { cause: named('AbortError') })],
  ['several', new AggregateError([named('AbortError'), coded('ABORT_ERR')])],
  ['one that comes twice', new AggregateError([twice, new AggregateError([twice, twice])])],
  ['what the platform makes of two', pair(named('AbortError'), coded('ABORT_ERR'))],
];

test.each(aborts)('an abort that is told by %s comes out as the cancellation', (_by, error) =>
  testRun(async () => {
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(async () => {
      const caught: unknown = await withSignal(sdk(error)).catch((e: unknown) => e);
      expect(caught).toBe(scope.reason);
    });
    await expect(timeout(5, () => withSignal(sdk(error)))).rejects.toMatchObject({ ms: 5 });
    const controller = new AbortController();
    const called = withSignal(sdk(error), { signal: controller.signal });
    controller.abort('enough');
    await expect(called).rejects.toBe('enough');
  }),
);

function ringOfCauses(): Error {
  const inner = new Error('inner');
  const outer = new Error('outer', { cause: inner });
  inner.cause = outer;
  return outer;
}

const failures: [string, unknown][] = [
  ['another error', new Error('no route to host')],
  ['another code', coded(1, 'the process exited')],
  ['a string', 'broken'],
  ['a ring of causes', ringOfCauses()],
];

test.each(failures)('%s is a failure, and comes out', (_what, error) =>
  testRun(async () => {
    await expect(timeout(5, () => withSignal(sdk(error)))).rejects.toBe(error);
  }),
);

test('of a mixed aggregate the failures come out', () =>
  testRun(async () => {
    const failure = new Error('broken');
    const mixed = new AggregateError([named('AbortError'), failure]);
    const called = timeout(5, () => withSignal(sdk(mixed)));
    await expect(called).rejects.toMatchObject({ errors: [failure] });
  }));

test('what has failed after an abort, and was attached to it, comes out', () =>
  testRun(async () => {
    const [lost, later] = [new Error('disk full'), new Error('disk still full')];
    const aborted = new APIUserAbortError('Request was aborted.');
    const failing = defineResource(async function* (failure: Error) {
      try {
        yield 1;
      } finally {
        await Promise.reject(failure);
      }
    });
    const call = (signal: AbortSignal): Promise<never> =>
      use(failing(later), () => use(failing(lost), () => sdk(aborted)(signal)));
    const caught: unknown = await moveOnAfter(5, () => withSignal(call)).catch((e: unknown) => e);
    expect(caught).toBe(lost);
    expect(suppressedErrors(caught)).toEqual([later]);
  }));

test('an abort that the signal has not asked for is a failure', () =>
  testRun(async () => {
    const error = named('AbortError');
    await expect(withSignal(() => Promise.reject(error))).rejects.toBe(error);
    await expect(
      withSignal(() => {
        throw error;
      }),
    ).rejects.toBe(error);
  }));

test('the signal is one for the call alone, and leaves nothing behind', () =>
  testRun(async () => {
    let given: AbortSignal | undefined;
    const controller = new AbortController();
    const remove = jest.spyOn(controller.signal, 'removeEventListener');
    const value = await withSignal(
      (signal) => {
        given = signal;
        return 'fine';
      },
      { signal: controller.signal },
    );
    expect(value).toBe('fine');
    expect(given).not.toBe(currentScope().signal);
    expect(remove).toHaveBeenCalledTimes(1);
    controller.abort();
    expect(given?.aborted).toBe(false);
  }));

test('waits for the call, and keeps a value that it gives after the abort', () =>
  testRun(async (_group, loop) => {
    const late = (signal: AbortSignal) => sleepForever({ signal }).catch(() => 'late');
    const scope = new CancelScope({ timeout: 5 });
    expect(await scope.run(() => withSignal(late))).toBe('late');
    expect(loop.now()).toBe(5);
  }));

test('in a cancelled scope the function is not called; bad arguments are refused', () =>
  testRun(async () => {
    const fn = jest.fn();
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(() => withSignal(fn));
    expect(fn).not.toHaveBeenCalled();
    await expect(withSignal(1 as never)).rejects.toThrow('withSignal: fn is 1');
    await expect(withSignal(fn, { signal: 1 as never })).rejects.toThrow('signal is 1');
  }));

test('abortable shows in the tree under its name', () =>
  testRun(async () => {
    const never = new Promise(() => undefined);
    await taskGroup(async (group) => {
      const task = group.spawn(() => abortable(never, { name: 'the answer of the oracle' }));
      await sleep(1);
      expect(JSON.stringify(taskTree())).toContain('the answer of the oracle');
      task.cancel();
    });
    await expect(abortable(never, { name: 1 as never })).rejects.toThrow('name is 1');
    expect(await moveOnAfter(1, () => abortable(never))).toBeUndefined();
  }));
