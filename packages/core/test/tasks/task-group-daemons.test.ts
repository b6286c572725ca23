import {
  CancelledError,
  CancelScope,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  taskGroup,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

test('daemons are cancelled once the body and all other children have ended', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const value = await taskGroup(async (group) => {
      group.spawn(() => sleepForever().finally(() => log.push(`daemon at ${String(loop.now())}`)), {
        daemon: true,
      });
      group.spawn(() => sleep(20).then(() => log.push('child')));
      await sleep(10);
      log.push('body');
      return 'value';
    });
    expect(value).toBe('value');
    expect(log).toEqual(['body', 'child', 'daemon at 20']);
  }));

test('the cleanup of a daemon is waited for', () =>
  testRun(async (_group, loop) => {
    await taskGroup((group) => {
      group.spawn(() => sleepForever().finally(() => shield(() => sleep(15))), { daemon: true });
    });
    expect(loop.now()).toBe(15);
  }));

test('the reason that ends a daemon says that it was shut down', () =>
  testRun(async () => {
    const log: unknown[] = [];
    await taskGroup((group) => {
      group.spawn(() => sleepForever().catch((error: unknown) => log.push(error)), {
        daemon: true,
      });
    });
    expect((log[0] as CancelledError).source).toBe('shutdown');
  }));

test('a daemon that fails brings its group down', () =>
  testRun(async (_group, loop) => {
    const failure = new Error('daemon');
    const outcome = taskGroup(async (group) => {
      group.spawn(() => sleep(10).then(() => Promise.reject(failure)), { daemon: true });
      await sleepForever();
    });
    await expect(outcome).rejects.toBe(failure);
    expect(loop.now()).toBe(10);
  }));

test('a daemon that fails in its cleanup fails the group', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const outcome = taskGroup((group) => {
      group.spawn(() => sleepForever().finally(() => Promise.reject(failure)), { daemon: true });
      return 'value';
    });
    await expect(outcome).rejects.toBe(failure);
    expect(suppressedErrors(failure)).toEqual([]);
  }));

test('the failure of one daemon in its cleanup leaves the others the time for theirs', () =>
  testRun(async (_group, loop) => {
    const failure = new Error('cleanup');
    const outcome = taskGroup((group) => {
      group.spawn(() => sleepForever().finally(() => Promise.reject(failure)), { daemon: true });
      group.spawn(() => sleepForever().finally(() => shield(() => sleep(10))), { daemon: true });
    });
    await expect(outcome).rejects.toBe(failure);
    expect(loop.now()).toBe(10);
  }));

test('a daemon that ends by itself is no matter', () =>
  testRun(async () => {
    const value = await taskGroup((group) => {
      const daemon = group.spawn(() => sleep(5, { value: 'early' }), { daemon: true });
      group.spawn(() => sleep(10));
      return daemon;
    });
    expect(value).toBe('early');
  }));

test('children that a daemon spawns in its cleanup are waited for, daemons are not begun', () =>
  testRun(async (_group, loop) => {
    const fn = jest.fn();
    await taskGroup((group) => {
      group.spawn(
        () =>
          sleepForever().finally(() => {
            group.spawn(() => sleep(10));
            group.spawn(fn, { daemon: true });
          }),
        { daemon: true },
      );
    });
    expect(loop.now()).toBe(10);
    expect(fn).not.toHaveBeenCalled();
  }));

test('a daemon that a timeout of the group cuts short leaves the value', () =>
  testRun(async () => {
    const value = await taskGroup(
      async (group) => {
        const daemon = group.spawn(() => sleepForever(), { daemon: true });
        const scope = new CancelScope({ shield: true });
        await scope.run(() => sleep(20));
        expect(daemon.state).toBe('cancelled');
        return 'value';
      },
      { timeout: 10 },
    );
    expect(value).toBe('value');
  }));

test('a thousand daemons end together', () =>
  testRun(async () => {
    let ended = 0;
    await taskGroup((group) => {
      for (let n = 0; n < 1000; n += 1) {
        group.spawn(() => sleepForever().finally(() => (ended += 1)), { daemon: true });
      }
      expect(group.size).toBe(1000);
    });
    expect(ended).toBe(1000);
  }));
