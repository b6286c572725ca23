import { sleep, taskGroup, TaskGroup } from '@ambit/core';
import { Action } from '@ambit/core/actions';
import type { ActionOptions } from '@ambit/core/actions';
import { settle, testRun } from '@ambit/core/testing';

/** An action whose runs take 10 ms each, and what they do. */
function logged(options?: ActionOptions) {
  const log: string[] = [];
  const action = new Action(async (name: string) => {
    log.push(`${name} begins`);
    try {
      await sleep(10);
      log.push(`${name} ends`);
      return name.toUpperCase();
    } finally {
      if (log.at(-1) !== `${name} ends`) log.push(`${name} is cut`);
    }
  }, options);
  return { action, log };
}

const states = (tasks: readonly ({ readonly state: string } | undefined)[]) =>
  tasks.map((task) => task?.state);

test('parallel: each call is a task of its own, and begins at once', () =>
  testRun(async () => {
    const { action, log } = logged();
    using _ = action;
    const [a, b] = [action.perform('a'), action.perform('b')];
    expect(log).toEqual(['a begins', 'b begins']);
    expect([action.running, action.isRunning, action.last]).toEqual([2, true, b]);
    expect(await a).toBe('A');
    expect(await b).toBe('B');
    expect([action.running, action.isRunning, action.last]).toEqual([0, false, b]);
  }));

test('restartable: a newer call cancels the older one, and begins at once', () =>
  testRun(async () => {
    const { action, log } = logged({ mode: 'restartable' });
    using _ = action;
    const tasks = [action.perform('a'), action.perform('b')];
    await sleep(20);
    expect(log).toEqual(['a begins', 'b begins', 'a is cut', 'b ends']);
    expect(states(tasks)).toEqual(['cancelled', 'fulfilled']);
  }));

test('drop: a call that comes while one runs is dropped', () =>
  testRun(async () => {
    const { action, log } = logged({ mode: 'drop' });
    using _ = action;
    const tasks = [action.perform('a'), action.perform('b')];
    await sleep(20);
    expect(states(tasks)).toEqual(['fulfilled', undefined]);
    expect(await action.perform('c')).toBe('C');
    expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
  }));

test('enqueue: one after the other, in order; one that is cancelled leaves the line', () =>
  testRun(async () => {
    const { action, log } = logged({ mode: 'enqueue' });
    using _ = action;
    const tasks = ['a', 'b', 'c'].map((name) => action.perform(name));
    tasks[1]?.cancel();
    await sleep(30);
    expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
    expect(states(tasks)).toEqual(['fulfilled', 'cancelled', 'fulfilled']);
  }));

test('keepLatest: one runs, and after it the newest of those that came meanwhile', () =>
  testRun(async () => {
    const { action, log } = logged({ mode: 'keepLatest' });
    using _ = action;
    const tasks = ['a', 'b', 'c'].map((name) => action.perform(name));
    await sleep(30);
    expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
    expect(states(tasks)).toEqual(['fulfilled', 'cancelled', 'fulfilled']);
  }));

test.each([
  ['parallel', ['a begins', 'b begins', 'a ends', 'b ends', 'c begins', 'c ends']],
  ['enqueue', ['a begins', 'b begins', 'a ends', 'b ends', 'c begins', 'c ends']],
  ['drop', ['a begins', 'b begins', 'a ends', 'b ends']],
  ['restartable', ['a begins', 'b begins', 'c begins', 'a is cut', 'b ends', 'c ends']],
] as const)('%s: limit says how many run at a time', (mode, expected) =>
  testRun(async () => {
    const { action, log } = logged({ mode, limit: 2 });
    using _ = action;
    for (const name of ['a', 'b', 'c']) action.perform(name);
    await sleep(50);
    expect(log).toEqual(expected);
  }),
);

test('delay: a call begins after that time without another one', () =>
  testRun(async () => {
    const { action, log } = logged({ mode: 'restartable', delay: 100 });
    using _ = action;
    const tasks = [action.perform('a')];
    await sleep(60);
    tasks.push(action.perform('b'));
    await sleep(99);
    expect(log).toEqual([]);
    expect(action.isRunning).toBe(true);
    expect(await tasks[1]).toBe('B');
    expect(states(tasks)).toEqual(['cancelled', 'fulfilled']);
  }));

test('throttle: the first begins at once, and then the newest when the time is over', () =>
  testRun(async () => {
    const { action, log } = logged({ throttle: 100 });
    using _ = action;
    const tasks = ['a', 'b', 'c'].map((name) => action.perform(name));
    await sleep(99);
    expect(log).toEqual(['a begins', 'a ends']);
    await sleep(20);
    expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
    expect(states(tasks)).toEqual(['fulfilled', 'cancelled', 'fulfilled']);
    expect(await action.perform('d')).toBe('D');
  }));

