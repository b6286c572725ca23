import {
  CancelScope,
  defineResource,
  InvalidStateError,
  isCancelled,
  run,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  TaskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

/** Tells what becomes of a transaction: what its body came to. */
const transaction = (log: string[]) =>
  defineResource(async function* () {
    try {
      yield 'transaction';
      log.push('commit');
    } catch (error) {
      log.push(`rollback: ${isCancelled(error) ? 'cancelled' : (error as Error).message}`);
      throw error;
    }
  });

test('resources are released after the children have ended, last first', () =>
  testRun(async () => {
    const log: string[] = [];
    const named = defineResource(async function* (name: string) {
      log.push(`open ${name}`);
      yield name;
      log.push(`close ${name}`);
    });
    const value = await taskGroup(async (group) => {
      const sync = { [Symbol.dispose]: () => log.push('sync') };
      expect(group.use(sync as unknown as Disposable)).toBe(sync);
      group.use({ [Symbol.asyncDispose]: () => sleep(5).then(() => void log.push('async')) });
      group.defer(() => log.push('deferred'));
      log.push(`entered ${await group.enter(named('file'))}`);
      group.spawn(() => sleep(10).then(() => log.push('child')));
      return 'value';
    });
    expect(value).toBe('value');
    expect(log).toEqual([
      'open file',
      'entered file',
      'child',
      'close file',
      'deferred',
      'async',
      'sync',
    ]);
  }));

test('release is shielded from the cancellation that ended the group', () =>
  testRun(async (_group, loop) => {
    const log: unknown[] = [];
    const outcome = timeout(10, () =>
      taskGroup(async (group) => {
        group.defer(() => sleep(20).then(() => log.push(loop.now())));
        await sleepForever();
      }),
    );
    await expect(outcome).rejects.toThrow(TimeoutError);
    expect(log).toEqual([30]);
  }));

test('a release that fails fails the group, and does not stop the others', () =>
  testRun(async () => {
    const first = new Error('first');
    const second = new Error('second');
    const log: string[] = [];
    const error = await failureOf(
      taskGroup(
        (group) => {
          group.defer(() => log.push('last'));
          group.defer(() => Promise.reject(second));
          group.defer(() => {
            throw first;
          });
          return 'value';
        },
        { name: 'files' },
      ),
    );
    expect(error).toBe(first);
    expect(suppressedErrors(first)).toEqual([second]);
    expect(log).toEqual(['last']);
  }));

test('a release that fails after a failure is attached to it', () =>
  testRun(async () => {
    const failure = new Error('child');
    const cleanup = new Error('cleanup');
    const error = await failureOf(
      taskGroup((group) => {
        group.defer(() => Promise.reject(cleanup));
        group.spawn(() => Promise.reject(failure));
      }),
    );
    expect(error).toBe(failure);
    expect(suppressedErrors(failure)).toEqual([cleanup]);
  }));

test('an error in a release beats the TimeoutError of the group', () =>
  testRun(async () => {
    const cleanup = new Error('cleanup');
    const outcome = taskGroup(
      (group) => {
        group.defer(() => Promise.reject(cleanup));
        return sleepForever();
      },
      { timeout: 10 },
    );
    await expect(outcome).rejects.toBe(cleanup);
  }));

test('the message of a TaskGroupError says that a cleanup has failed', () =>
  testRun(async () => {
    const outcome = taskGroup(
      (group) => {
        group.defer(() => Promise.reject(new Error('disk full')));
      },
      { onFailure: 'continue', name: 'files' },
    );
    await expect(outcome).rejects.toThrow(
      '1 failure in the task group "files": a cleanup: disk full',
    );
  }));

describe('a resource is told what its group came to', () => {
  test('nothing, if it ends well or is cancelled quietly', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup((group) => group.enter(transaction(log)()));
      await taskGroup(async (group) => {
        await group.enter(transaction(log)());
        group.spawn(() => sleepForever());
        group.cancel();
      });
      expect(log).toEqual(['commit', 'commit']);
    }));

  test('the failure', () =>
    testRun(async () => {
      const failure = new Error('no');
      const log: string[] = [];
      const outcome = taskGroup(async (group) => {
        await group.enter(transaction(log)());
        group.spawn(() => Promise.reject(failure));
      });
      await expect(outcome).rejects.toBe(failure);
      expect(log).toEqual(['rollback: no']);
      expect(suppressedErrors(failure)).toEqual([]);
    }));

  test('the cancellation that cut it short', () =>
    testRun(async () => {
      const log: string[] = [];
      const body = async (group: TaskGroup): Promise<void> => {
        await group.enter(transaction(log)());
        await sleepForever();
      };
      await new CancelScope({ timeout: 5 }).run(() => taskGroup(body));
      await failureOf(taskGroup(body, { timeout: 5, name: 'db' }));
      expect(log).toEqual([
        'rollback: cancelled',
        'rollback: "db" was cut short: it did not end within 5 ms',
      ]);
    }));

  test('that its block was left without join()', () =>
    testRun(async () => {
      const log: string[] = [];
      {
        await using group = new TaskGroup();
        await group.enter(transaction(log)());
        group.spawn(() => sleepForever());
      }
      expect(log).toEqual(['rollback: cancelled']);
    }));
});

test('what is still being set up when the group ends is cleaned up', () =>
  testRun(async (outer) => {
    const log: string[] = [];
    const slow = defineResource(async function* () {
      await sleep(20);
      yield 'late';
      log.push('closed');
    });
    await taskGroup((group) => {
      outer.spawn(async () => {
        log.push(((await failureOf(group.enter(slow()))) as Error).name);
      });
    });
    log.push('group ended');
    await sleep(30);
    expect(log).toEqual(['group ended', 'closed', 'ReferenceError']);
  }));

test('use() refuses what cannot be disposed of, enter() what is no resource', () =>
  testRun(() =>
    taskGroup(async (group) => {
      expect(() => group.use({} as Disposable)).toThrow(TypeError);
      await expect(group.enter({} as never)).rejects.toThrow(TypeError);
      expect(() => {
        group.defer(5 as never);
      }).toThrow(TypeError);
    }),
  ));

test('a cleanup can start nothing in its group any more', () =>
  testRun(async () => {
    const outcome = taskGroup((group) => {
      group.defer(() => group.spawn(() => 1));
    });
    await expect(outcome).rejects.toThrow(InvalidStateError);
  }));

test('a program that ends while a floating group releases its resources waits for them', async () => {
  const log: string[] = [];
  const loop = new VirtualLoop();
  await run(
    async () => {
      const group = new TaskGroup();
      group.defer(() => sleep(10).then(() => log.push(`released at ${String(loop.now())}`)));
      void group[Symbol.asyncDispose]();
      await sleep(5);
    },
    { loop, signals: [] },
  );
  expect(log).toEqual(['released at 10']);
});
