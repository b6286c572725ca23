import { CancelScope, currentScope, InvalidStateError, isCancelled, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { LockStolenError, WebLock } from '../../src/web.ts';
import { FakeLockManager } from '../support/lock-manager.ts';

// The laws of the platform's own locks are held by runtimes/web.mjs; here are the races, on virtual time.

let locks: FakeLockManager;

function provide(navigator: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  };
}

let restore: () => void;

beforeEach(() => {
  locks = new FakeLockManager();
  restore = provide({ locks });
});

afterEach(() => restore());

/** Nothing is held and nothing waits. */
async function isFree(lock: WebLock): Promise<boolean> {
  await settle();
  const { locked, waiting } = await lock.statistics();
  return !locked && waiting === 0;
}

test('lets one in at a time, first come, first served', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const lock = new WebLock('settings');
    for (const name of ['a', 'b', 'c']) {
      group.spawn(() =>
        lock.run(async () => {
          log.push(`${name} in`);
          await sleep(10);
          log.push(`${name} out`);
        }),
      );
    }
    await sleep(5);
    expect(await lock.statistics()).toEqual({ locked: true, waiting: 2 });
    await group.join();
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(await isFree(lock)).toBe(true);
  }));

test('shared holders are let in together, an exclusive one alone', () =>
  testRun(async () => {
    const readers = [0, 1].map(() => new WebLock('file', { mode: 'shared' }));
    const [first, second] = await Promise.all(readers.map((lock) => lock.acquire()));
    const writer = new WebLock('file');
    expect(await writer.tryAcquire()).toBeUndefined();
    first?.[Symbol.dispose]();
    second?.[Symbol.dispose]();
    await settle();
    using held = await writer.tryAcquire();
    expect(held?.lost.aborted).toBe(false);
  }));

test('a guard that is disposed of in the turn of its grant gives the lock back', () =>
  testRun(async () => {
    const lock = new WebLock('settings');
    for (let round = 0; round < 3; round += 1) {
      const held = await lock.acquire();
      held[Symbol.dispose]();
      held[Symbol.dispose]();
    }
    expect(await isFree(lock)).toBe(true);
  }));

describe('a caller that is cancelled', () => {
  test.each([0, 1, 2, 3, 4, 5, 6])('after %i turns takes nothing', (turns) =>
    testRun(async () => {
      const lock = new WebLock('settings');
      const scope = new CancelScope();
      const first = await lock.acquire();
      const waiting = scope.run(async () => {
        (await lock.acquire())[Symbol.dispose]();
      });
      await settle();
      first[Symbol.dispose]();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      scope.cancel();
      await waiting;
      expect(await isFree(lock)).toBe(true);
    }),
  );

  test.each([0, 1, 2, 3])('after %i turns of tryAcquire takes nothing', (turns) =>
    testRun(async () => {
      const lock = new WebLock('settings');
      const scope = new CancelScope();
      const asking = scope.run(async () => {
        (await lock.tryAcquire())?.[Symbol.dispose]();
      });
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      scope.cancel();
      await asking;
      expect(await isFree(lock)).toBe(true);
    }),
  );

  test('before the call is refused at once; a signal too', () =>
    testRun(async () => {
      const lock = new WebLock('settings');
      const signal = AbortSignal.abort('enough');
      await expect(lock.acquire({ signal })).rejects.toBe('enough');
      await expect(lock.tryAcquire({ signal })).rejects.toBe('enough');
      const scope = new CancelScope();
      scope.cancel();
      const error = await scope.run(() => lock.acquire().catch((reason: unknown) => reason));
      expect(isCancelled(error)).toBe(true);
      expect(await isFree(lock)).toBe(true);
    }));
});

test('a call inside of its own run, or one of its name, is refused', () =>
  testRun(async () => {
    const lock = new WebLock('settings');
    await lock.run(async () => {
      await expect(new WebLock('settings').acquire()).rejects.toThrow(
        'WebLock.acquire: this call is inside run() of the web lock "settings", and would wait for itself forever',
      );
      await expect(lock.run(() => 1)).rejects.toBeInstanceOf(InvalidStateError);
      expect(await lock.tryAcquire()).toBeUndefined();
      expect(await new WebLock('other').run(() => 'other')).toBe('other');
    });
    const shared = new WebLock('settings', { mode: 'shared' });
    expect(await shared.run(() => shared.run(() => 'both'))).toBe('both');
    expect(await isFree(lock)).toBe(true);
  }));

describe('a lock that is stolen', () => {
  const steal = () => locks.request('settings', { steal: true }, () => undefined);

  test('cancels the body, which cleans up before the error comes out', () =>
    testRun(async () => {
      const lock = new WebLock('settings');
      let cleaned = false;
      const running = lock.run(async () => {
        try {
          await sleep(1000);
        } finally {
          cleaned = currentScope().cancelCalled;
        }
      });
      await sleep(5);
      await steal();
      const error: unknown = await running.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LockStolenError);
      expect(error).toMatchObject({ lockName: 'settings', cause: { name: 'AbortError' } });
      expect(cleaned).toBe(true);
    }));

  test('leaves a body alone that has ended, and one that does not wait', () =>
    testRun(async () => {
      const lock = new WebLock('settings');
      const held = await lock.acquire();
      held[Symbol.dispose]();
      await settle();
      await steal();
      expect(held.lost.aborted).toBe(false);
      const value = await lock.run(async () => {
        await steal();
        return 'done all the same';
      });
      expect(value).toBe('done all the same');
    }));

  test('is told by the guard, also of tryAcquire', () =>
    testRun(async () => {
      for (const take of ['acquire', 'tryAcquire'] as const) {
        const held = await new WebLock('settings')[take]();
        await steal();
        await settle();
        expect(held?.lost.reason).toBeInstanceOf(LockStolenError);
      }
    }));
});

test('what the platform refuses comes out', () =>
  testRun(async () => {
    const refusal = new DOMException('not here', 'SecurityError');
    locks.request = () => Promise.reject(refusal);
    const lock = new WebLock('settings');
    await expect(lock.acquire()).rejects.toBe(refusal);
    await expect(lock.tryAcquire()).rejects.toBe(refusal);
  }));

test.each([
  [() => new WebLock(7 as never), 'WebLock: name is 7; give a string'],
  [() => new WebLock('-a'), 'WebLock: name is "-a"; names that begin with "-" are reserved'],
  [() => new WebLock('a', { mode: 'both' as never }), /WebLock: mode is "both"/],
  [() => new WebLock('a', 7 as never), /WebLock: options/],
])('%s is refused', (make, message) => {
  expect(make).toThrow(message);
});

test('a body that is no function is refused before the lock is taken', async () => {
  const lock = new WebLock('settings');
  await expect(lock.run(7 as never)).rejects.toThrow(/WebLock.run: body is 7/);
  expect(await isFree(lock)).toBe(true);
});

test('without navigator.locks the constructor says what to use', () => {
  restore();
  restore = provide(undefined);
  expect(() => new WebLock('settings')).toThrow(
    /there is no navigator.locks here; .* Use Lock within one process, and @ambit\/sync\/lease across processes/,
  );
});
