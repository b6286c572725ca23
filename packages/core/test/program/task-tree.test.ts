import {
  allTasks,
  CancelScope,
  createTask,
  currentTask,
  formatTaskTree,
  gather,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  taskTree,
  timeout,
} from '@ambit/core';
import type { TaskTreeNode } from '@ambit/core';
import { currentGroup, park, ParkingLot } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';

/** The node of that name, wherever it is. */
function find(name: string, node: TaskTreeNode = taskTree()): TaskTreeNode | undefined {
  if (node.name === name) return node;
  for (const child of node.children) {
    const found = find(name, child);
    if (found !== undefined) return found;
  }
  return undefined;
}

// rule 271
test('the tree shows groups and tasks as they are in each other', () =>
  testRun(async () => {
    await taskGroup(
      async (group) => {
        group.spawn(
          () =>
            taskGroup((inner) => void inner.spawn(() => sleep(5), { name: 'leaf' }), {
              name: 'inner',
            }),
          { name: 'branch' },
        );
        group.spawn(() => sleepForever(), { name: 'watcher', daemon: true });
        await settle();
        const outer = find('outer');
        expect(outer?.kind).toBe('group');
        const lines = formatTaskTree().split('\n');
        const depth = (text: string) =>
          lines.find((line) => line.includes(text))?.search(/task |group /) ?? -1;
        expect(depth('group outer')).toBeLessThan(depth('task branch'));
        expect(depth('task branch')).toBeLessThan(depth('group inner'));
        expect(depth('group inner')).toBeLessThan(depth('task leaf'));
        expect(depth('task watcher')).toBe(depth('task branch'));
      },
      { name: 'outer' },
    );
  }));

// rule 271
test('a node tells the state, the age, the deadline and what is waited for', () =>
  testRun(async (group) => {
    const lot = new ParkingLot();
    group.spawn(() => timeout(100, () => lot.park({ name: 'a free table' })), { name: 'guest' });
    const nameless = group.spawn(() => park(() => undefined), { name: 'nameless' });
    await sleep(30);
    expect(find('guest')).toMatchObject({
      kind: 'task',
      state: 'running',
      age: 30,
      deadline: 100,
      waitsFor: ['a free table'],
      children: [],
    });
    expect(find('nameless')?.waitsFor).toEqual(['a wait without a name']);
    const line = formatTaskTree()
      .split('\n')
      .find((each) => each.includes('guest'));
    expect(line).toMatch('task guest: running, 30 ms, deadline in 70 ms, waits for a free table');
    lot.unpark();
    nameless.cancel();
  }));

test('waits of one name are counted, and of many names the first ten are shown', () =>
  testRun(async (group) => {
    const lot = new ParkingLot();
    const park = (name: string) => () => lot.park({ name });
    const same = Array.from({ length: 20_000 }, () => park('a free table'));
    const many = Array.from({ length: 12 }, (_, n) => park(`table ${String(n)}`));
    group.spawn(() => Promise.all(same.map((wait) => wait())), { name: 'crowd' });
    group.spawn(() => Promise.all(many.map((wait) => wait())), { name: 'choosy' });
    await settle();
    const lines = formatTaskTree().split('\n');
    const line = (name: string) => lines.find((each) => each.includes(`task ${name}`));
    expect(line('crowd')).toMatch(/waits for a free table \(20000 times\)$/);
    expect(line('choosy')).toMatch(/waits for table 0 and .* and table 9 and 2 others$/);
    lot.unparkAll();
  }));

test('sleeps tell how long they still last', () =>
  testRun(async (group) => {
    const tasks = [
      group.spawn(() => sleep(90_000), { name: 'long' }),
      group.spawn(() => sleepForever(), { name: 'endless' }),
    ];
    await sleep(30_000);
    expect(find('long')?.waitsFor).toEqual(['sleep 60.0 s']);
    expect(find('endless')?.waitsFor).toEqual(['sleep forever']);
    for (const task of tasks) task.cancel();
  }));

test('a task that was asked to end and has not stands out', () =>
  testRun(async (group) => {
    const stuck = group.spawn(
      () => sleepForever().finally(() => new Promise((resolve) => setTimeout(resolve, 20))),
      { name: 'stuck' },
    );
    stuck.cancel();
    await settle();
    expect(find('stuck')?.state).toBe('cancelling');
    expect(formatTaskTree()).toMatch(/task stuck: cancelling/);
  }));

