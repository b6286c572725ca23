import { CancelScope, contextSnapshot, gather, InvalidStateError, sleep } from '@ambit/core';
import { expectCheckpoint, settle, testRun } from '@ambit/core/testing';
import { Once } from '@ambit/sync';

test('the first who asks makes the value; who asks meanwhile, and later, gets the same', () =>
  testRun(async () => {
    // rule 191
    const once = new Once<object>();
    let made = 0;
    const init = async () => {
      made += 1;
      await sleep(10);
      return {};
    };
    const [a, b, c] = await Promise.all([once.get(init), once.get(init), once.get(init)]);
    expect([made, a === b && b === c]).toEqual([1, true]);
    expect(await once.get(init)).toBe(a);
    expect(once.statistics()).toMatchObject({ state: 'done', waiting: 0 });
  }));

test('asking for a value that is there is a checkpoint', () =>
  testRun(async () => {
    const once = new Once<number>();
    await once.get(() => 1);
    await expectCheckpoint(() => once.get(() => 2));
  }));

test('undefined is a value', () =>
  testRun(async () => {
    const once = new Once<undefined>();
    let made = 0;
    const init = () => void (made += 1);
    await once.get(init);
    await once.get(init);
    expect(made).toBe(1);
  }));

test('if it fails, the next in line makes it, and who made it gets the error', () =>
  testRun(async (group) => {
    // rule 191
    const once = new Once<string>();
    const log: string[] = [];
    const ask = (name: string, fails: boolean) =>
      once.get(async () => {
        log.push(name);
        await sleep(10);
        if (fails) throw new Error(name);
        return name;
      });
    const a = group.spawn(() => expect(ask('a', true)).rejects.toThrow('a'));
    const b = group.spawn(() => expect(ask('b', true)).rejects.toThrow('b'));
    const rest = group.spawn(() => Promise.all([ask('c', false), ask('d', false)]));
    await settle();
    expect(once.statistics()).toMatchObject({ state: 'running', waiting: 3 });
    await Promise.all([a, b]);
    expect(await rest).toEqual(['c', 'c']);
    expect(log).toEqual(['a', 'b', 'c']);
  }));

test('if nobody is left, the next who asks makes it', () =>
  testRun(async () => {
    const once = new Once<number>();
    await expect(
      once.get(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(once.statistics()).toMatchObject({ state: 'empty', waiting: 0 });
    expect(await once.get(() => 2)).toBe(2);
  }));

test('if who makes it is cancelled, the next in line makes it, in its own scope', () =>
  testRun(async (group) => {
    // rule 191
    const once = new Once<string>();
    const scope = new CancelScope();
    const init = (name: string) => () => sleep(10, { value: name });
    const first = group.spawn(() => scope.run(() => once.get(init('first'))));
    const second = group.spawn(() => once.get(init('second')));
    await settle();
    scope.cancel();
    expect(await first).toBe(undefined);
    expect(await second).toBe('second');
  }));

test('who is given the lead and cancelled in the same tick calls nothing, and passes it on', () =>
  testRun(async (group) => {
    const once = new Once<string>();
    const log: string[] = [];
    let fail: (error: Error) => void = () => undefined;
    const first = group.spawn(() =>
      expect(once.get(() => new Promise<string>((_, reject) => (fail = reject)))).rejects.toThrow(),
    );
    const scope = new CancelScope();
    group.spawn(() => scope.run(() => once.get(() => String(log.push('second')))));
    const third = group.spawn(() => once.get(() => 'third'));
    await settle();
    fail(new Error('no'));
    // The lead goes on in a microtask of the first.
    for (let ticks = 0; ticks < 20 && once.statistics().waiting > 1; ticks += 1) {
      await Promise.resolve();
    }
    scope.cancel();
    expect(await third).toBe('third');
    await first;
    expect(log).toEqual([]);
  }));

test('who comes while the lead is handed over waits, also if it comes out of what has just failed', () =>
  testRun(async (group) => {
    // rule 191
    const once = new Once<string>();
    const log: string[] = [];
    let here = contextSnapshot();
    let fail: (error: Error) => void = () => undefined;
    const first = group.spawn(() =>
      once
        .get(() => {
          here = contextSnapshot();
          return new Promise<string>((_, reject) => (fail = reject));
        })
        .catch(() => 'failed'),
    );
    const second = group.spawn(() => once.get(() => sleep(10, { value: 'second' })));
    await settle();
    fail(new Error('no'));
    while (once.statistics().waiting === 1) await Promise.resolve();
    const third = here(() => once.get(() => String(log.push('third'))));
    expect(await Promise.all([first, second, third])).toEqual(['failed', 'second', 'second']);
    expect(log).toEqual([]);
  }));

test.each([
  ['cancelled, then the lead is free in the same tick', ['cancel', 'fail'], ['b']],
  ['cancelled, then the lead is free a tick later', ['cancel', 'tick', 'fail'], ['b']],
  ['given the lead, then cancelled a tick later', ['fail', 'handed', 'tick', 'cancel'], ['a', 'b']],
  ['the value is there, then cancelled in the same tick', ['make', 'handed', 'cancel'], []],
  ['the value is there, then cancelled a tick later', ['make', 'handed', 'tick', 'cancel'], []],
  ['cancelled, then the value is there in the same tick', ['cancel', 'make'], []],
])('%s: one makes it at a time, and nobody is forgotten', (_, steps, called) =>
  testRun(async (group) => {
    // rules 20, 191
    const once = new Once<string>();
    const log: string[] = [];
    const init = (name: string) => async (): Promise<string> => {
      log.push(name);
      await sleep(10);
      return name;
    };
    let make: (value: string) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const first = group.spawn(() =>
      once
        .get(() => new Promise<string>((resolve, reject) => ([make, fail] = [resolve, reject])))
        .catch(() => 'failed'),
    );
    const scope = new CancelScope();
    const a = group.spawn(() => scope.run(() => once.get(init('a'))));
    const b = group.spawn(() => once.get(init('b')));
    await settle();
    const waiting = once.statistics().waiting;
    for (const step of steps) {
      if (step === 'cancel') scope.cancel();
      else if (step === 'make') make('value');
      else if (step === 'fail') fail(new Error('no'));
      else if (step === 'tick') await Promise.resolve();
      else while (once.statistics().waiting === waiting) await Promise.resolve();
    }
    const isMade = steps.includes('make');
    expect([await first, await b]).toEqual(isMade ? ['value', 'value'] : ['failed', 'b']);
    expect(await a).toBe(isMade && steps[0] === 'make' ? 'value' : undefined);
    expect(log).toEqual(called);
    expect(once.statistics()).toMatchObject({ state: 'done', waiting: 0 });
  }),
);

test('asking for the value while making it is an error at once', () =>
  testRun(async () => {
    const once = new Once<number>({ name: 'config' });
    const again = () => once.get(() => 1);
    await expect(once.get(again)).rejects.toThrow(InvalidStateError);
    await expect(once.get(() => gather([again]).then(([one]) => one))).rejects.toThrow(
      /once "config"/,
    );
    expect(await once.get(() => 3)).toBe(3);
  }));
