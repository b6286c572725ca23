import {
  any,
  CancelScope,
  concurrentMap,
  Future,
  gather,
  isCancelled,
  race,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  TaskGroup,
  TaskGroupError,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

// Anything can be thrown, and a look at it may throw in turn: the group must end all the same.
function refuse(): never {
  throw new Error('not to be looked at');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function unreadable(...names: readonly string[]): Error {
  const error = new AggregateError([], 'hidden');
  for (const name of names) Object.defineProperty(error, name, { get: refuse });
  return error;
}

const failures: Record<string, () => object> = {
  'an object without a prototype': () => Object.create(null) as object,
  'an error whose message cannot be read': () => unreadable('message'),
  'an error whose name and errors cannot be read': () => unreadable('name', 'errors', 'suppressed'),
  'an object that cannot become a string': () => ({ toString: refuse }),
  'a Proxy that takes no properties': () => new Proxy(new Error('p'), { defineProperty: refuse }),
  'a revoked Proxy': revoked,
};

// Not by expect(): it would look at the error.
async function thrownBy(work: () => Promise<unknown>): Promise<{ readonly error: unknown }> {
  try {
    await work();
  } catch (error) {
    return { error };
  }
  throw new Error('nothing was thrown');
}

async function later(failure: unknown): Promise<never> {
  await sleep(1);
  throw failure;
}

async function inCleanup(failure: unknown): Promise<never> {
  try {
    return await sleepForever();
  } finally {
    await Promise.reject(failure);
  }
}

describe.each(Object.entries(failures))('%s', (_name, make) => {
  const ways: Record<string, (failure: object) => Promise<unknown>> = {
    'a child': (failure) =>
      taskGroup((group) => {
        group.spawn(() => sleepForever());
        group.spawn(() => later(failure));
      }),
    'a child, at once': (failure) =>
      taskGroup((group) => {
        group.spawn(() => reject(failure));
      }),
    'the body': (failure) =>
      taskGroup((group) => {
        group.spawn(() => sleepForever());
        return later(failure);
      }),
    'a cancelled child': (failure) =>
      taskGroup((group) => {
        const task = group.spawn(() => inCleanup(failure));
        task.cancel(make());
      }),
    'a cancelled scope': (failure) =>
      new CancelScope().run((scope) => {
        scope.cancel(make());
        return inCleanup(failure);
      }),
    'a group left without join': async (failure) => {
      const group = new TaskGroup();
      group.spawn(() => inCleanup(failure));
      await group[Symbol.asyncDispose]();
    },
    gather: (failure) => gather([() => later(failure), () => sleepForever()]),
    race: (failure) => race([() => later(failure), () => sleepForever()]),
    concurrentMap: (failure) => concurrentMap([1, 2], () => later(failure), { limit: 2 }),
  };

  it.each(Object.entries(ways))('comes out of %s, itself', async (_way, run) => {
    await testRun(async () => {
      const failure = make();
      expect((await thrownBy(() => run(failure))).error === failure).toBe(true);
    });
  });

  it('is not lost behind another failure', async () => {
    await testRun(async () => {
      const failure = make();
      const first = new Error('first');
      const { error } = await thrownBy(() =>
        gather([() => later(first), () => inCleanup(failure)]),
      );
      expect(error).toBe(first);
      expect(suppressedErrors(first).length).toBe(1);
      expect(suppressedErrors(first)[0] === failure).toBe(true);
    });
  });

  it('carries the failures after it', async () => {
    await testRun(async () => {
      const failure = make();
      const second = new Error('second');
      await thrownBy(() => gather([() => later(failure), () => inCleanup(second)]));
      expect(suppressedErrors(failure)).toEqual([second]);
    });
  });

  it('is one of several', async () => {
    await testRun(async () => {
      const supervisor = taskGroup(
        (group) => {
          group.spawn(() => later(make()));
        },
        {
          onFailure: 'continue',
        },
      );
      expect((await thrownBy(() => supervisor)).error).toBeInstanceOf(TaskGroupError);
      const { error } = await thrownBy(() => any([() => later(make())]));
      expect((error as AggregateError).errors).toHaveLength(1);
    });
  });

  it('can be the reason of a cancellation', async () => {
    await testRun(async () => {
      const controller = new AbortController();
      const scope = new CancelScope({ signal: controller.signal });
      const run = scope.run(() => sleepForever());
      controller.abort(make());
      await run;
      expect(scope.cancelCaught).toBe(true);

      const future = new Future();
      future.cancel(make());
      expect(isCancelled(future.error())).toBe(true);
      expect(isCancelled(make())).toBe(false);
    });
  });
});

function reject(failure: object): never {
  throw failure;
}

describe('a thenable whose then cannot be read', () => {
  const hidden = Object.defineProperty({}, 'then', { get: refuse });

  it('fails the task that returns it', async () => {
    await testRun(async () => {
      const work = taskGroup(async (group) => {
        await group.spawn(() => hidden);
      });
      await expect(work).rejects.toThrow('not to be looked at');
    });
  });

  it('rejects the future that is resolved with it', async () => {
    const future = new Future();
    future.resolve(hidden);
    await expect(future).rejects.toThrow('not to be looked at');
  });
});
