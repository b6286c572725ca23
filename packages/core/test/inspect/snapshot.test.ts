import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  formatTaskTree,
  run,
  sleep,
  sleepForever,
  taskGroup,
  taskTree,
  timeout,
} from '@ambit/core';
import type { Task, TaskTreeNode } from '@ambit/core';
import { ParkingLot } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import { snapshot } from '../../src/inspect.ts';

/** For tests that take a busy machine longer than most. */
const LONG = { limit: 30_000 };

/** How many nodes a tree has, and how many tasks and groups they stand for. */
function sizesOf(node: TaskTreeNode): { nodes: number; shown: number } {
  const inside = node.children.map(sizesOf);
  const sum = (key: 'nodes' | 'shown'): number => inside.reduce((all, each) => all + each[key], 0);
  return { nodes: 1 + sum('nodes'), shown: (node.count ?? 1) * (1 + sum('shown')) };
}

function find(node: TaskTreeNode, name: string): TaskTreeNode | undefined {
  if (node.name === name) return node;
  return node.children.map((child) => find(child, name)).find((each) => each !== undefined);
}

test('a snapshot has the tree of the run, with the id of each task, and daemons marked', () =>
  run(async (group) => {
    const task = group.spawn(() => sleepForever(), { name: 'idle' });
    group.spawn(() => sleepForever(), { name: 'metrics', daemon: true });
    const { tree, omitted } = snapshot();
    expect(tree.kind).toBe('run');
    expect(find(tree, 'idle')).toMatchObject({ id: task.id, state: 'running' });
    expect(find(tree, 'idle')?.isDaemon).toBeUndefined();
    expect(find(tree, 'metrics')?.isDaemon).toBe(true);
    expect(omitted).toBe(0);
    expect(JSON.stringify(snapshot())).toContain('"kind":"run"');
    group.cancel();
  }));

test('two runs at a time are merged below one root', async () => {
  await Promise.all([
    run(async (group) => {
      group.spawn(() => sleep(5), { name: 'of the first' });
      await group.join();
    }),
    run(async (group) => {
      group.spawn(() => sleep(5), { name: 'of the second' });
      const { tree } = snapshot();
      expect(tree.name).toBe('process');
      expect(tree.children.map(({ kind }) => kind)).toEqual(['run', 'run']);
      expect(find(tree, 'of the first')).toBeDefined();
      expect(find(tree, 'of the second')).toBeDefined();
      await group.join();
    }),
  ]);
});

test('the counts say what came of all tasks', () =>
  testRun(async () => {
    const before = snapshot().counts;
    await taskGroup(
      (group) => {
        group.spawn(() => 1);
        group.spawn(() => Promise.reject(new Error('no')));
        group.spawn(() => sleep(10)).cancel();
      },
      { onFailure: 'continue' },
    ).catch(() => undefined);
    const after = snapshot().counts;
    const differences = Object.entries(after).map(([key, value]) => [
      key,
      value - before[key as keyof typeof before],
    ]);
    expect(Object.fromEntries(differences)).toEqual({
      spawned: 3,
      fulfilled: 1,
      rejected: 1,
      cancelled: 1,
    });
  }));

test('tasks that wait for each other are named', () =>
  testRun(async () => {
    await taskGroup((group) => {
      const lots = [new ParkingLot(), new ParkingLot()] as const;
      const plato: Task<void> = group.spawn(
        () => lots[0].park({ name: 'the left fork', blockedBy: () => [kant] }),
        { name: 'Plato' },
      );
      const kant: Task<void> = group.spawn(
        () => lots[1].park({ name: 'the right fork', blockedBy: () => [plato] }),
        { name: 'Kant' },
      );
      expect(snapshot().deadlocks).toEqual([
        '"Plato" waits for the left fork, which "Kant" has to end, and ' +
          '"Kant" waits for the right fork, which "Plato" has to end',
      ]);
      group.cancel();
    });
  }));

