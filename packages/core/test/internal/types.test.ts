import { expectTypeOf } from 'expect-type';
import {
  any,
  asCompleted,
  CancelScope,
  concurrentMap,
  ContextVar,
  createTask,
  defineResource,
  Future,
  gather,
  gatherSettled,
  moveOnAfter,
  race,
  retry,
  run,
  shield,
  sleep,
  sleepForever,
  Task,
  taskGroup,
  timeout,
  use,
  wait,
  waitFor,
} from '@ambit/core';
import type { TaskGroup } from '@ambit/core';

// Nothing below is run: the type-checker is the one that tests. `tsc -b` in the gate fails on a wrong type.
const neverCalled = (body: (group: TaskGroup, task: Task<number>) => unknown) => {
  expect(typeof body).toBe('function');
};

test('gather infers tuples, arrays and records', () => {
  neverCalled(async () => {
    expectTypeOf(await gather([() => 1, async () => 'two', () => sleep(3)])).toEqualTypeOf<
      [number, string, void]
    >();
    expectTypeOf(await gather([1, 2].map((n) => async () => n))).toEqualTypeOf<number[]>();
    const record = await gather({ user: async () => ({ id: 1 }), count: () => 2 });
    expectTypeOf(record).toEqualTypeOf<{ user: { id: number }; count: number }>();
    expectTypeOf(await gather([])).toEqualTypeOf<[]>();
    // The function gets its task.
    await gather([(task) => expectTypeOf(task.signal).toEqualTypeOf<AbortSignal>()]);
    // @ts-expect-error a promise has begun already: give functions
    await gather([Promise.resolve(1)]);
    // @ts-expect-error a number is no function
    await gather({ a: 1 });
    // @ts-expect-error there is no such option
    await gather([], { concurrency: 2 });
  });
});

test('gatherSettled infers the outcome of each', () => {
  neverCalled(async () => {
    expectTypeOf(await gatherSettled([() => 1, async () => 'two'])).toEqualTypeOf<
      [PromiseSettledResult<number>, PromiseSettledResult<string>]
    >();
    expectTypeOf(await gatherSettled({ a: () => 1 })).toEqualTypeOf<{
      a: PromiseSettledResult<number>;
    }>();
  });
});

test('race and any give the union of what may win', () => {
  neverCalled(async () => {
    expectTypeOf(await race([() => 1, async () => 'two'])).toEqualTypeOf<number | string>();
    expectTypeOf(await any([() => 1, async () => 'two'])).toEqualTypeOf<number | string>();
    expectTypeOf(await race([1, 2].map((n) => () => n))).toEqualTypeOf<number>();
    expectTypeOf(await race([() => sleepForever(), () => true])).toEqualTypeOf<boolean>();
    // @ts-expect-error promises cannot be cancelled: give functions
    await race([Promise.resolve(1)]);
    // @ts-expect-error the option is called stagger
    await any([() => 1], { delay: 5 });
  });
});

test('taskGroup gives the value of its body, a task that of its function', () => {
  neverCalled(async (_group, task) => {
    const value = await taskGroup(async (group) => {
      expectTypeOf(group).toEqualTypeOf<TaskGroup>();
      const child = group.spawn(async (self) => {
        expectTypeOf(self.scope).toEqualTypeOf<CancelScope>();
        return 'value';
      });
      expectTypeOf(child).toEqualTypeOf<Task<string>>();
      expectTypeOf(child.result()).toEqualTypeOf<string>();
      expectTypeOf(child.error()).toBeUnknown();
      expectTypeOf(await child).toEqualTypeOf<string>();
      expectTypeOf(await child.join()).toEqualTypeOf<string>();
      expectTypeOf(group.spawn(() => 5)).toEqualTypeOf<Task<number>>();
      return { n: 1 };
    });
    expectTypeOf(value).toEqualTypeOf<{ n: number }>();
    // A task of something is a task of anything, and a promise.
    expectTypeOf(task).toExtend<Task<unknown>>();
    expectTypeOf(task).toExtend<Promise<number>>();
    // @ts-expect-error a promise is no function
    await taskGroup(Promise.resolve(1));
    // @ts-expect-error there is no such policy
    await taskGroup(() => 1, { onFailure: 'ignore' });
    // @ts-expect-error tasks are made by groups
    expect(new Task()).toBeDefined();
  });
});

test('start() gives the value that the function announces', () => {
  neverCalled(async (group) => {
    const port = await group.start<number>(async (_task, started) => {
      started(80);
      await sleep(1);
    });
    expectTypeOf(port).toEqualTypeOf<number>();
    // @ts-expect-error not a number
    await group.start<number>((_task, started) => started('eighty'));
  });
});

