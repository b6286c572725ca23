import {
  CancelScope,
  ContextVar,
  currentTask,
  InvalidStateError,
  run,
  sleep,
  sleepForever,
  taskGroup,
  TaskGroup,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

test('each call is a task of the group, waited for, and gives its value', () =>
  testRun(async (_group, loop) => {
    let reply: Promise<number> | undefined;
    await taskGroup((group) => {
      const double = group.bind(async (n: number) => {
        expect(currentTask()?.group).toBe(group);
        return sleep(10, { value: 2 * n });
      });
      reply = double(4);
      expect([...group.tasks]).toHaveLength(1);
    });
    expect([await reply, loop.now()]).toEqual([8, 10]);
  }));

test('a failure goes to the caller only; one that nobody looks at goes nowhere', () =>
  testRun(async () => {
    const failure = new Error('refused');
    const value = await taskGroup(async (group) => {
      const failing = group.bind(() => Promise.reject(failure));
      const throwing = group.bind(() => {
        throw failure;
      });
      void failing();
      await expect(failing()).rejects.toBe(failure);
      await expect(throwing()).rejects.toBe(failure);
      return 'goes on';
    });
    expect(value).toBe('goes on');
  }));

test('cancelled with the group, and then never called again', () =>
  testRun(async () => {
    const fn = jest.fn(() => sleepForever());
    let group: TaskGroup | undefined;
    let calls: Promise<unknown>[] = [];
    const scope = new CancelScope();
    await scope.run(() =>
      taskGroup(async (own) => {
        group = own;
        const bound = own.bind(fn);
        calls = [bound()];
        await sleep(1);
        scope.cancel();
        calls.push(bound());
      }),
    );
    for (const call of calls) await expect(call).rejects.toBe(scope.reason);
    expect(fn).toHaveBeenCalledTimes(1);
    const late = (group as TaskGroup).bind(fn)();
    await expect(late).rejects.toThrow(InvalidStateError);
  }));

test('runs in the group’s scope also where the caller’s is cancelled', () =>
  testRun(async () => {
    await taskGroup(async (group) => {
      const bound = group.bind(() => sleep(5, { value: 'done' }));
      const scope = new CancelScope();
      let call: Promise<string> | undefined;
      await scope.run(async () => {
        scope.cancel();
        call = bound();
      });
      expect(await call).toBe('done');
    });
  }));

test('waits for its turn in a group with a limit', () =>
  testRun(async (_group, loop) => {
    await taskGroup(
      (group) => {
        const bound = group.bind(() => sleep(10));
        void bound();
        void bound();
      },
      { limit: 1 },
    );
    expect(loop.now()).toBe(20);
  }));

test('passes `this` and arguments on, and names its tasks', () =>
  testRun(async () => {
    await taskGroup(async (group) => {
      const names: (string | undefined)[] = [];
      const owner = {
        factor: 3,
        times: group.bind(
          function times(this: { factor: number }, n: number) {
            names.push(currentTask()?.name);
            return n * this.factor;
          },
          { name: (n: number) => `times ${String(n)}` },
        ),
      };
      expect(await owner.times(4)).toBe(12);
      await group.bind(async function plain() {
        names.push(currentTask()?.name);
      })();
      expect(names).toEqual(['times 4', 'plain']);
      expect(() => group.bind(1 as never)).toThrow('bind: fn is 1');
      expect(() => group.bind(() => 1, { name: 1 as never })).toThrow('name is 1');
      const badName = group.bind(() => 1, {
        name: () => {
          throw new Error('no name');
        },
      });
      await expect(badName()).rejects.toThrow('no name');
    });
  }));

test('sees the variables of the call, or those of the place where it was bound', async () => {
  const id = new ContextVar<string>();
  const seen: unknown[] = [];
  await run(
    async (group) => {
      const bound = id.run('bound', () => group.bind(() => seen.push(id.get())));
      await bound();
      await id.run('called', () => bound());
    },
    { signals: [] },
  );
  expect(seen).toEqual(['bound', 'called']);
});
