import { run, sleepForever } from '@ambit/core';
import type { TaskTreeNode } from '@ambit/core';

interface Look {
  readonly tree: TaskTreeNode;
  readonly deadlocks: readonly string[];
  readonly omitted: number;
  readonly current?: string;
}

function looks(): Look[] {
  const holder = globalThis as { [key: symbol]: Set<() => Look> | undefined };
  return [...(holder[Symbol.for('@ambit/core:look')] ?? [])].map((look) => look());
}

function namesIn({ name, children }: TaskTreeNode): string[] {
  return [name, ...children.flatMap(namesIn)];
}

test('a debugger finds the tree of the process, and the task that computes', () =>
  run(async (group) => {
    group.spawn(() => sleepForever(), { name: 'idle' });
    const [look, ...others] = looks();
    expect(others).toEqual([]);
    expect(namesIn(look!.tree)).toEqual(expect.arrayContaining(['process', 'run', 'main', 'idle']));
    expect(look).toMatchObject({ current: 'main', omitted: 0, deadlocks: [] });
    expect(JSON.stringify(look)).toContain('"idle"');
    group.cancel();
  }));

test('of very many tasks it shows a thousand', () =>
  run(async (group) => {
    for (let each = 0; each < 5000; each += 1) group.spawn(() => sleepForever(), { name: 'idle' });
    const [look] = looks();
    const shown = namesIn(look!.tree).filter((name) => name === 'idle');
    expect(shown).toHaveLength(1000);
    expect(look!.omitted).toBe(4000);
    group.cancel();
  }));
