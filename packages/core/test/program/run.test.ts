import {
  allTasks,
  CancelScope,
  createTask,
  currentScope,
  currentTask,
  getRunningLoop,
  InvalidStateError,
  isCancelled,
  run,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  TaskGroup,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import type { RunOptions } from '@ambit/core';
import { currentGroup } from '@ambit/core/lowlevel';
import { VirtualLoop } from '@ambit/core/testing';

/** On virtual time, and without handlers of signals. */
function quick<T>(main: (group: TaskGroup) => T | PromiseLike<T>, options?: RunOptions) {
  return run(main, { loop: new VirtualLoop(), signals: [], ...options });
}

describe('run', () => {
  // rule 238
  test('resolves with the value of main', async () => {
    expect(await quick(() => 'at once')).toBe('at once');
    expect(await quick(() => sleep(5, { value: 'later' }))).toBe('later');
  });

  // rule 238
  test('rejects with the error of main itself', async () => {
    const failure = new Error('refused');
    await expect(quick(() => Promise.reject(failure))).rejects.toBe(failure);
    await expect(
      quick(() => {
        throw failure;
      }),
    ).rejects.toBe(failure);
  });

  test('gives main a group, whose tasks it waits for', async () => {
    const log: string[] = [];
    await quick((group) => {
      expect(currentGroup()).toBe(group);
      group.spawn(() => sleep(5).then(() => log.push('child')));
    });
    expect(log).toEqual(['child']);
  });

  test('makes main a task of that name', () =>
    quick(async () => {
      expect(currentTask()?.name).toBe('main');
      expect(currentTask()?.state).toBe('running');
      expect([...allTasks()].map((task) => task.name)).toEqual(['main']);
      await sleep(1);
      expect(currentTask()?.name).toBe('main');
    }));

  // rule 242
  test('inside of a run() is an InvalidStateError', () =>
    quick(async () => {
      await expect(run(() => 1)).rejects.toThrow(
        new InvalidStateError('run: there is a run() around this one; use taskGroup() inside it'),
      );
    }));

  // rule 242
  test('can follow a run, and be beside one', async () => {
    const both = await Promise.all([quick(() => sleep(5, { value: 1 })), quick(() => 2)]);
    expect([...both, await quick(() => 3)]).toEqual([1, 2, 3]);
  });

  // rule 240
  test('that cancels itself rejects with its own CancelledError', async () => {
    const outcome = await quick(async (group) => {
      group.cancel('enough');
      await sleep(1);
    }).catch((error: unknown) => error);
    expect(isCancelled(outcome) && outcome.reason).toBe('enough');
    const own = await quick(async () => {
      currentTask()?.cancel('me');
      await sleep(1);
    }).catch((error: unknown) => error);
    expect(isCancelled(own) && own.reason).toBe('me');
  });

  test('is the root of a cancelled scope around it, too', async () => {
    const scope = new CancelScope();
    const log: string[] = [];
    const running = scope.run(() =>
      quick(async () => {
        await sleepForever().finally(() => log.push('cleaned up'));
      }),
    );
    scope.cancel();
    await running;
    expect(log).toEqual(['cleaned up']);
  });
});

describe('what main leaves behind', () => {
  // rule 238
  test('is cancelled and waited for before run() settles', async () => {
    const log: string[] = [];
    const clean = async (name: string) => {
      await sleepForever().finally(() => shield(() => sleep(10)).then(() => log.push(name)));
    };
    await quick(() => {
      createTask(() => clean('daemon'));
      new TaskGroup().spawn(() => clean('task of a group that nobody closed'));
    });
    expect(log).toEqual(['daemon', 'task of a group that nobody closed']);
  });

  // rule 238
  test('is cancelled also if it is but a wait that nobody looks at', async () => {
    const log: string[] = [];
    await quick(() => {
      sleepForever().catch(() => log.push('ended'));
    });
    expect(log).toEqual(['ended']);
  });

  // rule 238
  test('does not hide the error of main when it fails, but is attached to it', async () => {
    const [failure, later] = [new Error('main'), new Error('left behind')];
    const running = quick(() => {
      new TaskGroup().spawn(() => sleepForever().finally(() => Promise.reject(later)));
      throw failure;
    });
    await expect(running).rejects.toBe(failure);
    expect(suppressedErrors(failure)).toEqual([later]);
  });

  test('fails a run that was cancelled: a failure comes out rather than a cancellation', async () => {
    const failure = new Error('left behind');
    const scope = new CancelScope();
    const running = scope.run(() =>
      quick(async () => {
        new TaskGroup().spawn(() => sleepForever().finally(() => Promise.reject(failure)));
        await sleepForever();
      }),
    );
    scope.cancel();
    await expect(running).rejects.toBe(failure);
  });

  test('fails the run if nothing else has failed: no error is lost', async () => {
    const failure = new Error('left behind');
    const running = quick(() => {
      new TaskGroup().spawn(() => sleepForever().finally(() => Promise.reject(failure)));
    });
    await expect(running).rejects.toBe(failure);
  });
});

describe('without any run()', () => {
  test('groups, timeouts and sleeps work on the host loop', async () => {
    const loop = getRunningLoop();
    const start = loop.now();
    const log: string[] = [];
    await taskGroup(async (group) => {
      group.spawn(() => sleep(40).then(() => log.push('child')));
      await expect(timeout(5, () => sleepForever())).rejects.toThrow(TimeoutError);
      log.push('timeout');
    });
    // A busy machine may be late for both: then it is open which comes first.
    expect([...log].sort()).toEqual(['child', 'timeout']);
    expect(loop.now() - start).toBeGreaterThanOrEqual(40);
    expect(currentTask()).toBeUndefined();
    expect(currentGroup()).toBeUndefined();
  });

  test('the outermost scope is never cancelled', () => {
    const scope = currentScope();
    scope.cancel('everything');
    expect(scope.reason).toBeUndefined();
    expect(scope.signal.aborted).toBe(false);
  });
});

describe('handlers of signals', () => {
  // rule 241
  test('are added beside those that are there, and only ours are removed', async () => {
    const ends = ['beforeExit', 'exit', 'uncaughtException'];
    const events = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', ...ends];
    const counts = () => events.map((event) => process.listenerCount(event));
    const theirs = () => undefined;
    process.on('SIGINT', theirs);
    const before = counts();
    let during: number[] = [];
    await run(
      () => {
        during = counts();
      },
      { dumpOn: 'SIGUSR2' },
    );
    expect(during).toEqual(before.map((count) => count + 1));
    expect(counts()).toEqual(before);
    expect(process.listeners('SIGINT')).toContain(theirs);
    process.off('SIGINT', theirs);
  });

  test('are shared by runs side by side', async () => {
    const before = process.listenerCount('SIGINT');
    await Promise.all(
      Array.from({ length: 20 }, () =>
        run(async () => {
          await sleep(1);
          expect(process.listenerCount('SIGINT')).toBe(before + 1);
        }),
      ),
    );
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
