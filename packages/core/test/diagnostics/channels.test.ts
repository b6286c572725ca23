import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import {
  any,
  CancelScope,
  currentTask,
  gather,
  gatherSettled,
  moveOnAfter,
  race,
  sleep,
  taskGroup,
} from '@ambit/core';
import type { CancelledError, Task, TaskGroup } from '@ambit/core';
import { proactiveRetry } from '@ambit/core/abort';
import { ParkingLot } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

function listen(name: string, listener: (message: unknown) => void): Disposable {
  const onMessage = (message: unknown): void => {
    listener(message);
  };
  subscribe(name, onMessage);
  return { [Symbol.dispose]: () => void unsubscribe(name, onMessage) };
}

test('a subscriber that cancels a wait as it begins leaves nothing in a line, and no timer', () =>
  testRun(async (_group, loop) => {
    const lot = new ParkingLot();
    const ended: boolean[] = [];
    let next: CancelScope | undefined;
    using begun = listen('ambit:wait:begin', () => {
      next?.cancel();
    });
    expect(begun).toBeDefined();
    for (const wait of [() => lot.park(), () => sleep(1000)]) {
      next = new CancelScope();
      await next.run(wait);
      ended.push(next.cancelCaught);
    }
    expect([ended, lot.size]).toEqual([[true, true], 0]);
    expect(loop.pendingTimers).toBe(0);
  }));

test('the channels tell of each task that is spawned and settled, and of each scope that is cancelled', () =>
  testRun(async () => {
    const log: string[] = [];
    using spawned = listen('ambit:task:spawn', (message) => {
      const { task } = message as { task: Task<unknown> };
      log.push(`spawn ${task.name} ${task.state}`);
    });
    using settled = listen('ambit:task:settle', (message) => {
      const { task, state, error } = message as {
        task: Task<unknown>;
        state: string;
        error: unknown;
      };
      log.push(`settle ${task.name} ${state} ${error instanceof Error ? error.name : '-'}`);
    });
    using cancelled = listen('ambit:scope:cancel', (message) => {
      const { scope, reason } = message as { scope: CancelScope; reason: CancelledError };
      log.push(`cancel ${scope.name} ${reason.source}`);
    });
    expect([spawned, settled, cancelled]).toHaveLength(3);

    await moveOnAfter(10, () =>
      taskGroup((group) => {
        group.spawn(() => 1, { name: 'quick' });
        group.spawn(() => sleep(100), { name: 'slow' });
      }),
    );
    await taskGroup(
      (group) => {
        group.spawn(() => Promise.reject(new RangeError('no')), { name: 'failing' });
      },
      { name: 'jobs' },
    ).catch(() => undefined);
    expect(log).toEqual([
      'spawn quick queued',
      'settle quick fulfilled -',
      'spawn slow queued',
      'cancel  deadline',
      'settle slow cancelled AbortError',
      'spawn failing queued',
      'settle failing rejected RangeError',
      'cancel jobs failure',
    ]);
  }));

// rule 277
test('a subscriber that throws disturbs no task', () => {
  // In a process of its own: the fault is an uncaught exception, which jest would take for the test's.
  const program = `
    import { subscribe } from 'node:diagnostics_channel';
    import { taskGroup } from '@ambit/core';
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    subscribe('ambit:task:spawn', () => { throw new Error('faulty'); });
    console.log(await taskGroup((group) => group.spawn(() => 5)));
  `;
  const options = { cwd: join(__dirname, '../..'), encoding: 'utf8' } as const;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], options);
  expect(said.trim().split('\n').sort()).toEqual(['5', 'uncaught faulty']);
});

interface Message {
  readonly task: Task<unknown>;
  readonly id: number;
  readonly name: string;
  readonly parentId: number | undefined;
  readonly group: TaskGroup;
  readonly scope: CancelScope;
  readonly state: string;
  readonly status: string;
  readonly error?: unknown;
}

test('a message says what task it is, of which group, and below which task', () =>
  testRun(async () => {
    const messages: Message[] = [];
    const note = (message: unknown) => messages.push(message as Message);
    using spawned = listen('ambit:task:spawn', note);
    using settled = listen('ambit:task:settle', note);
    expect([spawned, settled]).toHaveLength(2);
    const failure = new Error('refused');
    let parent: Task<unknown> | undefined;
    const running = taskGroup((group) => {
      const child = () => Promise.reject(failure);
      const work = () => taskGroup((inner) => void inner.spawn(child));
      parent = group.spawn(work, { name: 'parent' });
    });
    await running.catch(() => undefined);
    expect(messages.map(({ name, state, status, error }) => [name, state, status, error])).toEqual([
      ['parent', 'queued', 'queued', undefined],
      ['child', 'queued', 'queued', undefined],
      ['child', 'rejected', 'rejected', failure],
      ['parent', 'rejected', 'rejected', failure],
    ]);
    for (const { task, id, parentId, group, scope } of messages) {
      expect([id, group, scope]).toEqual([task.id, task.group, task.scope]);
      expect(parentId).toBe(task === parent ? currentTask()?.id : parent?.id);
    }
  }));

