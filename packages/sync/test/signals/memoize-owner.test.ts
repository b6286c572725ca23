import {
  ContextVar,
  InvalidStateError,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { currentGroup } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';
import { Lock, memoize, Once } from '@ambit/sync';
import type { Memoized } from '@ambit/sync';

describe('what a caller makes is not the caller’s', () => {
  test.each([
    ['Once', () => once()],
    ['memoize', () => memoize(opened)],
  ])('%s: it outlives the group of the first caller, and goes with that of its own', (_, make) =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup(async () => {
        const get = make();
        for (const name of ['first', 'second']) {
          await taskGroup(async () => {
            const { close } = await get();
            close.log = log;
          });
          log.push(`${name} caller is gone`);
        }
      });
      expect(log).toEqual(['first caller is gone', 'second caller is gone', 'closed']);
    }),
  );

  test('the time limit of the caller cuts it short, and the next caller makes it', () =>
    testRun(async () => {
      const load = memoize(() => sleep(50, { value: 'late' }));
      const once = new Once<string>();
      const make = (): Promise<string> => once.get(() => sleep(50, { value: 'late' }));
      for (const get of [() => load(), make]) {
        await expect(timeout(5, get)).rejects.toThrow(TimeoutError);
        expect(await get()).toBe('late');
      }
    }));

  test('so does its signal', () =>
    testRun(async (group) => {
      const once = new Once<string>();
      const controller = new AbortController();
      const cut = expect(once.get(() => sleep(50, { value: 'late' }), controller)).rejects.toBe(
        'enough',
      );
      const next = group.spawn(() => once.get(() => 'next'));
      await sleep(1);
      controller.abort('enough');
      await cut;
      expect(await next).toBe('next');
    }));

  /** Opens something that the group around closes. */
  async function opened(): Promise<{ close: { log: string[] } }> {
    const close = { log: [] as string[] };
    await sleep(1);
    currentGroup()?.defer(() => close.log.push('closed'));
    return { close };
  }

  function once(): () => Promise<{ close: { log: string[] } }> {
    const value = new Once<{ close: { log: string[] } }>();
    return () => value.get(opened);
  }
});

test('variables of the caller are not seen by what is shared', () =>
  testRun(async () => {
    const tenant = new ContextVar<string>();
    const read = memoize(async () => {
      await sleep(1);
      return tenant.get();
    });
    const once = new Once<string | undefined>();
    await tenant.run('caller', async () => {
      expect(await read()).toBeUndefined();
      expect(await once.get(() => tenant.get())).toBeUndefined();
    });
  }));

describe('this', () => {
  test('a memoized method has that of the call, a function called alone has none', async () => {
    class Users {
      readonly #rows: Record<string, number> = { a: 1 };
      readonly get = memoize(this.find);
      async find(this: Users, id: string): Promise<number | undefined> {
        return Promise.resolve(this.#rows[id]);
      }
    }
    expect(await new Users().get('a')).toBe(1);
    const bare = memoize(async function (this: unknown) {
      return Promise.resolve(this);
    });
    expect(await bare()).toBeUndefined();
  });

  test('key is called with its options', async () => {
    const seen: unknown[] = [];
    const options = {
      key(this: unknown, id: number) {
        seen.push(this);
        return id;
      },
    };
    const load = memoize(async (id: number) => Promise.resolve(id), options);
    await load(1);
    load.delete(1);
    expect(seen).toEqual([options, options]);
  });
});

test('symbols are told apart and let go', async () => {
  let calls = 0;
  const count = memoize(async (..._: unknown[]) => Promise.resolve((calls += 1)));
  const key = Symbol('key');
  const asked = [key, key, Symbol('key'), Symbol.for('key'), Symbol.for('key'), 'symbol for "key"'];
  const answers: number[] = [];
  for (const each of asked) answers.push(await count(each));
  expect(answers).toEqual([1, 1, 2, 3, 3, 4]);
  expect(await count(key, 1)).toBe(5);
  expect(await count(key, 1)).toBe(5);
});

test('a memoized function that asks for itself by way of another one finds out', () =>
  testRun(async () => {
    const even: (n: number) => Promise<number> = memoize((n: number) => odd(n));
    const odd: (n: number) => Promise<number> = memoize((n: number) => even(n));
    await expect(even(1)).rejects.toThrow(InvalidStateError);
  }));

test('generic functions and overloads keep their types', async () => {
  const boxed = memoize(async <T>(value: T): Promise<{ value: T }> => Promise.resolve({ value }));
  const box: { value: string } = await boxed('a');
  expect(box).toEqual({ value: 'a' });
  const sync: Memoized<[n: number], string> = memoize((n: number) => String(n));
  expect(await sync(1)).toBe('1');
});

test('a lock that the caller holds is seen from what it makes', () =>
  testRun(async () => {
    const lock = new Lock();
    const load = memoize(() => lock.run(() => 1));
    await expect(lock.run(load)).rejects.toThrow(InvalidStateError);
  }));
