import {
  any,
  CancelScope,
  defineResource,
  gather,
  moveOnAfter,
  race,
  ResourceStack,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
  timeout,
  TimeoutError,
  use,
} from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { suppress } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

// Cleanup that fails, beside cleanup that waits for something which the same cancellation has ended. Promise 2.
describe('a failure of cleanup comes out beside the join of a task that was cancelled too:', () => {
  const full = (): Error => new Error('disk full');
  const fail = async (): Promise<never> => {
    await shield(() => sleep(2));
    throw full();
  };
  const withWorker = (body: (join: () => Promise<unknown>) => Promise<unknown>) => () =>
    taskGroup(async (outer: TaskGroup) => {
      const worker = outer.spawn(() => sleepForever());
      await body(() => worker.join());
    });
  const inFinally = (cleanup: () => Promise<unknown>): Promise<never> =>
    sleepForever().finally(() => shield(cleanup));

  const shapes: Record<string, () => Promise<unknown>> = {
    'defer, the join first': withWorker((join) =>
      taskGroup(async (group) => {
        group.defer(fail);
        group.defer(join);
        await sleepForever();
      }),
    ),
    'defer, the failure first': withWorker((join) =>
      taskGroup(async (group) => {
        group.defer(join);
        group.defer(fail);
        await sleepForever();
      }),
    ),
    gather: withWorker((join) => inFinally(() => gather([join, fail]))),
    race: withWorker((join) => inFinally(() => race([join, fail]))),
    any: withWorker((join) => inFinally(() => any([join, fail]))),
    'a group': withWorker((join) =>
      inFinally(() =>
        taskGroup((group) => {
          group.spawn(join);
          group.spawn(fail);
        }),
      ),
    ),
    'a supervisor': withWorker((join) =>
      inFinally(() =>
        taskGroup(
          (group) => {
            group.spawn(join);
            group.spawn(fail);
          },
          { onFailure: 'continue' },
        ),
      ),
    ),
    'a ResourceStack': withWorker(async (join) => {
      const stack = new ResourceStack();
      stack.defer(fail);
      stack.defer(join);
      await sleepForever().finally(() => stack.disposeAsync());
    }),
    'the resource of a cleanup': withWorker((join) => {
      const resource = defineResource(async function* () {
        try {
          yield 1;
        } finally {
          await fail();
        }
      });
      return inFinally(() => use(resource(), join));
    }),
    'the cleanup of a task that is cancelled by itself': () =>
      taskGroup(async (group) => {
        const parent = group.spawn((self) =>
          inFinally(async () => {
            const error = self.scope.reason;
            suppress(error, [await caught(fail())]);
            throw error as Error;
          }),
        );
        await sleep(5);
        parent.cancel();
        await sleepForever();
      }),
    'something that attaches it to the cancellation itself': withWorker(async (join) => {
      await inFinally(async () => {
        const cancelled = await caught(join());
        suppress(cancelled, [await caught(fail())]);
        throw cancelled as Error;
      });
    }),
  };
  const ways: Record<string, (body: () => Promise<unknown>) => Promise<unknown>> = {
    moveOnAfter: (body) => moveOnAfter(10, body),
    timeout: (body) => timeout(10, body),
    'a shield with a timeout': (body) => shield(body, { timeout: 10 }),
    'CancelScope.run': (body) => {
      const scope = new CancelScope();
      return scope.run(async () => {
        await gather([() => sleep(10).then(() => scope.cancel()), body]);
      });
    },
    'group.cancel() of the children': (body) =>
      taskGroup(async (group) => {
        group.spawn(body);
        await shield(() => sleep(10));
        group.cancel();
      }),
  };

  const everyWay = Object.entries(ways).flatMap(([way, cut]) =>
    Object.entries(shapes).map(([shape, body]) => ({ name: `${way} of ${shape}`, cut, body })),
  );

  test.each(everyWay)('$name', ({ cut, body }) =>
    testRun(async () => {
      const error = await caught(cut(body));
      const { errors = [] } = error as { errors?: readonly unknown[] };
      const all = [error, ...errors, ...suppressedErrors(error)];
      expect(all.map(String)).toContainEqual('Error: disk full');
      expect(error).not.toBeInstanceOf(TimeoutError);
    }),
  );

  test('and without one the cancellation is absorbed as ever', () =>
    testRun(async () => {
      const body = withWorker((join) => inFinally(() => gather([join, () => sleep(1)])));
      expect(await moveOnAfter(10, body)).toBeUndefined();
      expect(await caught(timeout(10, body))).toBeInstanceOf(TimeoutError);
    }));
});

// The cancellation of somebody else is a failure like any other, and the first comes out.
test('the cancellation of a task that was stopped by itself stays the first failure', () =>
  testRun(async () => {
    const error = await taskGroup(async (group) => {
      const stopped = group.spawn(() => sleepForever());
      stopped.cancel();
      return caught(
        gather([
          () => stopped.join(),
          () => sleepForever().finally(() => Promise.reject(new Error('late'))),
        ]),
      );
    });
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(suppressedErrors(error).map(String)).toEqual(['Error: late']);
  }));