describe('equal siblings', () => {
  test('are shown once, with their number, also if they have children', () =>
    testRun(async () => {
      await taskGroup(async (group) => {
        for (let each = 0; each < 10; each += 1) {
          group.spawn(
            () =>
              taskGroup((inner) => {
                inner.spawn(() => sleep(1000 + each));
                inner.spawn(() => sleep(1000 + each));
              }),
            { name: 'worker' },
          );
        }
        group.spawn(() => sleepForever(), { name: 'other' });
        const { tree, omitted } = snapshot();
        const [worker, other] = find(tree, 'main')?.children.at(0)?.children.at(-1)?.children ?? [];
        expect([worker?.name, worker?.count, other?.name]).toEqual(['worker', 10, 'other']);
        expect(worker?.children[0]?.children[0]?.count).toBe(2);
        expect(omitted).toBe(0);
        group.cancel();
      });
    }));

  test('are different if one of them was cancelled, or has another child', () =>
    testRun(async () => {
      await taskGroup(async (group) => {
        let end = (): void => undefined;
        const deaf = () => new Promise<void>((resolve) => void (end = resolve));
        const stuck = group.spawn(deaf, { name: 'worker' });
        for (let each = 0; each < 2; each += 1)
          group.spawn(() => sleepForever(), { name: 'worker' });
        await sleep(1);
        stuck.cancel();
        const workers = JSON.stringify(snapshot().tree).match(/"name":"worker"/g);
        expect(workers).toHaveLength(2);
        group.cancel();
        end();
      });
    }));

  test('100,000 of them make less than 1,000 nodes', () =>
    testRun(async () => {
      await taskGroup(async (group) => {
        for (let each = 0; each < 100_000; each += 1) {
          group.spawn(() => sleepForever(), { name: 'idle' });
        }
        const { tree, omitted } = snapshot();
        const { nodes } = sizesOf(tree);
        expect(nodes).toBeLessThan(1000);
        expect((find(tree, 'idle')?.count ?? 0) + omitted).toBe(100_000);
        group.cancel();
      });
    }, LONG));
});

test('of 100,000 equal tasks it takes less than 300 ms of processor time', () => {
  const program = join(__dirname, '../fixtures/many-tasks.mjs');
  const ms = Number(execFileSync(process.execPath, [program], { encoding: 'utf8' }));
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThan(300);
}, 60_000);

test.each([1, 2, 10, 50])('of a tree of different tasks at most %i nodes are shown', (limit) =>
  testRun(async () => {
    await taskGroup(async (group) => {
      for (let each = 0; each < 40; each += 1) {
        group.spawn(() => sleepForever(), { name: `job ${each % 20}` });
      }
      const whole = sizesOf(snapshot().tree);
      const { tree, omitted } = snapshot({ limit });
      const { nodes, shown } = sizesOf(tree);
      expect(nodes).toBe(Math.min(limit, whole.nodes));
      expect(shown + omitted).toBe(whole.shown);
      group.cancel();
    });
  }),
);

test('a deadline that is ignored is overdue, in the snapshot and in the tree', () =>
  testRun(async () => {
    await taskGroup(async (group) => {
      group.spawn(
        () => timeout(500, () => new Promise<void>((resolve) => void setTimeout(resolve, 1))),
        { name: 'stubborn' },
      );
      const before = taskTree();
      expect(find(before, 'stubborn')?.overdue).toBeUndefined();
      await sleep(1500);
      expect(find(snapshot().tree, 'stubborn')?.overdue).toBeGreaterThanOrEqual(1000);
      expect(formatTaskTree()).toMatch(/stubborn.*deadline passed 1\.0 s ago AND STILL THERE/);
    }).catch(() => undefined);
  }));

test('in debug mode a task says where it was spawned', () =>
  run(
    async (group) => {
      group.spawn(() => sleepForever(), { name: 'idle' });
      expect(find(snapshot().tree, 'idle')?.spawned).toMatch(/snapshot\.test\.ts/);
      group.cancel();
    },
    { debug: true },
  ));

test.each([
  [{ limit: 0 }, 'snapshot: limit is 0'],
  [{ limit: 'a' }, 'snapshot: limit is "a"'],
  ['all', 'snapshot: options'],
])('snapshot(%j) throws', (options, message) => {
  expect(() => snapshot(options as never)).toThrow(message);
});