describe('the candidates settle as what they are:', () => {
  const failing = async () => {
    await sleep(5);
    throw new Error('no answer');
  };
  const good = () => sleep(10, { value: 1 });
  const slow = () => sleep(5000);
  const truth = { failing: 'rejected: no answer', good: 'fulfilled', slow: 'cancelled' };
  const helpers: [string, () => Promise<unknown>, Record<string, string>][] = [
    ['any', () => any([failing, good, slow]), truth],
    ['any, all failed', () => any([failing]), { failing: 'rejected: no answer' }],
    ['race', () => race([failing, slow]), { failing: 'rejected: no answer', slow: 'cancelled' }],
    [
      'gather',
      () => gather([failing, slow]),
      { failing: 'rejected: no answer', slow: 'cancelled' },
    ],
    ['gatherSettled', () => gatherSettled([failing, good, slow], { timeout: 50 }), truth],
    [
      'proactiveRetry',
      () =>
        proactiveRetry((_signal, attempt) => (attempt === 0 ? failing() : good()), { baseMs: 1 }),
      { 'attempt 0': 'rejected: no answer', 'attempt 1': 'fulfilled' },
    ],
  ];

  test.each(helpers)('%s', (_name, help, expected) =>
    testRun(async () => {
      const seen: Record<string, string> = {};
      using settled = listen('ambit:task:settle', (message) => {
        const { name, state, error } = message as Message;
        seen[name] =
          error instanceof Error && state === 'rejected' ? `${state}: ${error.message}` : state;
      });
      expect(settled).toBeDefined();
      await help().catch(() => undefined);
      expect(seen).toMatchObject(expected);
    }),
  );
});

// rule 60: the others are cancelled for the failure of one.
test('a sibling hears which task has failed, and so does the channel of cancellations', () =>
  testRun(async () => {
    const log: unknown[] = [];
    using cancelled = listen('ambit:scope:cancel', (message) => {
      const { source, by } = message as { source: string; by?: Task<unknown> | string };
      log.push([source, typeof by === 'object' ? by.name : by]);
    });
    expect(cancelled).toBeDefined();
    const victim = (): Promise<void> =>
      sleep(100).catch((error: unknown) => void log.push((error as Error).message));
    const failure = new Error('boom');
    await taskGroup((group) => {
      group.spawn(victim);
      group.spawn(() => sleep(1).then(() => Promise.reject(failure)), { name: 'origin' });
    }).catch(() => undefined);
    await gather([
      victim,
      async function parse() {
        await sleep(1);
        throw failure;
      },
    ]).catch(() => undefined);
    await taskGroup((group) => {
      group.spawn(victim);
      throw failure;
    }).catch(() => undefined);
    await moveOnAfter(1, () => sleep(5));
    expect(log).toEqual([
      ['failure', 'origin'],
      'the scope was cancelled because "origin" failed: boom',
      ['failure', 'parse'],
      'the scope was cancelled because "parse" failed: boom',
      ['failure', 'the body'],
      'the scope was cancelled because the body failed: boom',
      ['deadline', undefined],
    ]);
  }));

test('ambit:task:begin is published in the scope of the task, and what its subscribers wrap is around the function', () =>
  testRun(async () => {
    const log: string[] = [];
    using begun = listen('ambit:task:begin', (message) => {
      const { task, state, wrap } = message as {
        task: Task<unknown>;
        state: string;
        wrap(around: (call: () => unknown) => unknown): void;
      };
      log.push(`begin ${task.name} ${state}, current: ${currentTask()?.name}`);
      for (const name of ['inner', 'outer']) {
        wrap((call) => {
          log.push(`${name} of ${task.name}`);
          return call();
        });
      }
    });
    expect(begun).toBeDefined();
    await taskGroup(
      async (group) => {
        const first = group.spawn((task) => log.push(`run ${task.name}`), { name: 'first' });
        const second = group.spawn(() => sleep(10, { value: 'done' }), { name: 'second' });
        const third = group.spawn(() => log.push('never'), { name: 'third' });
        third.cancel();
        expect(await first).toBe(4);
        expect(await second).toBe('done');
      },
      { limit: 1 },
    );
    expect(log).toEqual([
      'begin first running, current: first',
      'outer of first',
      'inner of first',
      'run first',
      'begin second running, current: second',
      'outer of second',
      'inner of second',
    ]);
  }));

test('what is put around the function of a task and throws is the failure of the task', () =>
  testRun(async () => {
    using begun = listen('ambit:task:begin', (message) => {
      (message as { wrap(around: () => never): void }).wrap(() => {
        throw new RangeError('around');
      });
    });
    expect(begun).toBeDefined();
    await expect(taskGroup((group) => void group.spawn(() => 1))).rejects.toThrow('around');
  }));
