import { AsyncLocalStorage } from 'node:async_hooks';
import {
  CancelScope,
  contextSnapshot,
  ContextVar,
  currentScope,
  currentTask,
  gather,
  getRunningLoop,
  run,
  sleep,
  sleepForever,
  taskGroup,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const user = new ContextVar<string>({ name: 'user', defaultValue: 'nobody' });

test('has its default outside of run(), else the value of the innermost', () =>
  testRun(async () => {
    expect(user.get()).toBe('nobody');
    expect(new ContextVar<string>().get()).toBeUndefined();
    const seen = await user.run('ada', async () => {
      const outside = user.get();
      const inside = await user.run('grace', async () => {
        await sleep(1);
        return user.get();
      });
      return [outside, inside, user.get()];
    });
    expect(seen).toEqual(['ada', 'grace', 'ada']);
    expect(user.get()).toBe('nobody');
  }));

test('a snapshot that is restored inside of itself is that snapshot', () =>
  testRun(() => {
    const here = user.run('ada', () => contextSnapshot());
    const scope = currentScope();
    const again = () => here(() => [user.get(), currentScope()]);
    const seen = here(() => user.run('grace', () => new CancelScope().run(again)));
    return expect(seen).resolves.toEqual(['ada', scope]);
  }));

test('outside of any run() reaches into scopes, groups and tasks too', async () => {
  const seen = await user.run('ada', () =>
    taskGroup(async (group) => {
      await sleep(1);
      const inner = await new CancelScope().run(() => user.get());
      const parent = new CancelScope({ parent: group.scope });
      return [
        user.get(),
        await group.spawn(() => user.get()),
        inner,
        await parent.run(() => user.get()),
      ];
    }),
  );
  expect(seen).toEqual(['ada', 'ada', 'ada', 'ada']);
});

test('gives back what the function returns, and throws what it throws', () => {
  expect(user.run('ada', () => user.get())).toBe('ada');
  expect(() =>
    user.run('ada', () => {
      throw new Error('refused');
    }),
  ).toThrow('refused');
  expect(user.get()).toBe('nobody');
});

test('two variables do not know each other', () => {
  const other = new ContextVar<string>({ name: 'user' });
  user.run('ada', () => {
    expect(other.get()).toBeUndefined();
    other.run('grace', () => expect([user.get(), other.get()]).toEqual(['ada', 'grace']));
  });
});

test('can be undefined inside of a value', () => {
  const optional = new ContextVar<string | undefined>({ defaultValue: 'default' });
  optional.run(undefined, () => expect(optional.get()).toBeUndefined());
});

describe('a task', () => {
  // rule 248
  test('sees the values of the moment it was spawned', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await taskGroup(async (group) => {
        user.run('at spawn', () => {
          group.spawn(async () => {
            log.push(user.get());
            await sleep(10);
            log.push(user.get());
          });
        });
        await user.run('later', () => sleep(5));
      });
      expect(log).toEqual(['at spawn', 'at spawn']);
    }));

  // rule 248
  test('that had to queue sees them too', () =>
    testRun(async () => {
      const log: unknown[] = [];
      await taskGroup(
        (group) => {
          group.spawn(() => sleep(5));
          user.run('at spawn', () => group.spawn(() => log.push(user.get())));
        },
        { limit: 1 },
      );
      expect(log).toEqual(['at spawn']);
    }));

  // rules 246, 248
  test('keeps its own values from the one who spawned it and from its siblings', () =>
    testRun(async () => {
      const log: string[] = [];
      const child = (name: string) => () =>
        user.run(name, async () => {
          await sleep(5);
          log.push(`${name} sees ${String(user.get())}`);
        });
      await taskGroup(async (group) => {
        group.spawn(child('ada'));
        group.spawn(child('grace'));
        log.push(`spawner sees ${String(user.get())}`);
        await sleep(1);
        log.push(`spawner sees ${String(user.get())}`);
      });
      expect(log).toEqual([
        ...['spawner sees nobody', 'spawner sees nobody'],
        ...['ada sees ada', 'grace sees grace'],
      ]);
    }));

  test('of gather has the values of the one who gathers', () =>
    testRun(async () => {
      const fns = [() => user.get(), () => sleep(1).then(() => user.get())];
      expect(await user.run('ada', () => gather(fns))).toEqual(['ada', 'ada']);
    }));

  // rule 242
  test('of a run() has the values of the one who runs it, one run after the other', async () => {
    const loopOptions = { signals: [] };
    const values = await user.run('ada', async () => [
      await run(() => user.get(), loopOptions),
      await run(async () => sleep(1).then(() => user.get()), loopOptions),
    ]);
    expect(values).toEqual(['ada', 'ada']);
  });
});

describe('callbacks have the values of the one who registered them', () => {
  // rule 249
  test('of timers', () =>
    testRun(async () => {
      const log: unknown[] = [];
      user.run('ada', () => {
        getRunningLoop().callLater(5, () => log.push(user.get()));
        getRunningLoop().callNext(() => log.push(user.get()));
        getRunningLoop().callSoon(() => log.push(user.get()));
      });
      await user.run('grace', () => sleep(10));
      expect(log).toEqual(['ada', 'ada', 'ada']);
    }));

  // rule 249
  test('of cancellations', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const scope = new CancelScope();
      const running = scope.run(() => sleepForever());
      user.run('ada', () => scope.onCancel(() => log.push(user.get())));
      user.run('grace', () => {
        scope.cancel();
      });
      await running;
      expect(log).toEqual(['ada']);
    }));

  // rule 249
  test('of tasks that end', () =>
    testRun(async (group) => {
      const task = user.run('the task', () => group.spawn(() => sleep(5)));
      const log: unknown[] = [];
      await user.run('ada', () => task.then(() => log.push(user.get())));
      expect(log).toEqual(['ada']);
    }));
});

describe('contextSnapshot', () => {
  test('takes variables, scope, task and foreign stores along', () =>
    testRun(async (group) => {
      const foreign = new AsyncLocalStorage<string>();
      const look = () => [user.get(), foreign.getStore(), currentScope(), currentTask()?.name];
      let here = contextSnapshot();
      let expected: unknown[] = [];
      const task = group.spawn(
        () =>
          user.run('ada', () =>
            foreign.run('stored', async () => {
              here = contextSnapshot();
              expected = look();
              await sleep(5);
            }),
          ),
        { name: 'owner' },
      );
      expect(look()).not.toEqual(expected);
      expect(here(look)).toEqual(expected);
      expect(expected.slice(0, 2)).toEqual(['ada', 'stored']);
      expect(expected[3]).toBe('owner');
      await task;
    }));

  test('brings the cancellation of its scope along', () =>
    testRun(async () => {
      const scope = new CancelScope();
      const here = await scope.run(() => {
        scope.cancel('over');
        return contextSnapshot();
      });
      await expect(here?.(() => sleep(1))).rejects.toThrow('over');
      await sleep(1);
    }));
});
