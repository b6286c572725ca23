import {
  CancelScope,
  ContextVar,
  currentTask,
  InvalidStateError,
  isCancelled,
  sleep,
  sleepForever,
  taskGroup,
  TaskGroup,
  wait,
} from '@ambit/core';
import type { Task } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { collectGarbage } from './collect-garbage.ts';

// rule 57
test('a group waits for all children and then resolves with the value of its body', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const value = await taskGroup(async (group) => {
      group.spawn(async () => {
        await sleep(30);
        log.push('slow child');
      });
      group.spawn(async () => {
        await sleep(10);
        log.push('quick child');
      });
      log.push('body');
      return 7;
    });
    expect(value).toBe(7);
    expect(log).toEqual(['body', 'quick child', 'slow child']);
    expect(loop.now()).toBe(30);
  }));

test('a group without children resolves with the value of its body, synchronous or not', () =>
  testRun(async () => {
    expect(await taskGroup(() => 1)).toBe(1);
    expect(await taskGroup(async () => 2)).toBe(2);
  }));

test('spawn calls the function at once, up to its first await', () =>
  testRun(() =>
    taskGroup((group) => {
      const log: string[] = [];
      const task = group.spawn(async (self) => {
        log.push(`in ${self.name}, ${self.status}`);
        await sleep(1);
      });
      log.push('after spawn');
      expect(log).toEqual([`in ${task.name}, running`, 'after spawn']);
    }),
  ));

// rule 75
test('a task that has ended is out of its group at once', () =>
  testRun(() =>
    taskGroup(async (group) => {
      const short = group.spawn(() => sleep(1));
      const long = group.spawn(() => sleep(2));
      const daemon = group.spawn(() => sleepForever(), { daemon: true });
      group.spawn(() => 'at once');
      expect(group.size).toBe(3);
      expect([...group.tasks]).toEqual([short, long, daemon]);
      await short;
      expect(group.size).toBe(2);
      expect([...group.tasks]).toEqual([long, daemon]);
    }),
  ));

// rule 75, rule 89
test('a group that has run 200,000 tasks holds none of them', () =>
  testRun(
    () =>
      taskGroup(async (group) => {
        const samples: WeakRef<object>[] = [];
        for (let batch = 0; batch < 200; batch += 1) {
          for (let n = 0; n < 1000; n += 1) {
            const result = { n };
            const task = group.spawn(async () => {
              await Promise.resolve();
              return result;
            });
            if (n === 0) samples.push(new WeakRef(task), new WeakRef(result));
          }
          await group.join();
        }
        expect(group.size).toBe(0);
        await collectGarbage();
        expect(samples.filter((sample) => sample.deref() !== undefined)).toHaveLength(0);
      }),
    { limit: 30_000 },
  ));

// rule 89
test('nothing keeps an ended group, its error, its tasks or its value from being collected', () =>
  testRun(async () => {
    const held: WeakRef<object>[] = [];
    const succeed = async (): Promise<void> => {
      const value = await taskGroup((group) => ({ group, task: group.spawn(() => sleep(1)) }));
      held.push(new WeakRef(value), new WeakRef(value.group), new WeakRef(value.task));
    };
    const fail = async (): Promise<void> => {
      await taskGroup(async (group) => {
        group.spawn(() => Promise.reject(new Error('lost')));
        await sleepForever();
      }).catch((error: unknown) => held.push(new WeakRef(error as object)));
    };
    await succeed();
    await fail();
    await collectGarbage();
    expect(held.map((reference) => reference.deref())).toEqual(Array(4).fill(undefined));
  }));

// rule 76
test('children may spawn into their group, also after the body has returned', () =>
  testRun(async () => {
    const log: string[] = [];
    await taskGroup((group) => {
      group.spawn(async () => {
        await sleep(10);
        group.spawn(async () => {
          await sleep(10);
          log.push('grandchild');
        });
        log.push('child');
      });
      log.push('body');
    });
    expect(log).toEqual(['body', 'child', 'grandchild']);
  }));

