import {
  CancelledError,
  CancelScope,
  defineResource,
  InvalidStateError,
  isCancelled,
  LoopNotRunningError,
  run,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  TaskGroupError,
  timeout,
  TimeoutError,
  use,
} from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { failureOf } from '../support/failures.ts';

/** A group in which the first fails, and the second because of that. */
const failTwice = (first: unknown, second: unknown): Promise<unknown> =>
  failureOf(
    taskGroup((group) => {
      group.spawn(() => sleepForever().finally(() => Promise.reject(second)));
      group.spawn(() => Promise.reject(first));
    }),
  );

describe('CancelledError', () => {
  const scope = new CancelScope({ name: 'upload' });
  const cause = new Error('user left');
  scope.cancel(cause);
  const error = failureOf(
    scope.run((self) => {
      self.throwIfCancelled();
    }),
  );

  test('is an AbortError to whoever knows those, and names scope and reason', async () => {
    await error;
    const reason = scope.reason as CancelledError;
    expect(reason).toBeInstanceOf(Error);
    expect([reason.name, reason.code, reason.source]).toEqual([
      'AbortError',
      'ABORT_ERR',
      'explicit',
    ]);
    expect([reason.scope, reason.reason, reason.cause]).toEqual([scope, cause, cause]);
    expect(reason.message).toBe('the scope "upload" was cancelled: user left');
  });

  test('is recognised by brand, also if another copy of the package has made it', () => {
    const foreign = { [Symbol.for('@ambit/core:cancelled')]: true };
    expect([scope.reason, foreign].map(isCancelled)).toEqual([true, true]);
    const others = [new DOMException('', 'AbortError'), new Error(), undefined, null, 'AbortError'];
    expect(others.map(isCancelled)).toEqual([false, false, false, false, false]);
  });

  test('says what it was that cancelled', () =>
    testRun(async () => {
      const controller = new AbortController();
      controller.abort('signal');
      const messages: string[] = [];
      const note = (scope: CancelScope) => messages.push(scope.reason?.message ?? '');
      await failureOf(taskGroup((group) => (group.cancel(), note(group.scope)), { name: 'g' }));
      await failureOf(taskGroup((group) => note(group.scope), { signal: controller.signal }));
      await taskGroup((group) => sleep(2).finally(() => note(group.scope)), { timeout: 1 }).catch(
        () => 0,
      );
      await failureOf(
        taskGroup((group) => {
          group.spawn(() => Promise.reject(new Error('bang')), { name: 'fuse' });
          return sleep(1).finally(() => note(group.scope));
        }),
      );
      expect(messages).toEqual([
        'the scope "g" was cancelled',
        'the scope was cancelled by its AbortSignal: signal',
        'the scope ran out of time',
        'the scope was cancelled because "fuse" failed: bang',
      ]);
    }));
});

test('a TimeoutError says how long and of what, and its cause is the cancellation', () =>
  testRun(async () => {
    const error = (await failureOf(timeout(20, () => sleepForever()))) as TimeoutError;
    expect([error.name, error.ms, error.message]).toEqual([
      'TimeoutError',
      20,
      'the operation was cut short: it did not end within 20 ms',
    ]);
    expect((error.cause as CancelledError).scope).toBe(error.scope);
  }));

test('every class is an Error by its own name', () => {
  const errors = [
    new InvalidStateError('x'),
    new LoopNotRunningError('x'),
    new TaskGroupError([], 'x'),
  ];
  expect(errors.map((error) => [error.name, error instanceof Error])).toEqual([
    ['InvalidStateError', true],
    ['LoopNotRunningError', true],
    ['TaskGroupError', true],
  ]);
  expect(new LoopNotRunningError('x')).toBeInstanceOf(InvalidStateError);
  expect(new TaskGroupError([], 'x')).toBeInstanceOf(AggregateError);
});

describe('suppressedErrors', () => {
  test('is an empty list for whatever carries nothing', () => {
    for (const error of [new Error(), undefined, null, 'text', 5, {}]) {
      expect(suppressedErrors(error)).toEqual([]);
    }
  });

  test('is seen when the error is printed', () =>
    testRun(async () => {
      const error = await failTwice(new Error('first'), new Error('second'));
      expect(suppressedErrors(error)).toHaveLength(1);
      expect(inspect(error)).toMatch(/first[^]*suppressedErrors[^]*second/);
    }));

  test('works for frozen errors and for objects that are no errors', () =>
    testRun(async () => {
      const second = new Error('second');
      const frozen = await failTwice(Object.freeze(new Error('first')), second);
      expect(suppressedErrors(frozen)).toEqual([second]);
      const plain = await failTwice({ code: 1 }, second);
      expect(suppressedErrors(plain)).toEqual([second]);
    }));

  test('of what is not an object go to the process’s warnings, each once', () =>
    testRun(async () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const outcome = taskGroup(async (group) => {
        group.spawn(() => sleepForever().finally(() => Promise.reject(new Error('second'))));
        group.spawn(() => Promise.reject('first'));
        group.defer(() => undefined);
        await group.join();
      });
      expect(await failureOf(outcome)).toBe('first');
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.calls[0]?.[0]).toContain(
        'After first was thrown, this failed as well: Error: second',
      );
      warn.mockRestore();
    }));
});

