import { setTimeout as delay } from 'node:timers/promises';
import {
  CancelScope,
  createTask,
  Future,
  getRunningLoop,
  InvalidStateError,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  TaskGroup,
  taskGroup,
  yieldNow,
} from '@ambit/core';
import { Sequencer, settle, testRun, VirtualLoop } from '@ambit/core/testing';

describe('testRun', () => {
  test.each([[7], [null], [{}]])('refuses %j as a loop', async (loop) => {
    await expect(testRun(() => undefined, { loop: loop as never })).rejects.toThrow(
      /^testRun: loop is .*, not a VirtualLoop; give new VirtualLoop\(\), or nothing$/,
    );
  });

  test('gives the body a group and the loop, and returns its value', async () => {
    const value = await testRun(async (group, loop) => {
      expect(getRunningLoop()).toBe(loop);
      return group.spawn(() => sleep(1000, { value: 'value' }));
    });
    expect(value).toBe('value');
  });

  test('can be given a loop', async () => {
    const loop = new VirtualLoop();
    await testRun(() => sleep(5), { loop });
    expect(loop.now()).toBe(5);
  });

  test('rejects with what the body throws', async () => {
    const failure = new Error('expectation');
    await expect(testRun(() => Promise.reject(failure))).rejects.toBe(failure);
  });

  test.each<[string, string, () => unknown]>([
    ['a wait', 'waits or scopes', () => void sleepForever()],
    ['a timer', '1 timer', () => void sleep(1000)],
    ['a scope', 'waits or scopes', () => new CancelScope().signal],
    ['a scope with a deadline', '1 timer', () => new CancelScope({ timeout: 5 }).signal],
    [
      'a listener',
      '1 listener on signals',
      () => new CancelScope({ signal: new AbortController().signal }).signal,
    ],
    ['a task', 'waits or scopes', () => void new TaskGroup().spawn(() => sleepForever())],
  ])('finds %s that is left behind', async (_what, named, body) => {
    const outcome = await testRun(body).catch((error: unknown) => error);
    expect(String(outcome)).toMatch(/testRun: the test has left .* behind:\nrun/);
    expect(String(outcome)).toMatch(named);
  });

  test('names the task that is left behind', async () => {
    const body = () => {
      new TaskGroup({ name: 'forgotten' }).spawn(() => sleepForever(), { name: 'stray' });
    };
    await expect(testRun(body)).rejects.toThrow(/group forgotten(.*\n)+.*task stray/);
  });

  test('does not take daemons of the run for leaks', () =>
    testRun(() => {
      createTask(() => sleepForever());
    }));

  test('has a limit in real time, and shows what hangs', async () => {
    const hanging = testRun(
      async (group) => {
        group.spawn(() => new Promise(() => undefined), { name: 'hanging' });
        await sleep(5);
      },
      { limit: 400 },
    );
    await expect(hanging).rejects.toThrow(
      /not over after 400 ms of real time and 5 ms of virtual time.*\n(.*\n)*.*task hanging/,
    );
  });

  test.each([
    ['a sleep', () => sleep(1000)],
    ['a yield', () => yieldNow()],
  ])('past the limit, a task that repeats %s does not go on forever', async (_, pause) => {
    let rounds = 0;
    const endless = testRun(
      (group) => {
        group.spawn(async () => {
          for (;;) {
            await pause();
            rounds += 1;
          }
        });
      },
      { limit: 200 },
    );
    await expect(endless).rejects.toThrow('testRun: not over');
    const roundsThen = rounds;
    expect(roundsThen).toBeGreaterThan(0);
    await delay(30);
    expect(rounds).toBe(roundsThen);
  });
});

