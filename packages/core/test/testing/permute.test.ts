import { CancelScope, checkpoint, sleep } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { expectCheckpoint, permute, testRun } from '@ambit/core/testing';
import { randomOf } from '../../src/testing/random.ts';

/** The order in which sleepers of one instant resume. */
async function orderOf(seed: number): Promise<string> {
  const log: string[] = [];
  await testRun(
    (group) => {
      for (const name of 'abcde') {
        group.spawn(async () => {
          await sleep(10);
          log.push(name);
        });
      }
    },
    { seed },
  );
  return log.join('');
}

describe('permute', () => {
  test('tries many orders of those who are woken in one tick, each the same for the same seed', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 40; seed += 1) orders.add(await orderOf(seed));
    expect(orders.size).toBeGreaterThan(20);
    expect(await orderOf(7)).toMatch(/^[a-e]{5}$/);
    expect(await orderOf(7)).toBe(await orderOf(7));
  });

  test('names the seed that failed, and that seed fails again', async () => {
    let last = '';
    const body = async (group: Parameters<Parameters<typeof permute>[0]>[0]): Promise<void> => {
      const log: string[] = [];
      for (const name of 'abc') {
        group.spawn(async () => {
          await sleep(1);
          log.push(name);
        });
      }
      await group.join();
      last = log.join('');
      if (last === 'cba') throw new Error('wrong order');
    };
    const error = await permute(body, { runs: 1000 }).catch((thrown: unknown) => thrown as Error);
    expect(String(error)).toMatch(/failed with seed (\d+): wrong order/);
    const seed = Number(/seed (\d+)/.exec(String(error))?.[1]);
    last = '';
    await expect(permute(body, { seed, runs: 1 })).rejects.toThrow(`seed ${String(seed)}`);
    expect(last).toBe('cba');
  });

  test('shuffles those who are cancelled together too', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const log: string[] = [];
      await testRun(
        async () => {
          const scope = new CancelScope();
          const sleepers = ['a', 'b', 'c', 'd'].map((name) => sleepIn(scope, name, log));
          scope.cancel();
          await Promise.all(sleepers);
          scope[Symbol.dispose]();
        },
        { seed },
      );
      expect(log).toHaveLength(4);
      orders.add(log.join(''));
    }
    expect(orders.size).toBeGreaterThan(5);
  });

  test('answers bad input at once', async () => {
    await expect(permute(undefined as never)).rejects.toThrow('body is undefined');
    await expect(permute(() => undefined, { runs: 0 })).rejects.toThrow('runs is 0');
    await expect(permute(() => undefined, { seed: 0.5 })).rejects.toThrow('seed is 0.5');
  });

  test('its random numbers are spread over the range', () => {
    const random = randomOf(3);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let count = 0; count < 10_000; count += 1) {
      const tenth = Math.floor(random() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

async function sleepIn(scope: CancelScope, name: string, log: string[]): Promise<void> {
  try {
    await sleep(1000, { signal: scope.signal });
  } catch {
    log.push(name);
  }
}

// rule 270
describe('expectCheckpoint', () => {
  test('passes what throws in a cancelled scope', () =>
    testRun(async () => {
      await expectCheckpoint(() => sleep(1));
      await expectCheckpoint(() => checkpoint());
      await expectCheckpoint(() => park(() => undefined));
    }));

  test('fails what returns in a cancelled scope', () =>
    testRun(async () => {
      await expect(expectCheckpoint(function fastPath() {})).rejects.toThrow(
        'expectCheckpoint: fastPath returned in a cancelled scope',
      );
      await expect(
        expectCheckpoint(async () => {
          await Promise.resolve();
        }),
      ).rejects.toThrow('the function returned');
    }));

  test('lets another error out', () =>
    testRun(async () => {
      const fault = new Error('fault');
      const fail = (): never => {
        throw fault;
      };
      await expect(expectCheckpoint(fail)).rejects.toBe(fault);
    }));
});