test('wait gives sets of the tasks it was given, of one type or several', () => {
  neverCalled(async (group, task) => {
    const { done, pending } = await wait([task, task]);
    expectTypeOf(done).toEqualTypeOf<Set<Task<number>>>();
    expectTypeOf(pending).toEqualTypeOf<Set<Task<number>>>();
    const text = group.spawn(() => 'text');
    const mixed = await wait(new Set([task, text]), { until: 'first-completed', timeout: 5 });
    expectTypeOf(mixed.done).toEqualTypeOf<Set<Task<number> | Task<string>>>();
    // @ts-expect-error functions are for asCompleted
    await wait([() => 1]);
    // @ts-expect-error there is no such condition
    await wait([task], { until: 'any' });
  });
});

test('asCompleted gives tasks, of functions and of tasks', () => {
  neverCalled(async (_group, task) => {
    const tasks = asCompleted([() => 1, async () => 'two', task]);
    expectTypeOf(tasks).toExtend<AsyncIterable<Task<number> | Task<string>>>();
    for await (const each of tasks) {
      expectTypeOf(each).toEqualTypeOf<Task<number> | Task<string>>();
    }
    // TypeScript has it that `for await` awaits what it gets; it must not, however often it looks.
    for await (const each of tasks) {
      expectTypeOf(each).toEqualTypeOf<Task<number> | Task<string>>();
      expectTypeOf(each.result()).toEqualTypeOf<number | string>();
    }
    for await (const each of asCompleted([1].map((n) => () => n))) {
      expectTypeOf(each).toEqualTypeOf<Task<number>>();
    }
    for await (const each of asCompleted([2].map((n) => () => n))) {
      expectTypeOf(await each).toEqualTypeOf<number>();
    }
    expectTypeOf((await tasks.next()).value).toEqualTypeOf<
      Task<number> | Task<string> | undefined
    >();
    // @ts-expect-error a promise cannot be cancelled
    asCompleted([Promise.resolve(1)]);
  });
});

test('concurrentMap infers items and results, from iterables of both kinds', () => {
  neverCalled(async () => {
    async function* lines() {
      yield 'line';
    }
    const sizes = await concurrentMap(lines(), async (line, index) => line.length + index, {
      limit: 2,
    });
    expectTypeOf(sizes).toEqualTypeOf<number[]>();
    expectTypeOf(await concurrentMap(new Set([1]), String, { limit: 1 })).toEqualTypeOf<string[]>();
    // @ts-expect-error the limit has no default
    await concurrentMap([1], String);
  });
});

test('the helpers with time give what their body gives, or undefined where they move on', () => {
  neverCalled(async (_group, task) => {
    expectTypeOf(await timeout(5, async () => 'v')).toEqualTypeOf<string>();
    expectTypeOf(await timeout(null, () => 1)).toEqualTypeOf<number>();
    expectTypeOf(await moveOnAfter(5, async () => 'v')).toEqualTypeOf<string | undefined>();
    expectTypeOf(await shield(() => 1)).toEqualTypeOf<number>();
    expectTypeOf(await retry(async (attempt) => attempt)).toEqualTypeOf<number>();
    expectTypeOf(await waitFor(task, 5)).toEqualTypeOf<number>();
    expectTypeOf(await waitFor(async () => 'v', 5)).toEqualTypeOf<string>();
    expectTypeOf(await waitFor(Promise.resolve(true), 5)).toEqualTypeOf<boolean>();
    expectTypeOf(sleep(5)).toEqualTypeOf<Promise<void>>();
    expectTypeOf(await sleep(5, { value: 'v' })).toEqualTypeOf<string>();
    expectTypeOf(sleepForever()).toEqualTypeOf<Promise<never>>();
    expectTypeOf(await new CancelScope().run(async () => 1)).toEqualTypeOf<number | undefined>();
    // @ts-expect-error milliseconds are a number
    await sleep('5');
    // @ts-expect-error there is no such jitter
    await retry(() => 1, { jitter: 'half' });
  });
});

test('run, createTask, Future, ContextVar and resources infer their types', () => {
  neverCalled(async () => {
    expectTypeOf(await run(async () => 'v', { signals: ['SIGTERM'] })).toEqualTypeOf<string>();
    expectTypeOf(createTask(async () => 1)).toEqualTypeOf<Task<number>>();
    // @ts-expect-error there is no such signal
    await run(() => 1, { signals: ['SIGFOO'] });

    const future = new Future<number>();
    expectTypeOf(await future.wait()).toEqualTypeOf<number>();
    expectTypeOf(future.tryResolve(1)).toEqualTypeOf<boolean>();
    // @ts-expect-error not a number
    future.resolve('one');

    const variable = new ContextVar<number>();
    expectTypeOf(variable.get()).toEqualTypeOf<number | undefined>();
    expectTypeOf(variable.run(1, () => 'v')).toEqualTypeOf<string>();

    const connection = defineResource(async function* (url: string, port: number) {
      yield { url, port };
    });
    expectTypeOf(connection).parameters.toEqualTypeOf<[url: string, port: number]>();
    expectTypeOf(await use(connection('a', 1), (client) => client.port)).toEqualTypeOf<number>();
    // @ts-expect-error the port is missing
    connection('a');
  });
});