// rule 76
test('the last child may start the next in the moment in which it ends', () =>
  testRun(async (_group, loop) => {
    const relay = async (group: TaskGroup, legs: number): Promise<void> => {
      await sleep(1);
      if (legs > 1) group.spawn(() => relay(group, legs - 1));
    };
    await taskGroup((group) => {
      group.spawn(() => relay(group, 5));
    });
    expect(loop.now()).toBe(5);
  }));

// rule 77
test('a group of tasks that replace themselves for ever ends when one of them fails', () =>
  testRun(async () => {
    const failure = new Error('enough heads');
    let heads = 0;
    const hydra = async (group: TaskGroup): Promise<void> => {
      heads += 1;
      const head = heads;
      try {
        await sleep(1);
        if (head === 20) throw failure;
      } finally {
        group.spawn(() => hydra(group));
        group.spawn(() => hydra(group));
      }
    };
    const outcome = taskGroup((group) => {
      group.spawn(() => hydra(group));
    });
    await expect(outcome).rejects.toBe(failure);
  }));

// rule 78
test('a group that has ended refuses spawn, start, use and defer, and calls nothing', () =>
  testRun(async () => {
    const fn = jest.fn();
    const ended = await taskGroup((group) => ({ group })).then(({ group }) => group);
    expect(() => ended.spawn(fn)).toThrow(InvalidStateError);
    expect(() => ended.spawn(fn)).toThrow('spawn: the task group has ended');
    expect(() => {
      ended.defer(fn);
    }).toThrow(InvalidStateError);
    expect(() => ended.use({ [Symbol.dispose]: fn })).toThrow(InvalidStateError);
    await expect(ended.start(fn)).rejects.toThrow(InvalidStateError);
    expect(fn).not.toHaveBeenCalled();
  }));

// rule 81
test('a child that throws at once is a failed task, and brings down who stands beside it', () =>
  testRun(async () => {
    const failure = new Error('at once');
    const log: string[] = [];
    const outcome = taskGroup(async (group) => {
      const sibling = group.spawn(() => sleepForever());
      const task = group.spawn(() => {
        throw failure;
      });
      log.push(task.status, sibling.status, group.spawn(() => log.push('never')).status);
      expect(task.error()).toBe(failure);
      await sleep(1).catch((error: unknown) => {
        log.push(isCancelled(error) ? 'body cancelled' : 'no');
        throw error;
      });
    });
    await expect(outcome).rejects.toBe(failure);
    expect(log).toEqual(['rejected', 'cancelling', 'cancelled', 'body cancelled']);
  }));

// rule 90
test('a group works without any run or task around it', async () => {
  const value = await taskGroup(async (group) => {
    expect(currentTask()).toBeUndefined();
    return [
      await group.spawn(() => 1),
      await group.spawn(() => currentTask()?.name, { name: 'n' }),
    ];
  });
  expect(value).toEqual([1, 'n']);
});

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
        expect([good, bad, gone].map((task) => task.status)).toEqual([
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
      log.push(task.status);
      expect(task.cancel('enough')).toBe(true);
      log.push(task.status);
      await task.join().catch((error: unknown) => log.push((error as Error).message));
      log.push(task.status, `at ${String(loop.now())}`);
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

test('options are checked before anything begins', () =>
  testRun(async () => {
    const body = jest.fn();
    const withOptions = (options: unknown) => taskGroup(body, options as object);
    await expect(withOptions({ limit: 0 })).rejects.toThrow(RangeError);
    await expect(withOptions({ limit: 1.5 })).rejects.toThrow(RangeError);
    await expect(withOptions({ timeout: NaN })).rejects.toThrow(RangeError);
    await expect(withOptions({ onFailure: 'ignore' })).rejects.toThrow(
      "give 'cancel' or 'continue'",
    );
    expect(() => new TaskGroup({ limit: -1 })).toThrow(RangeError);
    expect(body).not.toHaveBeenCalled();
    await expect(taskGroup(5 as never)).rejects.toThrow(TypeError);
  }));
