import { CancelScope } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Barrier, BrokenBarrierError } from '@ambit/sync';

test('lets all go once the last has come, each with an index of its own, and is usable again at once', () =>
  testRun(async (group) => {
    // rule 193
    const barrier = new Barrier(3);
    const log: number[] = [];
    const come = () => group.spawn(() => barrier.wait().then((index) => log.push(index)));
    come();
    come();
    await settle();
    expect([barrier.waiting, barrier.parties, log]).toEqual([2, 3, []]);
    come();
    expect(barrier.waiting).toBe(0);
    await settle();
    expect(log.toSorted()).toEqual([0, 1, 2]);
    for (let round = 0; round < 2; round += 1) {
      expect(await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()])).toEqual([
        0, 1, 2,
      ]);
    }
    expect(barrier.statistics()).toMatchObject({ broken: false, parties: 3, waiting: 0 });
  }));

test('who comes while those before are being let go belongs to the next round', () =>
  testRun(async (group) => {
    // rule 194
    const barrier = new Barrier(2);
    const first = group.spawn(() => barrier.wait());
    const last = group.spawn(() => barrier.wait());
    const next = group.spawn(() => barrier.wait());
    expect(barrier.waiting).toBe(1);
    await settle();
    expect([first.done, last.done, next.done]).toEqual([true, true, false]);
    await barrier.wait();
    expect(await next).toBe(0);
  }));

test('who is cancelled merely leaves', () =>
  testRun(async (group) => {
    // rule 195
    const barrier = new Barrier(2);
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => barrier.wait()));
    await settle();
    scope.cancel();
    expect([barrier.waiting, barrier.broken]).toEqual([0, false]);
    const first = group.spawn(() => barrier.wait());
    await settle();
    expect(first.done).toBe(false);
    expect(await barrier.wait()).toBe(1);
    expect(await first).toBe(0);
  }));

test.each([
  ['let go, then cancelled in the same tick', ['come', 'cancel'], { a: 0, b: 1, c: 2 }],
  ['cancelled, then another comes in the same tick', ['cancel', 'come'], { b: 0, c: 1, d: 2 }],
  ['let go, then cancelled a tick later', ['come', 'tick', 'cancel'], { a: 0, b: 1, c: 2 }],
  ['cancelled, then another comes a tick later', ['cancel', 'tick', 'come'], { b: 0, c: 1, d: 2 }],
])('%s: who is let go counts, who was cancelled does not', (_, steps, expected) =>
  testRun(async (group) => {
    // rules 193, 195, 197
    const barrier = new Barrier(3);
    const scope = new CancelScope();
    const indices: Record<string, number> = {};
    const come = async (name: string): Promise<void> => {
      indices[name] = await barrier.wait();
    };
    group.spawn(() => scope.run(() => come('a')));
    group.spawn(() => come('b'));
    await settle();
    for (const step of steps) {
      if (step === 'cancel') scope.cancel();
      else if (step === 'tick') await Promise.resolve();
      else group.spawn(() => come('c'));
    }
    await settle();
    if (barrier.waiting > 0) await come('d');
    await settle();
    expect(indices).toEqual(expected);
  }),
);

test('reset breaks the wait of those who wait; they may come again at once', () =>
  testRun(async (group) => {
    // rule 196
    const barrier = new Barrier(2, { name: 'start' });
    const again = group.spawn(async () => {
      await expect(barrier.wait()).rejects.toThrow(BrokenBarrierError);
      return barrier.wait();
    });
    await settle();
    barrier.reset();
    expect([barrier.broken, barrier.waiting]).toEqual([false, 0]);
    await settle();
    expect(barrier.waiting).toBe(1);
    expect(await barrier.wait()).toBe(1);
    expect(await again).toBe(0);
  }));

test.each(['reset', 'abort'] as const)('%s does not break those who have been let go', (method) =>
  testRun(async (group) => {
    // rule 197
    const barrier = new Barrier(2);
    const both = [group.spawn(() => barrier.wait()), group.spawn(() => barrier.wait())];
    barrier[method]();
    expect(await Promise.all(both)).toEqual([0, 1]);
  }),
);

test('aborted, it is broken for those who wait and those who come, until it is reset', () =>
  testRun(async (group) => {
    // rule 198
    const barrier = new Barrier(2, { name: 'start' });
    const errors: unknown[] = [];
    for (let index = 0; index < 2; index += 1) {
      group.spawn(() => barrier.wait().catch((error: unknown) => errors.push(error)));
      if (index === 0) await settle();
      barrier.abort();
    }
    await settle();
    expect(errors).toEqual([expect.any(BrokenBarrierError), expect.any(BrokenBarrierError)]);
    // Each has an error of its own.
    expect(errors[0]).not.toBe(errors[1]);
    expect(barrier.statistics()).toMatchObject({ broken: true, parties: 2, waiting: 0 });
    await expect(barrier.wait()).rejects.toThrow(/barrier "start" was aborted; reset\(\) it/);
    barrier.reset();
    expect(await Promise.all([barrier.wait(), barrier.wait()])).toEqual([0, 1]);
  }));

test('a barrier for one never waits', () =>
  testRun(async () => {
    expect(await new Barrier(1).wait()).toBe(0);
  }));
