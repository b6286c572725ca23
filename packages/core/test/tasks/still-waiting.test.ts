import { Future, moveOnAfter, run, shield, sleep, taskGroup, TaskGroup } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

type Warned = [message: string, name: string, code?: string];

/** The warnings of a program on virtual time. */
async function warnedBy(main: () => Promise<unknown>, debug?: 'debug'): Promise<string[]> {
  const warned: string[] = [];
  const note = (...[message, name, code]: Warned): void => {
    warned.push(`${name} ${String(code)} ${message}`);
  };
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation(note as never);
  try {
    await run(main, { debug: debug === 'debug', loop: new VirtualLoop(), signals: [] });
  } finally {
    spy.mockRestore();
  }
  return warned;
}

/** A group that is cancelled at once, with a task that needs so long for its cleanup. */
function slowToEnd(ms: number, name = 'jobs'): Promise<unknown> {
  return taskGroup(
    (group) => {
      group.spawn(() => shield(() => sleep(ms)), { name: `stubborn of ${name}` });
      group.cancel();
    },
    { name },
  );
}

describe('5 s after its cancellation, a group that still waits says so', () => {
  test('and names the tasks, in every mode', async () => {
    const warned = await warnedBy(() => slowToEnd(6000));
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('TaskGroupWarning AMBIT_STILL_WAITING the task group "jobs"');
    expect(warned[0]).toContain('the task "stubborn of jobs" (run > main > main > jobs > stubborn');
    expect(warned[0]).not.toContain('still-waiting.test.ts');
  });

  test('in debug mode also where they were spawned', async () => {
    const [warning] = await warnedBy(() => slowToEnd(6000), 'debug');
    expect(warning).toContain('still-waiting.test.ts');
  });

  test('not if it ends in time, and not before', async () => {
    expect(await warnedBy(() => slowToEnd(4999))).toEqual([]);
    expect(await warnedBy(() => sleep(60_000))).toEqual([]);
  });

  test('once, however long it takes, also where groups are nested', async () => {
    const nested = (): Promise<unknown> =>
      moveOnAfter(10, () => taskGroup(() => slowToEnd(300_000), { name: 'outer' }));
    const warned = await warnedBy(nested);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('"stubborn of jobs"');
  });

  test('at most once a minute: another one has to wait', async () => {
    const instants: string[] = [];
    const loop = new VirtualLoop();
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation(((message: string) => {
      instants.push(`${String(loop.now())} ${/"stubborn of (\w+)"/.exec(message)?.[1] ?? ''}`);
    }) as never);
    const main = async (): Promise<void> => {
      await Promise.all([slowToEnd(70_000, 'a'), slowToEnd(70_000, 'b'), slowToEnd(30_000, 'c')]);
    };
    await run(main, { loop, signals: [] });
    spy.mockRestore();
    expect(instants).toEqual(['5000 a', '65000 b']);
  });

  test('of a task behind a shield, of a daemon, of one that awaits a foreign promise, and with await using', async () => {
    const gate = new Future<void>();
    const shielded = (): Promise<unknown> =>
      moveOnAfter(10, () => shield(() => slowToEnd(6000, 'behind')));
    const daemon = (): Promise<unknown> =>
      taskGroup((group) => {
        group.spawn(() => shield(() => sleep(6000)), { name: 'daemon', daemon: true });
      });
    const foreign = (): Promise<unknown> =>
      moveOnAfter(10, () =>
        taskGroup((group) => {
          group.spawn(() =>
            gate.wait().catch(() => new Promise((resolve) => setTimeout(resolve, 5))),
          );
        }),
      );
    const using = async (): Promise<unknown> => {
      await using group = new TaskGroup({ name: 'using' });
      group.spawn(() => shield(() => sleep(6000)), { name: 'used' });
      return 0;
    };
    expect(await warnedBy(shielded)).toMatchObject([/stubborn of behind/].map(matching));
    expect(await warnedBy(daemon)).toMatchObject([matching(/the task "daemon"/)]);
    expect(await warnedBy(using)).toMatchObject([matching(/the task "used"/)]);
    expect(await warnedBy(foreign)).toEqual([]);
  });
});

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern) as unknown;
}
