import {
  CancelScope,
  checkpoint,
  getRunningLoop,
  InvalidStateError,
  currentScope,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  yieldNow,
} from '@ambit/core';
import { everyOrder, crash, testRun, settle } from '@ambit/core/testing';
import { Event, Lock } from '../support/small-primitives.ts';

/** A machine: code that runs in a scope of its own, which no code waits for. */
function machine(main: () => Promise<unknown>): CancelScope {
  const scope = new CancelScope({ name: 'machine' });
  void scope.run(main);
  return scope;
}

describe('crash', () => {
  test('nothing goes on, not even finally', () =>
    testRun(async () => {
      const log: string[] = [];
      const scope = machine(async () => {
        try {
          await taskGroup((group) => {
            group.spawn(() => sleep(10).finally(() => log.push('task')));
            group.spawn(() => timeout(5, () => sleepForever()).catch(() => log.push('late')));
          });
        } finally {
          log.push('finally');
        }
      });
      scope.onCancel(() => log.push('onCancel'));
      scope.signal.addEventListener('abort', () => log.push('abort'));
      await sleep(1);
      crash(scope);
      scope.cancel();
      await sleep(100);
      expect(log).toEqual([]);
    }));

  test.each<[string, () => Promise<unknown>]>([
    ['a checkpoint', () => checkpoint()],
    ['a yield', () => yieldNow()],
    ['a sleep', () => sleep(1)],
    ['a group', () => taskGroup(() => undefined)],
    ['a time limit', () => timeout(5, () => undefined)],
  ])('what waits for a promise of the platform goes on up to %s', (_what, wait) =>
    testRun(async () => {
      const log: string[] = [];
      let resolve = (): void => undefined;
      const foreign = new Promise<void>((own) => (resolve = own));
      const scope = machine(async () => {
        await foreign;
        log.push('goes on');
        for (let round = 0; round < 3; round += 1) await wait();
        log.push('too far');
      });
      crash(scope);
      resolve();
      await sleep(20);
      expect(log).toEqual(['goes on']);
    }),
  );

  test('its waits leave the lines that others wait in, and wake none of theirs', () =>
    testRun(async (group) => {
      const lock = new Lock('shared');
      const log: string[] = [];
      group.spawn(() => lock.run(() => sleep(10)));
      const scope = machine(async () => {
        await taskGroup((inner) => {
          for (const name of 'ab') inner.spawn(() => lock.run(async () => void log.push(name)));
        });
      });
      await settle();
      group.spawn(() => lock.run(async () => void log.push('other')));
      await settle();
      crash(scope);
      await group.join();
      expect({ log, isFree: lock.isFree }).toEqual({ log: ['other'], isFree: true });
    }));

  test('nothing of it is left behind: no timer, no callback, no listener', () =>
    testRun(async () => {
      const log: string[] = [];
      const { signal } = new AbortController();
      const scope = machine(async () => {
        getRunningLoop().callLater(50, () => log.push('later'));
        getRunningLoop().callNext(() => log.push('next'));
        await new CancelScope({ timeout: 1000, signal }).run(() => sleep(5000, { signal }));
      });
      crash(scope);
      await sleep(100);
      expect(log).toEqual([]);
    }));

  test('what was woken in the same turn does not go on either, in a test with a schedule', async () => {
    const { isComplete } = await everyOrder(async () => {
      const event = new Event();
      const log: string[] = [];
      const scope = machine(() => event.wait().then(() => log.push('on')));
      await yieldNow();
      event.set();
      crash(scope);
      await sleep(10);
      expect(log).toEqual([]);
    });
    expect(isComplete).toBe(true);
  });

  test('what goes on in the next turn does not go on either', () =>
    testRun(async () => {
      const log: string[] = [];
      const event = new Event();
      const scope = machine(() => event.wait().then(() => log.push('on')));
      // More than goes on in one turn.
      for (let step = 0; step < 1001; step += 1) void checkpoint();
      event.set();
      crash(scope);
      await sleep(10);
      expect(log).toEqual([]);
    }));

  test('does nothing to a scope that has not begun, has ended, or has crashed', () =>
    testRun(async () => {
      const scope = new CancelScope();
      crash(scope);
      expect(await scope.run(() => sleep(1, { value: 'value' }))).toBe('value');
      crash(scope);
      const other = machine(() => sleepForever());
      crash(other);
      crash(other);
    }));

  test('refuses what is not a scope that can end', async () => {
    expect(() => {
      crash(undefined as never);
    }).toThrow('scope is undefined');
    expect(() => {
      crash({ signal: 1 } as never);
    }).toThrow(TypeError);
    expect(() => {
      crash(currentScope());
    }).toThrow(InvalidStateError);
    await testRun(() => sleep(1));
  });
});
