import {
  CancelScope,
  ContextVar,
  InvalidStateError,
  isCancelled,
  sleep,
  sleepForever,
  taskGroup,
  wait,
} from '@ambit/core';
import type { Task } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

// rule 91
test('a task is called by its given name, else by its function’s, else by its number', () =>
  testRun(() =>
    taskGroup((group) => {
      const given = group.spawn(() => sleep(1), { name: 'given' });
      const byFunction = group.spawn(async function download() {
        await sleep(1);
      });
      const first = group.spawn(() => sleep(1));
      const second = group.spawn(() => sleep(1));
      expect([given.name, byFunction.name]).toEqual(['given', 'download']);
      expect(first.name).toBe(`task-${String(first.id)}`);
      expect(second.name).not.toBe(first.name);
      first.name = 'renamed';
      expect(first.name).toBe('renamed');
    }),
  ));

// rule 91
test('a child sees the context variables of its spawner, whoever owns the group', () =>
  testRun(async () => {
    const user = new ContextVar<string>();
    const seen = await taskGroup((outer) =>
      user.run('ada', () =>
        outer.spawn(async () => {
          await sleep(1);
          return user.get();
        }),
      ),
    );
    expect(seen).toBe('ada');
  }));

// rule 97
test('result() and error() answer when the task is done, and refuse before', () =>
  testRun(async () => {
    const failure = new Error('no luck');
    await taskGroup(
      async (group) => {
        const good = group.spawn(() => sleep(1, { value: 5 }));
        const bad = group.spawn(async () => {
          await sleep(1);
          throw failure;
        });
        const gone = group.spawn(() => sleepForever(), { name: 'gone' });
        expect(() => good.result()).toThrow(InvalidStateError);
        expect(() => gone.error()).toThrow('the task "gone" is not finished');
        gone.cancel('not needed');
        await wait([good, bad, gone]);
        expect([good.result(), good.error()]).toEqual([5, undefined]);
        expect(bad.error()).toBe(failure);
        expect(() => bad.result()).toThrow(failure);
        expect(isCancelled(gone.error())).toBe(true);
        expect((gone.error() as { scope: CancelScope }).scope).toBe(gone.scope);
        expect(() => gone.result()).toThrow('not needed');
        expect([good, bad, gone].map((task) => task.state)).toEqual([
          'fulfilled',
          'rejected',
          'cancelled',
        ]);
      },
      { onFailure: 'continue' },
    ).catch(() => undefined);
  }));

// rule 99
test('wait() for a task never throws the task’s error, and is a checkpoint', () =>
  testRun(async () => {
    await taskGroup(
      async (group) => {
        const bad = group.spawn(() => Promise.reject(new Error('bad')));
        expect((await wait([bad])).done).toEqual(new Set([bad]));
        const scope = new CancelScope();
        await scope.run(async () => {
          scope.cancel();
          await wait([bad]);
        });
        expect(scope.cancelCaught).toBe(true);
      },
      { onFailure: 'continue' },
    ).catch(() => undefined);
  }));

// rule 100, rule 63
test('a cancelled child is cancelling until its cleanup is over, and its sibling does not notice', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const statusesOf = async (task: Task<unknown>): Promise<void> => {
      log.push(task.state);
      expect(task.cancel('enough')).toBe(true);
      log.push(task.state);
      await task.join().catch((error: unknown) => log.push((error as Error).message));
      log.push(task.state, `at ${String(loop.now())}`);
      expect(task.cancel()).toBe(false);
    };
    const value = await taskGroup(async (group) => {
      const sibling = group.spawn(() => sleep(50, { value: 'sibling' }));
      const task = group.spawn(async () => {
        try {
          await sleepForever();
        } finally {
          await new CancelScope({ shield: true }).run(() => sleep(20));
        }
      });
      await statusesOf(task);
      return sibling;
    });
    expect(value).toBe('sibling');
    const message = 'the scope was cancelled: enough';
    expect(log).toEqual(['running', 'cancelling', message, 'cancelled', 'at 20']);
  }));

// rule 101
test('spawn refuses what is not a function and says what to give instead', () =>
  testRun(() =>
    taskGroup((group) => {
      const spawn = group.spawn.bind(group) as (fn: unknown, options?: unknown) => unknown;
      expect(() => spawn(Promise.resolve())).toThrow('give the function itself');
      expect(() => spawn(undefined)).toThrow(TypeError);
      expect(() => spawn(() => 1, { name: 1 })).toThrow('name is 1, not a string');
      expect(group.size).toBe(0);
      expect(group.spawn(() => 5).result()).toBe(5);
    }),
  ));

test('a task whose own scope was disposed of by hand ends all the same', async () => {
  await taskGroup(async (group) => {
    const outcomes = await Promise.allSettled([
      group.spawn(async (self) => {
        self.scope[Symbol.dispose]();
        await Promise.resolve();
        return 7;
      }),
      group.spawn((self) => {
        self.scope[Symbol.dispose]();
        return 8;
      }),
    ]);
    expect(outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value)).toEqual([
      7, 8,
    ]);
  });
});
