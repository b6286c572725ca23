import {
  ContextVar,
  formatTaskTree,
  isCancelled,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
} from '@ambit/core';
import type { Task } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';

/** For tests that take a busy machine longer than most. */
const LONG = { limit: 30_000 };

const statuses = (tasks: readonly Task<unknown>[]): string[] => tasks.map((task) => task.state);

// rule 96
test('never more tasks run than the limit says, and the others begin in the order of spawn', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    let running = 0;
    let most = 0;
    await taskGroup(
      (group) => {
        for (const [name, ms] of Object.entries({ a: 10, b: 30, c: 10, d: 10, e: 10 })) {
          group.spawn(async () => {
            running += 1;
            most = Math.max(most, running);
            log.push(`${name} at ${String(loop.now())}`);
            await sleep(ms);
            running -= 1;
          });
        }
      },
      { limit: 2 },
    );
    expect(most).toBe(2);
    expect(log).toEqual(['a at 0', 'b at 0', 'c at 10', 'd at 20', 'e at 30']);
  }));

test('a task that waits for its turn is queued, counts as a child, and can be awaited', () =>
  testRun(() =>
    taskGroup(
      async (group) => {
        const first = group.spawn(() => sleep(10, { value: 'first' }));
        const second = group.spawn(() => 'second');
        expect(statuses([first, second])).toEqual(['running', 'queued']);
        expect([group.size, [...group.tasks]]).toEqual([2, [first, second]]);
        expect(await second).toBe('second');
        expect(first.result()).toBe('first');
      },
      { limit: 1 },
    ),
  ));

// rule 96
test('a queued task that is cancelled is never started, and gives its turn to nobody twice', () =>
  testRun(() =>
    taskGroup(
      async (group) => {
        const fn = jest.fn();
        const first = group.spawn(() => sleep(10));
        const second = group.spawn(fn);
        const third = group.spawn(() => sleep(10));
        const fourth = group.spawn(() => sleep(10));
        expect(second.cancel('changed my mind')).toBe(true);
        expect(statuses([first, second, third])).toEqual(['running', 'cancelled', 'queued']);
        expect(isCancelled(second.error())).toBe(true);
        await first;
        await settle();
        expect(statuses([third, fourth])).toEqual(['running', 'queued']);
        await group.join();
        expect(fn).not.toHaveBeenCalled();
      },
      { limit: 1 },
    ),
  ));

test('a task that is cancelled in the tick in which its turn has come passes the turn on', () =>
  testRun(() =>
    taskGroup(
      async (group) => {
        const fn = jest.fn();
        const first = group.spawn(() => sleep(10));
        const second = group.spawn(fn);
        const third = group.spawn(() => 'third');
        // The first waiter of a task is told before the group is.
        await first.join();
        second.cancel();
        expect(await third).toBe('third');
        expect([second.state, fn.mock.calls.length]).toEqual(['cancelled', 0]);
      },
      { limit: 1 },
    ),
  ));

// rule 96
test('the queued tasks of a cancelled group are never started', () =>
  testRun(async () => {
    const fn = jest.fn();
    const value = await moveOnAfter(10, () =>
      taskGroup(
        (group) => {
          group.spawn(() => sleepForever());
          group.spawn(fn);
          group.spawn(fn);
        },
        { limit: 1 },
      ),
    );
    expect(value).toBeUndefined();
    expect(fn).not.toHaveBeenCalled();
  }));

test('a failure cancels the queue too', () =>
  testRun(async () => {
    const failure = new Error('first');
    const fn = jest.fn();
    const outcome = taskGroup(
      (group) => {
        group.spawn(async () => {
          await sleep(10);
          throw failure;
        });
        group.spawn(fn);
      },
      { limit: 1 },
    );
    await expect(outcome).rejects.toBe(failure);
    expect(fn).not.toHaveBeenCalled();
  }));

test('in a group that continues, a failed task gives its place to the next', () =>
  testRun(async () => {
    const log: string[] = [];
    const outcome = taskGroup(
      (group) => {
        for (const name of ['a', 'b', 'c']) {
          group.spawn(async () => {
            await sleep(1);
            log.push(name);
            throw new Error(name);
          });
        }
      },
      { limit: 1, onFailure: 'continue' },
    );
    await expect(outcome).rejects.toThrow('3 failures');
    expect(log).toEqual(['a', 'b', 'c']);
  }));

test('a newcomer does not overtake the queue', () =>
  testRun(async () => {
    const log: string[] = [];
    await taskGroup(
      (group) => {
        const first = group.spawn(() => sleep(10));
        group.spawn(() => log.push('queued'));
        void first.then(() => group.spawn(() => log.push('newcomer')));
      },
      { limit: 1 },
    );
    expect(log).toEqual(['queued', 'newcomer']);
  }));

// rule 96
test('a task that waits for a queued sibling shows in the task tree', () =>
  testRun(async () => {
    let tree = '';
    const outcome = await moveOnAfter(10, () =>
      taskGroup(
        async (group) => {
          group.spawn(() => group.spawn(() => 1, { name: 'late' }).join(), { name: 'eager' });
          await sleep(5);
          tree = formatTaskTree();
        },
        { limit: 1, name: 'one at a time' },
      ),
    );
    expect(outcome).toBeUndefined();
    expect(tree).toContain('group one at a time');
    expect(tree).toMatch(/task eager: running, .*waits for join late/);
    expect(tree).toMatch(/task late: queued, .*waits for its turn/);
  }));

test('start() waits for its turn too, under the scopes of its caller', () =>
  testRun(() =>
    taskGroup(
      async (group) => {
        group.spawn(() => sleep(10));
        const fn = jest.fn((_task: unknown, started: (value: string) => void) => {
          started('ready');
        });
        expect(await moveOnAfter(5, () => group.start(fn))).toBeUndefined();
        expect(fn).not.toHaveBeenCalled();
        expect(await group.start(fn)).toBe('ready');
      },
      { limit: 1 },
    ),
  ));

test('a queued function runs in the context of its spawner', () =>
  testRun(async () => {
    const user = new ContextVar<string>();
    const log: unknown[] = [];
    await taskGroup(
      (group) => {
        group.spawn(() => sleep(1));
        user.run('ada', () => group.spawn(() => log.push(user.get())));
        user.run('bob', () => group.spawn(() => sleep(1).then(() => log.push(user.get()))));
      },
      { limit: 1 },
    );
    expect(log).toEqual(['ada', 'bob']);
  }));

test('50,000 queued tasks that end at once neither overflow the stack nor take long', () =>
  testRun(async () => {
    let count = 0;
    await taskGroup(
      (group) => {
        for (let n = 0; n < 50_000; n += 1) {
          group.spawn(() => {
            count += 1;
          });
        }
        group.spawn(() => sleep(1));
        for (let n = 0; n < 50_000; n += 1) {
          group.spawn(() => {
            count += 1;
          });
        }
      },
      { limit: 1 },
    );
    expect(count).toBe(100_000);
  }, LONG));
