import {
  allTasks,
  currentScope,
  currentTask,
  formatTaskTree,
  sleep,
  suppressedErrors,
  taskGroup,
  TaskGroupError,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

// The walk "spawn → run → join" of ARCHITECTURE.md: a task from its birth to what its group makes of it.

test('a task hangs in the tree while it runs, and is nowhere once it has ended', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const value = await taskGroup(
      async (group) => {
        // spawn: the task is there, and has run up to its first await.
        const task = group.spawn<string>(
          async (self) => {
            log.push(
              `${self.name} runs in its own scope: ${String(currentScope() === self.scope)}`,
            );
            log.push(`the ambient task is it: ${String(currentTask() === self)}`);
            await sleep(10);
            // run: the context has followed the await.
            log.push(`and still is at ${String(loop.now())}: ${String(currentTask() === self)}`);
            return 'result';
          },
          { name: 'worker' },
        );
        log.push(`spawned: ${task.state}, ${String(group.size)} child`);
        expect(task.group).toBe(group);
        expect(currentScope()).toBe(group.scope);
        expect(allTasks().has(task)).toBe(true);
        expect(formatTaskTree()).toMatch(
          /group crew\n.*└─ task worker: running, 0 ms, waits for sleep/,
        );

        // join: whoever waits gets the outcome, once it is there.
        log.push(`joined: ${await task.join()}`);
        expect([task.state, group.size]).toEqual(['fulfilled', 0]);
        expect(allTasks().has(task)).toBe(false);
        expect(formatTaskTree()).not.toContain('worker');
        expect(task.result()).toBe('result');
        return 'the body’s value';
      },
      { name: 'crew' },
    );
    expect(value).toBe('the body’s value');
    expect(log).toEqual([
      'worker runs in its own scope: true',
      'the ambient task is it: true',
      'spawned: running, 1 child',
      'and still is at 10: true',
      'joined: result',
    ]);
  }));

test('the last child out lets the group settle, and not a moment earlier', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const note = (what: string): void => {
      log.push(`${String(loop.now())}: ${what}`);
    };
    await taskGroup((group) => {
      for (const ms of [30, 10, 20])
        group.spawn(() =>
          sleep(ms).then(() => {
            note(`child ${String(ms)}`);
          }),
        );
      note('body');
    });
    note('group');
    expect(log).toEqual(['0: body', '10: child 10', '20: child 20', '30: child 30', '30: group']);
  }));

// What the failure of a child does is a pure decision: nothing, cancel the rest, collect.
test.each([
  ['cancel', ['a fails', 'b is interrupted'], 'a'],
  ['continue', ['a fails', 'b goes on', 'b fails'], 'a and b'],
] as const)('a failure, with onFailure: %s', (onFailure, expected, outcome) =>
  testRun(async () => {
    const log: string[] = [];
    const [a, b] = [new Error('a'), new Error('b')];
    const error: unknown = await taskGroup(
      (group) => {
        group.spawn(async () => {
          await sleep(10);
          log.push('a fails');
          throw a;
        });
        group.spawn(async () => {
          try {
            await sleep(20);
            log.push('b goes on');
          } catch (cancellation) {
            log.push('b is interrupted');
            throw cancellation;
          }
          log.push('b fails');
          throw b;
        });
      },
      { onFailure },
    ).catch((error: unknown) => error);
    expect(log).toEqual(expected);
    if (outcome === 'a') expect([error, suppressedErrors(error)]).toEqual([a, []]);
    else expect((error as TaskGroupError).errors).toEqual([a, b]);
  }),
);