test('a queued task is in the tree, and waits for its turn', () =>
  testRun(() =>
    taskGroup(
      (group) => {
        group.spawn(() => sleep(5));
        group.spawn(() => undefined, { name: 'second' });
        expect(find('second')).toMatchObject({ state: 'queued', waitsFor: ['its turn'] });
      },
      { limit: 1 },
    ),
  ));

test('helpers show what runs in them', () =>
  testRun(async (group) => {
    group.spawn(
      () =>
        gather({
          async user() {
            await sleep(5);
          },
        }),
      { name: 'loader' },
    );
    await settle();
    expect(find('user', find('loader'))?.state).toBe('running');
  }));

test('outside of any run() shows what is on the host loop', async () => {
  const scope = new CancelScope();
  const working = scope.run(() =>
    taskGroup((group) => void group.spawn(() => sleepForever(), { name: 'on the host' })),
  );
  expect(find('on the host')?.state).toBe('running');
  expect([...allTasks()].map((task) => task.name)).toContain('on the host');
  scope.cancel();
  await working;
  expect(find('on the host')).toBeUndefined();
});

describe('allTasks', () => {
  test('has the unfinished tasks of this run, main and daemons included', () =>
    testRun(async (group) => {
      createTask(() => sleepForever(), { name: 'daemon' });
      const child = group.spawn(() => sleep(5), { name: 'child' });
      const names = () => [...allTasks()].map((task) => task.name).sort();
      expect(names()).toEqual(['child', 'daemon', 'main']);
      await child;
      expect(names()).toEqual(['daemon', 'main']);
    }));

  test('has no task that is done, whatever is left floating in it', () =>
    testRun(async (group) => {
      const scope = new CancelScope();
      const task = group.spawn(() => {
        void scope.run(() => sleepForever());
      });
      expect(task.done).toBe(true);
      expect(allTasks().has(task)).toBe(false);
      scope.cancel();
      await settle();
    }));

  test('of one run does not have those of another', async () => {
    const first = testRun(async () => {
      await sleep(5);
      return allTasks().size;
    });
    const second = testRun((group) => {
      for (let at = 0; at < 3; at += 1) group.spawn(() => sleep(50));
      return group.join();
    });
    expect(await first).toBe(1);
    await second;
  });
});

test('currentTask and currentGroup are those of the code around', () =>
  testRun(async (main) => {
    expect(currentGroup()).toBe(main);
    await taskGroup(async (group) => {
      expect(currentGroup()).toBe(group);
      expect(currentTask()?.name).toBe('main');
      const task = group.spawn(async (self) => {
        await sleep(1);
        expect(currentTask()).toBe(self);
        expect(currentGroup()).toBe(group);
      });
      await task;
      // A helper owns nothing: what is opened in it belongs to the group around.
      await gather([
        () => expect(currentGroup()).toBe(group),
        () => moveOnAfter(5, () => expect(currentGroup()).toBe(group)),
      ]);
    });
    expect(currentGroup()).toBe(main);
  }));

test('a group that is releasing what it has takes no more: the one around it does', () =>
  testRun(async (main) => {
    await taskGroup((group) => {
      group.defer(() => expect(currentGroup()).toBe(main));
    });
  }));

test('a tree that is deeper than the stack can be drawn, and its waits followed', () =>
  testRun(
    async (group) => {
      const scope = new CancelScope();
      const nest = async (depth: number): Promise<void> => {
        // Else the nesting would be a recursion of the test's own.
        await Promise.resolve();
        if (depth === 0) await sleepForever();
        await taskGroup((inner) => void inner.spawn(() => nest(depth - 1)));
      };
      const nested = scope.run(() => nest(2000));
      await sleep(1);
      const text = formatTaskTree();
      expect(text.split('\n').length).toBeGreaterThan(4000);
      expect(text).toContain('(4000)');
      expect(text.length).toBeLessThan(4100 * 500);
      scope.cancel();
      await nested;
      expect(group.size).toBe(0);
    },
    { limit: 20_000 },
  ));

test('a deadline that has passed is drawn with since when', () =>
  testRun(async (group) => {
    const stubborn = group.spawn(() => timeout(500, () => shield(() => sleep(2000))), {
      name: 'stubborn',
    });
    await sleep(1500);
    expect(formatTaskTree()).toContain('deadline passed 1.0 s ago AND STILL THERE');
    await stubborn;
  }));
