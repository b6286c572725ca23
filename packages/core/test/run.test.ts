import { setTimeout as hostSleep } from 'node:timers/promises';
import {
  allTasks,
  CancelScope,
  ContextVar,
  createTask,
  currentScope,
  currentTask,
  gather,
  getRunningLoop,
  InvalidStateError,
  isCancelled,
  LoopNotRunningError,
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
      expect(currentTask()?.status).toBe('running');
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

describe('createTask', () => {
  test('makes a daemon of the run: cancelled when main has ended', async () => {
    const log: string[] = [];
    const value = await quick(async (group) => {
      const task = createTask(() => sleepForever().finally(() => log.push('daemon')), {
        name: 'metrics',
      });
      expect([task.name, task.status]).toEqual(['metrics', 'running']);
      group.spawn(() => sleep(5).then(() => log.push('child of main')));
      await sleep(1);
      return 'value';
    });
    expect(value).toBe('value');
    // rule 243
    expect(log).toEqual(['child of main', 'daemon']);
  });

  test('gives a task to await', () =>
    quick(async () => {
      expect(await createTask(() => sleep(5, { value: 'done' }))).toBe('done');
    }));

  test('is not the child of the task that calls it', () =>
    quick(async () => {
      const log: string[] = [];
      await taskGroup((group) => {
        group.spawn(() => {
          createTask(async () => {
            await sleep(10);
            log.push('outlives it');
          });
        });
      });
      expect(log).toEqual([]);
      await sleep(20);
      expect(log).toEqual(['outlives it']);
    }));

  // rule 243
  test('fails the whole run when it fails: main is cancelled, the failure comes out itself', async () => {
    const failure = new Error('crashed');
    const log: string[] = [];
    const running = quick(async () => {
      createTask(async () => {
        await sleep(5);
        throw failure;
      });
      await sleepForever().finally(() => log.push('main cleaned up'));
    });
    await expect(running).rejects.toBe(failure);
    expect(log).toEqual(['main cleaned up']);
  });

  test('outside of any run is a LoopNotRunningError, and starts nothing', async () => {
    const log: string[] = [];
    const start = () => createTask(() => log.push('started'));
    expect(start).toThrow(LoopNotRunningError);
    expect(start).toThrow('there is no run() around this call to own the task');
    await taskGroup(() => {
      expect(start).toThrow(LoopNotRunningError);
    });
    expect(log).toEqual([]);
  });

  test('in a callback that comes after the end of its run is one too', async () => {
    let late: Promise<unknown> | undefined;
    await quick(() => {
      late = hostSleep(1).then(() => createTask(() => undefined));
    });
    await expect(late).rejects.toThrow(LoopNotRunningError);
  });
});

describe('an eager start', () => {
  // rule 245
  test('that completes synchronously is done when spawn returns, and never among allTasks()', () =>
    quick((group) => {
      const main = currentTask();
      const task = group.spawn(
        () => {
          expect(currentTask()?.name).toBe('eager');
          return 'value';
        },
        { name: 'eager' },
      );
      expect([task.done, task.status, task.result()]).toEqual([true, 'fulfilled', 'value']);
      expect(currentTask()).toBe(main);
      expect(allTasks().has(task)).toBe(false);
    }));

  // rule 245
  test('that blocks is among them until it ends', () =>
    quick(async (group) => {
      const task = group.spawn(() => sleep(5));
      expect(allTasks().has(task)).toBe(true);
      await task;
      expect(allTasks().has(task)).toBe(false);
    }));

  // rule 246
  test('keeps what it sets in its context to itself', () =>
    quick(async (group) => {
      const name = new ContextVar<string>();
      const scope = currentScope();
      group.spawn(() => name.run('child', () => sleep(1)));
      expect(name.get()).toBeUndefined();
      expect(currentScope()).toBe(scope);
    }));

  // rule 247
  test('can be recursive through groups', () =>
    quick(async () => {
      const sum = (depth: number): Promise<number> =>
        taskGroup(async (group) => {
          if (depth === 0) return 1;
          const halves = [group.spawn(() => sum(depth - 1)), group.spawn(() => sum(depth - 1))];
          const [a = 0, b = 0] = await gather(halves.map((half) => () => half));
          return a + b;
        });
      expect(await sum(5)).toBe(32);
    }));
});

describe('in debug mode', () => {
  test('a turn that takes too long is reported, with the name of its task', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const busy = (ms: number) => {
      const until = performance.now() + ms;
      while (performance.now() < until);
    };
    await run(
      async (group) => {
        group.spawn(
          async () => {
            await sleep(1);
            busy(30);
          },
          { name: 'cruncher' },
        );
        await sleep(1);
        busy(2);
      },
      { debug: true, slowTurn: 20, signals: [] },
    );
    const warnings = warn.mock.calls.map((call) =>
      (call as string[]).slice(0, 2).reverse().join(': '),
    );
    warn.mockRestore();
    // A busy machine may hold up others as well.
    const [first] = warnings.filter((warning) => warning.includes('cruncher'));
    expect(first).toMatch(
      /^SlowTurnWarning: the task "cruncher" held the event loop for \d\d+ ms; put/,
    );
  });

  test('an error tells where its task was spawned', async () => {
    const outcome = await quick(
      async function mainOfTheProgram(group) {
        group.spawn(
          async () => {
            await sleep(1);
            throw new Error('refused');
          },
          { name: 'worker' },
        );
        await sleepForever();
      },
      { debug: true },
    ).catch((error: unknown) => error);
    const { stack = '' } = outcome as Error;
    expect(stack).toMatch('-- the task "worker" was spawned here --');
    expect(stack.slice(stack.indexOf('spawned here'))).toMatch('mainOfTheProgram');
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
    expect(log).toEqual(['timeout', 'child']);
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
    const events = ['SIGINT', 'SIGTERM', 'SIGUSR2', 'beforeExit'];
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
