import * as ours from '@ambit/core';
import { isAbortError } from '@ambit/core/abort';

type Core = typeof ours;

// A second copy in the same process, as of another version or of CommonJS beside ESM.
let theirs: Core;

beforeAll(() =>
  jest.isolateModulesAsync(async () => {
    theirs = await import('@ambit/core');
  }),
);

test('they are two', () => {
  expect(theirs.CancelScope).not.toBe(ours.CancelScope);
});

function cancellationOf({ CancelScope }: Core): unknown {
  const scope = new CancelScope();
  scope.cancel('enough');
  return scope.reason;
}

const failing = (core: Core, ...messages: string[]): Promise<unknown> =>
  core
    .taskGroup((group) => {
      for (const message of messages) group.spawn(() => Promise.reject(new Error(message)));
    })
    .catch((error: unknown) => error);

describe('a cancellation of the one', () => {
  test('is recognised by the other', () => {
    expect(ours.isCancelled(cancellationOf(theirs))).toBe(true);
    expect(theirs.isCancelled(cancellationOf(ours))).toBe(true);
    expect(isAbortError(cancellationOf(theirs))).toBe(true);
  });

  test('ends a cancelled scope of the other as its own would, and is a failure in one that is not', async () => {
    const error = cancellationOf(theirs);
    const scope = new ours.CancelScope();
    await scope.run(() => {
      scope.cancel();
      throw error;
    });
    expect(scope.cancelCaught).toBe(true);
    await expect(new ours.CancelScope().run(() => Promise.reject(error as Error))).rejects.toBe(
      error,
    );
  });

  test('goes over by a signal, and not by itself', async () => {
    const log: string[] = [];
    await ours.moveOnAfter(1, async ({ signal }) => {
      await theirs.sleep(5).then(() => log.push('not reached'));
      await theirs
        .taskGroup(
          (group) => {
            group.spawn(() => theirs.sleep(60_000).finally(() => log.push('reached')));
          },
          { signal },
        )
        .catch((error: unknown) => log.push(String(ours.isCancelled(error))));
    });
    expect(log).toEqual(['not reached', 'true']);
  });
});

describe('errors of the one', () => {
  test('show the other what failed later, once', async () => {
    const error = await failing(theirs, 'first', 'second');
    expect(ours.suppressedErrors(error)).toEqual([new Error('second')]);
    const again = await ours
      .taskGroup((group) => {
        group.defer(() => Promise.reject(new Error('third')));
        throw error;
      })
      .catch((caught: unknown) => caught);
    expect(again).toBe(error);
    const [second, third] = ours.suppressedErrors(error);
    // Each error is listed once, whichever copy adds it.
    await theirs
      .taskGroup((group) => {
        group.defer(() => Promise.reject(third));
        group.defer(() => Promise.reject(second));
        throw error;
      })
      .catch(() => undefined);
    expect(theirs.suppressedErrors(error)).toEqual([second, third]);
  });

  test('that hold several are taken apart by the other', () => {
    const inner = new theirs.TaskGroupError([new Error('a'), new Error('b')], 'two failed');
    const outer = new ours.TaskGroupError([inner, new Error('c')], 'two failed');
    expect(outer.leaves().map(String)).toEqual(['Error: a', 'Error: b', 'Error: c']);
  });
});

test('tasks, scopes and runs are not shared, and say so', async () => {
  const scope = new theirs.CancelScope();
  expect(() => new ours.CancelScope({ parent: scope })).toThrow(TypeError);
  await ours.run(async () => {
    expect(theirs.allTasks().size).toBe(0);
    expect(() => theirs.createTask(() => 1)).toThrow(theirs.LoopNotRunningError);
    // A task of the other copy is a promise like any.
    await expect(ours.waitFor(theirs.sleep(1, { value: 'theirs' }), 1000)).resolves.toBe('theirs');
  });
});
