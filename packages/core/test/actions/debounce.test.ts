import { CancelScope, moveOnAfter, sleep, taskGroup } from '@ambit/core';
import { debounce, throttle } from '@ambit/core/actions';
import { testRun } from '@ambit/core/testing';

/** What ran, at which time, since the first call of `at`. */
function runs() {
  const log: string[] = [];
  return { log, run: (name: string) => (log.push(name), name.toUpperCase()) };
}

test('debounce runs once, after a quiet time, for the newest call; all calls get its value', () =>
  testRun(async () => {
    const { log, run } = runs();
    const save = debounce(run, 100);
    const first = save('a');
    await sleep(60);
    const second = save('b');
    expect(save.isPending).toBe(true);
    await sleep(99);
    expect(log).toEqual([]);
    expect(await Promise.all([first, second])).toEqual(['B', 'B']);
    expect([log, save.isPending]).toEqual([['b'], false]);
  }));

test('maxWait bounds the time from the first call that waits', () =>
  testRun(async () => {
    const { log, run } = runs();
    const save = debounce(run, 100, { maxWait: 150 });
    for (const name of ['a', 'b', 'c']) {
      void save(name);
      await sleep(60);
    }
    expect(log).toEqual(['c']);
  }));

test('leading runs the first call at once, and later ones after a quiet time', () =>
  testRun(async () => {
    const { log, run } = runs();
    const save = debounce(run, 100, { leading: true });
    expect(await save('a')).toBe('A');
    await sleep(50);
    const late = save('b');
    await sleep(60);
    expect(log).toEqual(['a']);
    expect(await late).toBe('B');
    await sleep(200);
    expect(await save('c')).toBe('C');
    expect(log).toEqual(['a', 'b', 'c']);
  }));

test('throttle runs at once, and then the newest call at the end of the time', () =>
  testRun(async () => {
    const { log, run } = runs();
    const report = throttle(run, 100);
    void report('a');
    expect(log).toEqual(['a']);
    await sleep(10);
    void report('b');
    await sleep(80);
    void report('c');
    await sleep(9);
    expect(log).toEqual(['a']);
    await sleep(2);
    expect(log).toEqual(['a', 'c']);
    const late = report('d');
    await sleep(98);
    expect(log).toEqual(['a', 'c']);
    expect(await late).toBe('D');
  }));

test('without trailing, calls in between get the outcome of the last run', () =>
  testRun(async () => {
    const { log, run } = runs();
    const report = throttle(run, 100, { trailing: false });
    expect(await Promise.all([report('a'), report('b')])).toEqual(['A', 'A']);
    await sleep(101);
    expect(await report('c')).toBe('C');
    expect(log).toEqual(['a', 'c']);
  }));

test('a call ends with the scope in which it was made; the newest of those that are left runs', () =>
  testRun(async () => {
    const { log, run } = runs();
    const save = debounce(run, 100);
    await taskGroup(async (group) => {
      const kept = group.spawn(() => save('kept'));
      await moveOnAfter(50, () => save('left behind'));
      expect(await kept).toBe('KEPT');
    });
    expect(log).toEqual(['kept']);
    await moveOnAfter(50, () => save('alone'));
    expect(save.isPending).toBe(false);
    await sleep(200);
    expect(log).toEqual(['kept']);
  }));

test.each([
  ['throttle', (run: () => string) => throttle(run, 100, { trailing: false })],
  ['debounce', (run: () => string) => debounce(run, 100, { leading: true })],
])('a call of %s in a cancelled scope is refused, also the first one', (_, few) =>
  testRun(async () => {
    const run = jest.fn(() => 'ran');
    const fn = few(run);
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel('over');
      // As an event handler does, which awaits nothing.
      void fn();
      await expect(fn()).rejects.toThrow('the scope was cancelled: over');
    });
    expect(run).not.toHaveBeenCalled();
    expect(fn.isPending).toBe(false);
    expect(await fn()).toBe('ran');
  }),
);

test('the function runs in the scope of the newest call, and its error goes to all', () =>
  testRun(async () => {
    const failing = debounce(async (name: string): Promise<number> => {
      await sleep(10);
      throw new Error(name);
    }, 100);
    const calls = [failing('a'), failing('b')];
    for (const call of calls) await expect(call).rejects.toThrow('b');
    const cut = await moveOnAfter(105, () => failing('c'));
    expect(cut).toBeUndefined();
  }));

test('cancel ends the calls that wait; flush runs the newest now', () =>
  testRun(async () => {
    const { log, run } = runs();
    const save = debounce(run, 100);
    const call = save('a');
    save.cancel();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    const other = save('b');
    save.cancel('web');
    await expect(other).rejects.toBe('web');
    save.flush();
    const now = save('c');
    save.flush();
    expect(await now).toBe('C');
    await sleep(200);
    expect(log).toEqual(['c']);
  }));

test('this is that of the call', () =>
  testRun(async () => {
    const draft = {
      text: 'hello',
      save: debounce(function (this: { text: string }) {
        return this.text;
      }, 10),
    };
    expect(await draft.save()).toBe('hello');
  }));

test('bad arguments are refused', () => {
  expect(() => debounce(1 as never, 1)).toThrow('debounce: fn is 1');
  expect(() => debounce(() => 1, NaN)).toThrow('ms is NaN');
  expect(() => debounce(() => 1, 1, { maxWait: '1' as never })).toThrow('maxWait is "1"');
  expect(() => throttle(() => 1, '1' as never)).toThrow('throttle: ms is "1"');
  expect(() => throttle(() => 1, 1, 1 as never)).toThrow('options is 1');
});