test('cancel ends calls that run and calls that wait; the next one begins', () =>
  testRun(async () => {
    const { action, log } = logged({ mode: 'enqueue' });
    using _ = action;
    const tasks = [action.perform('a'), action.perform('b')];
    await sleep(1);
    action.cancel('enough');
    await settle();
    expect(states(tasks)).toEqual(['cancelled', 'cancelled']);
    expect(tasks[1]?.scope.reason?.reason).toBe('enough');
    expect(await action.perform('c')).toBe('C');
    expect(log).toEqual(['a begins', 'a is cut', 'c begins', 'c ends']);
  }));

test('a call that begins when another one ends, and is cancelled in that tick, does not call the function', () =>
  testRun(async () => {
    const { action, log } = logged({ mode: 'enqueue' });
    using _ = action;
    const [a, b, c] = ['a', 'b', 'c'].map((name) => action.perform(name));
    a?._listen(() => b?.cancel());
    await c;
    expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
    expect(b?.state).toBe('cancelled');
  }));

test('subscribers are told of each change; a listener that throws disturbs no other', () =>
  testRun(async () => {
    const { action } = logged();
    using _ = action;
    const seen: [number, unknown][] = [];
    const stop = action.subscribe(() => seen.push([action.running, action.last?.state]));
    await action.perform('a');
    await settle();
    expect(seen).toEqual([
      [1, 'running'],
      [0, 'fulfilled'],
    ]);
    stop();
    await action.perform('b');
    expect(seen).toHaveLength(2);
  }));

test('the failure of a call reaches the group that is given', () =>
  testRun(async () => {
    const failure = new Error('no network');
    const failing = taskGroup(async (group) => {
      const action = new Action(() => Promise.reject(failure), { group });
      action.perform();
      await sleep(100);
    });
    await expect(failing).rejects.toBe(failure);
  }));

test('with onError it does not, and onError gets it with its task and its options as this', () =>
  testRun(async () => {
    const failure = new Error('no network');
    const got: unknown[] = [];
    await taskGroup(async (group) => {
      const options: ActionOptions = {
        group,
        onError(error, task) {
          got.push(error, task.state, this === options);
        },
      };
      const action = new Action(() => Promise.reject(failure), options);
      action.perform();
      await sleep(1);
      expect(got).toEqual([failure, 'rejected', true]);
      action.perform()?.cancel();
    });
  }));

test('without a group, a failure that the caller awaits is the caller’s', () =>
  testRun(async () => {
    using action = new Action((): Promise<number> => Promise.reject(new Error('no network')));
    await expect(Promise.resolve(action.perform())).rejects.toThrow('no network');
    await sleep(1);
  }));

test('without a group, the tasks end with the scope around the action', () =>
  testRun(async () => {
    const log: string[] = [];
    let task: { readonly state: string } | undefined;
    await taskGroup((group) => {
      using action = new Action(() => sleep(1000).finally(() => log.push('cut')));
      task = action.perform();
      group.cancel();
    });
    await settle();
    expect([log, task?.state]).toEqual([['cut'], 'cancelled']);
  }));

test('after it was disposed of, and after its group has ended, perform does nothing', () =>
  testRun(async () => {
    const { action, log } = logged();
    const task = action.perform('a');
    action[Symbol.dispose]();
    action[Symbol.dispose]();
    expect(action.perform('b')).toBeUndefined();
    await settle();
    expect([log, task?.state]).toEqual([['a begins', 'a is cut'], 'cancelled']);
    const group = new TaskGroup();
    await group[Symbol.asyncDispose]();
    expect(new Action(() => 1, { group }).perform()).toBeUndefined();
  }));

test.each([
  [1, undefined, 'Action: fn is 1'],
  [() => 1, 1, 'options is 1'],
  [() => 1, { mode: 'once' }, 'mode is "once"'],
  [() => 1, { limit: 0 }, 'limit is 0'],
  [() => 1, { delay: NaN }, 'delay is NaN'],
  [() => 1, { throttle: '1' }, 'throttle is "1"'],
  [() => 1, { delay: 1, throttle: 1 }, 'both delay and throttle'],
  [() => 1, { group: {} }, 'group is'],
  [() => 1, { name: 1 }, 'name is 1'],
  [() => 1, { onError: 1 }, 'onError is 1'],
])('refuses (%p, %p)', (fn, options, message) => {
  expect(() => new Action(fn as never, options as never)).toThrow(message);
});
