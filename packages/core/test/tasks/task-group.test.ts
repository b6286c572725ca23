import {
  currentTask,
  InvalidStateError,
  isCancelled,
  sleep,
  sleepForever,
  taskGroup,
  TaskGroup,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

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
        log.push(`in ${self.name}, ${self.state}`);
        await sleep(1);
      });
      log.push('after spawn');
      expect(log).toEqual([`in ${task.name}, running`, 'after spawn']);
    }),
  ));

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
test('a group of tasks that replace themselves forever ends when one of them fails', () =>
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
      log.push(task.state, sibling.state, group.spawn(() => log.push('never')).state);
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
