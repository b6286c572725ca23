import {
  CancelScope,
  defineResource,
  gather,
  InvalidStateError,
  moveOnAfter,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  throwIfCancelled,
  timeout,
  use,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

/** A resource that notes what becomes of it; each step takes a millisecond. */
function noting(log: string[]) {
  return defineResource(async function* connection(name: string) {
    await sleep(1);
    log.push(`open ${name}`);
    try {
      yield name.toUpperCase();
    } catch (error) {
      log.push(`${name} sees ${String(error)}`);
      throw error;
    } finally {
      await sleep(1);
      log.push(`close ${name}`);
    }
  });
}

test('is set up, used, and cleaned up', () =>
  testRun(async () => {
    const log: string[] = [];
    const length = await use(noting(log)('a'), async (value) => {
      log.push(`use ${value}`);
      await sleep(1);
      return value.length;
    });
    expect(length).toBe(1);
    expect(log).toEqual(['open a', 'use A', 'close a']);
  }));

test('is only made by use: each use opens it anew', () =>
  testRun(async () => {
    const log: string[] = [];
    const resource = noting(log)('a');
    expect(log).toEqual([]);
    await use(resource, () => use(resource, () => undefined));
    expect(log).toEqual(['open a', 'open a', 'close a', 'close a']);
  }));

describe('a body that fails', () => {
  test('has its error thrown into the setup at its yield, and out of use()', () =>
    testRun(async () => {
      const log: string[] = [];
      const failure = new Error('refused');
      await expect(use(noting(log)('a'), () => Promise.reject(failure))).rejects.toBe(failure);
      expect(log).toEqual(['open a', 'a sees Error: refused', 'close a']);
    }));

  test('fails use() also if the setup swallows it', () =>
    testRun(async () => {
      const failure = new Error('refused');
      const swallowing = defineResource(async function* () {
        try {
          yield 1;
        } catch {
          // Not its to swallow.
        }
      });
      await expect(use(swallowing(), () => Promise.reject(failure))).rejects.toBe(failure);
    }));

  // rule 278
  test('keeps its error, with that of the cleanup attached', () =>
    testRun(async () => {
      const [failure, cleanup] = [new Error('refused'), new Error('cleanup')];
      const failing = defineResource(async function* () {
        try {
          yield 1;
        } finally {
          // eslint-disable-next-line no-unsafe-finally
          throw cleanup;
        }
      });
      await expect(use(failing(), () => Promise.reject(failure))).rejects.toBe(failure);
      expect(suppressedErrors(failure)).toEqual([cleanup]);
    }));
});

// rule 278
test('a cleanup that fails alone fails use()', () =>
  testRun(async () => {
    const cleanup = new Error('cleanup');
    const failing = defineResource(async function* () {
      yield 1;
      throw cleanup;
    });
    await expect(use(failing(), () => 'value')).rejects.toBe(cleanup);
  }));

describe('cancelled', () => {
  // rule 278
  test('while it is used, is cleaned up in peace: cleanup is shielded', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      await moveOnAfter(5, () => use(noting(log)('a'), () => sleepForever()));
      expect(log).toEqual(['open a', 'a sees AbortError: the scope ran out of time', 'close a']);
      expect(loop.now()).toBe(6);
    }));

  test('half-way through the setup, cleans up what it had', () =>
    testRun(async () => {
      const log: string[] = [];
      const inner = noting(log);
      const outer = defineResource(async function* () {
        const stack: string[] = [];
        try {
          stack.push('half');
          await sleepForever();
          yield stack;
        } finally {
          log.push(`close ${stack.join()}`);
        }
      });
      await moveOnAfter(5, () => use(inner('a'), () => use(outer(), () => log.push('used'))));
      expect(log).toEqual([
        'open a',
        'close half',
        'a sees AbortError: the scope ran out of time',
        'close a',
      ]);
    }));

  test('in the tick in which the setup is over, is cleaned up too', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const scope = new CancelScope();
      const using = scope.run(() =>
        use(noting(log)('a'), () => {
          log.push('body');
          throwIfCancelled();
        }),
      );
      group.spawn(async () => {
        await sleep(1);
        scope.cancel();
      });
      await using;
      expect(log.at(-1)).toBe('close a');
    }));
});

test('a failing setup fails use(); the body is not called', () =>
  testRun(async () => {
    const failure = new Error('refused');
    const failing = defineResource(async function* () {
      await sleep(1);
      if (Math.random() < 2) throw failure;
      yield 1;
    });
    const log: string[] = [];
    await expect(use(failing(), () => log.push('body'))).rejects.toBe(failure);
    expect(log).toEqual([]);
  }));

test('a setup that does not yield exactly once is an InvalidStateError that names it', () =>
  testRun(async () => {
    const never = defineResource(async function* nothing(): AsyncGenerator<number, void> {
      // Forgot to.
    });
    const twice = defineResource(async function* pair() {
      yield 1;
      yield 2;
    });
    await expect(use(never(), () => 1)).rejects.toThrow(
      new InvalidStateError('the resource nothing ended without a yield; yield its value once'),
    );
    await expect(use(twice(), () => 1)).rejects.toThrow(
      new InvalidStateError('the resource pair yielded twice; yield its value once'),
    );
  }));

test('belongs to the scope it is used in: a task started by the body ends before the cleanup', () =>
  testRun(async () => {
    const log: string[] = [];
    await use(noting(log)('a'), () =>
      taskGroup((group) => {
        group.spawn(async () => {
          await sleep(5);
          log.push('task ends');
        });
      }),
    );
    expect(log).toEqual(['open a', 'task ends', 'close a']);
  }));

describe('entered into a group', () => {
  // rule 278
  test('is cleaned up after the children, last first', () =>
    testRun(async () => {
      const log: string[] = [];
      const value = await taskGroup(async (group) => {
        const [a] = [await group.enter(noting(log)('a')), await group.enter(noting(log)('b'))];
        group.defer(() => log.push('deferred'));
        group.spawn(async () => {
          await sleep(5);
          log.push('child ends');
        });
        return a;
      });
      expect(value).toBe('A');
      expect(log).toEqual(['open a', 'open b', 'child ends', 'deferred', 'close b', 'close a']);
    }));

  test('sees the failure that brought the group down', () =>
    testRun(async () => {
      const log: string[] = [];
      const failure = new Error('refused');
      const grouping = taskGroup(async (group) => {
        await group.enter(noting(log)('a'));
        group.spawn(() => Promise.reject(failure));
        await sleepForever();
      });
      await expect(grouping).rejects.toBe(failure);
      expect(log).toEqual(['open a', 'a sees Error: refused', 'close a']);
    }));
});

test('a timeout around the use does not cut the cleanup short', () =>
  testRun(async () => {
    const log: string[] = [];
    const using = timeout(5, () =>
      gather([() => use(noting(log)('a'), () => sleepForever()), () => sleep(1)]),
    );
    await expect(using).rejects.toThrow('did not end within 5 ms');
    expect(log.at(-1)).toBe('close a');
  }));
