import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { moveOnAfter, sleep, taskGroup } from '@ambit/core';
import type { CancelledError, CancelScope, Task } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

function listen(name: string, listener: (message: unknown) => void): Disposable {
  const onMessage = (message: unknown): void => {
    listener(message);
  };
  subscribe(name, onMessage);
  return { [Symbol.dispose]: () => void unsubscribe(name, onMessage) };
}

test('the channels tell of each task that is spawned and settled, and of each scope that is cancelled', () =>
  testRun(async () => {
    const log: string[] = [];
    using spawned = listen('ambit:task:spawn', (message) => {
      const { task } = message as { task: Task<unknown> };
      log.push(`spawn ${task.name} ${task.status}`);
    });
    using settled = listen('ambit:task:settle', (message) => {
      const { task, status, error } = message as {
        task: Task<unknown>;
        status: string;
        error: unknown;
      };
      log.push(`settle ${task.name} ${status} ${error instanceof Error ? error.name : '-'}`);
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
  const options = { cwd: join(__dirname, '..'), encoding: 'utf8' } as const;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], options);
  expect(said.trim().split('\n').sort()).toEqual(['5', 'uncaught faulty']);
});