describe('a failure that is attached to a cancellation', () => {
  const abort = (): Error => new DOMException('by somebody else', 'AbortError');

  test('comes out where a scope would absorb the cancellation', async () => {
    const [failure, later] = [new Error('failure'), new Error('later')];
    const scope = new CancelScope();
    const outcome = scope.run(async () => {
      const foreign = await failureOf(
        taskGroup((group) => {
          group.spawn(() => Promise.reject(abort()));
          group.defer(() => Promise.reject(later));
          group.defer(() => Promise.reject(failure));
        }),
      );
      expect(suppressedErrors(foreign)).toEqual([failure, later]);
      scope.cancel();
      throw foreign;
    });
    expect(await failureOf(outcome)).toBe(failure);
    expect(suppressedErrors(failure)).toEqual([later]);
  });

  test('comes out of an aggregate of cancellations, and of a task of a cancelled group', () =>
    testRun(async () => {
      const failure = new Error('failure');
      const jobs = (group: TaskGroup): void => {
        group.spawn(() => Promise.reject(abort()));
        group.defer(() => Promise.reject(failure));
      };
      const task = taskGroup((outer) => {
        outer.spawn(async () => {
          const error = await failureOf(taskGroup(jobs));
          outer.cancel();
          throw new AggregateError([abort(), error, error]);
        });
      });
      expect(((await failureOf(task)) as AggregateError).errors).toEqual([failure, failure]);
    }));

  test('is never attached to the cancellation that is on its way', () =>
    testRun(async () => {
      const failure = new Error('cleanup');
      const broken = defineResource(async function* () {
        try {
          yield 'it';
        } finally {
          await Promise.reject(failure);
        }
      });
      const scope = new CancelScope();
      const outcome = await failureOf(
        scope.run(async () => {
          scope.cancel();
          expect(await failureOf(use(broken(), () => sleep(1)))).toBe(failure);
          await sleep(1);
        }),
      );
      expect([outcome, scope.cancelCaught]).toEqual(['no error', true]);
      expect(suppressedErrors(scope.reason)).toEqual([]);
    }));
});

describe('TaskGroupError', () => {
  const a = new TypeError('a');
  const b = new Error('b');
  const c = new TypeError('c');
  const tree = new TaskGroupError(
    [a, new AggregateError([b, new TaskGroupError([c], 'inner')])],
    'outer',
  );

  test('leaves() are the errors at the ends of the tree, in order', () => {
    expect(tree.leaves()).toEqual([a, b, c]);
  });

  test('split() parts the leaves, and leaves out the empty part', () => {
    const [types, rest] = tree.split((error) => error instanceof TypeError);
    expect([types?.errors, rest?.errors, types?.message]).toEqual([[a, c], [b], 'outer']);
    expect(types).toBeInstanceOf(TaskGroupError);
    expect(tree.split(() => true)[1]).toBeUndefined();
    expect(tree.split(() => false)[0]).toBeUndefined();
    const promised = (() => Promise.resolve(false)) as never;
    expect(() => tree.split(promised)).toThrow('split: predicate returned a promise');
  });

  test('an aggregate without errors is a leaf: it is not lost', () => {
    const empty = new AggregateError([], 'All promises were rejected');
    const error = new TaskGroupError([empty], 'jobs');
    expect(error.leaves()).toEqual([empty]);
    expect(error.split((leaf) => leaf === empty)[0]?.errors).toEqual([empty]);
  });

  test('an error that has errors to tell of, but is no aggregate, is a leaf', () => {
    const invalid = Object.assign(new Error('invalid'), { errors: ['name is missing'] });
    expect(new TaskGroupError([invalid], 'jobs').leaves()).toEqual([invalid]);
  });

  test('aggregates of other realms are looked into, and of circles each error comes once', () => {
    const foreign = runInNewContext('new AggregateError([1, 2])') as AggregateError;
    expect(new TaskGroupError([foreign], 'jobs').leaves()).toEqual([1, 2]);
    const circle = new TaskGroupError([a], 'circle');
    circle.errors.push(circle, b);
    expect(circle.leaves()).toEqual([a, b]);
  });
});

test('in debug mode the stack of a task’s error shows where the task was spawned', async () => {
  const outcome = run(
    async (group) => {
      const spawnHere = () =>
        group.spawn(() => sleep(1).then(() => Promise.reject(new Error('x'))), { name: 'job' });
      spawnHere();
    },
    { debug: true, signals: [] },
  );
  const { stack } = (await failureOf(outcome)) as Error;
  expect(stack).toMatch(/the task "job" was spawned here[^]*spawnHere/);
});

test('an error, a scope and a task are printed without the whole tree that hangs on them', async () => {
  const error: unknown = await taskGroup(async (group) => {
    const task = group.spawn(() => sleepForever(), { name: 'fetcher' });
    task.cancel();
    expect(inspect(task)).toMatch(/^Task "fetcher" \((cancelling|cancelled)\)$/);
    return task.join().catch((caught: unknown) => caught);
  });
  // As Node prints what nobody has caught.
  const asUncaught = { customInspect: false, depth: Infinity };
  expect(inspect(error, asUncaught).split('\n').length).toBeLessThan(12);
  const late: unknown = await timeout(1, () => sleepForever()).catch((caught: unknown) => caught);
  expect(inspect(late, asUncaught).split('\n').length).toBeLessThan(24);
  const scope = new CancelScope({ name: 'upload' });
  expect(inspect(scope)).toBe('CancelScope "upload"');
  scope.cancel();
  expect(inspect(scope)).toBe('CancelScope "upload" (cancelled)');
});