describe('settle', () => {
  // rule 268
  test('waits until all tasks are blocked, whatever timers are pending', () =>
    testRun(async (group, loop) => {
      const log: string[] = [];
      const future = new Future<void>();
      group.spawn(async () => {
        for (let at = 0; at < 5; at += 1) await yieldNow();
        log.push('ran');
        await future.wait();
        log.push('not yet');
      });
      group.spawn(() => sleep(10).then(() => log.push('timer')));
      await settle();
      expect(log).toEqual(['ran']);
      expect(loop.now()).toBe(0);
      future.resolve();
    }));

  // rule 268
  test('gives what is not of this loop two turns of the host’s', () =>
    testRun(async (group) => {
      const log: string[] = [];
      group.spawn(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
        log.push('two turns later');
      });
      await settle();
      expect(log).toEqual(['two turns later']);
    }));

  // rule 268
  test('lets those who settle at a time go one after the other', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const step = async (name: string) => {
        await settle();
        log.push(`${name} begins`);
        await yieldNow();
        log.push(`${name} ends`);
      };
      group.spawn(() => step('first'));
      group.spawn(() => step('second'));
      await group.join();
      expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
    }));

  test('is a checkpoint', () =>
    testRun(async () => {
      const scope = new CancelScope();
      scope.cancel();
      let reached = false;
      await scope.run(async () => {
        await settle();
        reached = true;
      });
      expect(reached).toBe(false);
    }));

  test('on the host loop lets two turns pass', async () => {
    const log: string[] = [];
    await run(async (group) => {
      group.spawn(async () => {
        await yieldNow();
        log.push('ran');
      });
      await settle();
      log.push('settled');
    });
    expect(log).toEqual(['ran', 'settled']);
  });
});

describe('Sequencer', () => {
  // rule 269
  test('runs the steps in their order, whoever comes first', () =>
    testRun(async () => {
      const log: string[] = [];
      const sequencer = new Sequencer();
      await taskGroup((group) => {
        group.spawn(async () => {
          await sequencer.run(2, () => log.push('c'));
          using _step = await sequencer.at(4);
          log.push('e');
        });
        group.spawn(async () => {
          await sequencer.run(0, () => sleep(10).then(() => log.push('a')));
          await sequencer.run(3, () => log.push('d'));
        });
        group.spawn(() => sequencer.run(1, () => log.push('b')));
      });
      expect(log).toEqual(['a', 'b', 'c', 'd', 'e']);
    }));

  test('gives the value of the step', () =>
    testRun(async () => {
      expect(await new Sequencer().run(0, () => sleep(1, { value: 'v' }))).toBe('v');
    }));

  // rule 269
  test('a position that was used before is an InvalidStateError', () =>
    testRun(async () => {
      const sequencer = new Sequencer();
      await sequencer.run(0, () => undefined);
      await expect(sequencer.run(0, () => undefined)).rejects.toThrow(
        new InvalidStateError('Sequencer: position 0 was used before; use each once'),
      );
    }));

  // rule 269
  test('one who is cancelled while waiting makes all later steps fail', () =>
    testRun(async () => {
      const sequencer = new Sequencer();
      const log: string[] = [];
      await taskGroup(
        async (group) => {
          const later = group.spawn(() => sequencer.run(2, () => log.push('later')));
          await moveOnAfter(5, () => sequencer.run(1, () => log.push('cancelled')));
          expect(String(await later.catch((error: unknown) => error))).toMatch(
            'a step before this one was cancelled',
          );
          await expect(sequencer.run(3, () => undefined)).rejects.toThrow(InvalidStateError);
        },
        { onFailure: 'continue' },
      ).catch(() => undefined);
      expect(log).toEqual([]);
    }));

  test('a step whose body fails is over all the same', () =>
    testRun(async () => {
      const sequencer = new Sequencer();
      const failure = new Error('refused');
      await expect(sequencer.run(0, () => Promise.reject(failure))).rejects.toBe(failure);
      expect(await sequencer.run(1, () => 'next')).toBe('next');
    }));

  test.each([[-1], [0.5], [NaN], [Infinity]])('refuses the position %d', (position) =>
    testRun(async () => {
      const sequencer = new Sequencer();
      await expect(sequencer.run(position, () => undefined)).rejects.toThrow(RangeError);
      await expect(sequencer.at(position)).rejects.toThrow('position');
    }),
  );
});
