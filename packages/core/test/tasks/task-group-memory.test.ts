import { checkpoint, ContextVar, moveOnAfter, sleep, sleepForever, taskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { collectGarbage } from '../support/collect-garbage.ts';

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
test('a group that has run 50,000 tasks holds none of them', () =>
  testRun(
    () =>
      taskGroup(async (group) => {
        const samples: WeakRef<object>[] = [];
        for (let batch = 0; batch < 50; batch += 1) {
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
    // More than once: what the host itself remembers of the last turns goes by turns.
    for (let round = 0; round < 5; round += 1) await collectGarbage();
    expect(held.map((reference) => reference.deref() === undefined)).toEqual(Array(4).fill(true));
  }));

test('the timer of the loop does not hold the context of who armed it', async () => {
  const variable = new ContextVar<object>();
  const arm = async (): Promise<WeakRef<object>> => {
    const value = { large: 'request' };
    await variable.run(value, () => moveOnAfter(60_000, () => checkpoint()));
    return new WeakRef(value);
  };
  const held = await arm();
  await collectGarbage();
  expect(held.deref()).toBeUndefined();
});
